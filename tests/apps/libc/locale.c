/* The C locale, and UTF-8 as musl's C.UTF-8 has it. */
#include "groups.h"

#include <langinfo.h>
#include <locale.h>
#include <wchar.h>
#include <wctype.h>

void test_locale(void)
{
    CHECK_STRING(setlocale(LC_ALL, NULL), "C");
    CHECK_INT(MB_CUR_MAX, 1);
    CHECK_STRING(localeconv()->decimal_point, ".");
    CHECK(setlocale(LC_ALL, "C.UTF-8") != NULL);
    CHECK_INT(MB_CUR_MAX, 4);
    CHECK_STRING(nl_langinfo(CODESET), "UTF-8");

    wchar_t wide[8];
    char narrow[16];
    CHECK_INT(mbstowcs(wide, "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 8), 4);
    CHECK(wide[1] == 0xe9 && wide[2] == 0x20ac && wide[3] == 0x1f600);
    CHECK_INT(wcstombs(narrow, wide, sizeof narrow), 10);
    CHECK_STRING(narrow, "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
    CHECK_INT(mblen("\xe2\x82", 2), -1);
    CHECK_ERROR(mbstowcs(wide, "\xff", 8), EILSEQ);
    CHECK(iswalpha(0xe9) && towupper(0xe9) == 0xc9 && wcwidth(0x4e00) == 2);
    CHECK_INT(snprintf(narrow, sizeof narrow, "%lc|%ls", (wint_t)0xe9, L"\x20ac"), 6);

    locale_t c = newlocale(LC_ALL_MASK, "C", NULL);
    CHECK(c != NULL);
    locale_t before = uselocale(c);
    CHECK_INT(MB_CUR_MAX, 1);
    uselocale(before);
    CHECK_INT(MB_CUR_MAX, 4);
    freelocale(c);
    CHECK_STRING(setlocale(LC_ALL, "C"), "C");
    CHECK(strcoll("abc", "abd") < 0);
}
