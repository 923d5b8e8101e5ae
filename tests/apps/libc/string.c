/* <string.h> beyond what tests/libc compares with the host: the rest of the functions. */
#define _GNU_SOURCE
#include "groups.h"

#include <ctype.h>
#include <strings.h>
#include <wchar.h>

static void test_copying(void)
{
    char buf[64];
    CHECK_STRING(strcpy(buf, "abc"), "abc");
    CHECK_STRING(strcat(buf, "def"), "abcdef");
    CHECK_STRING(strncat(buf, "ghijkl", 2), "abcdefgh");
    CHECK(stpcpy(buf, "xyz") == buf + 3);
    memset(buf, '#', sizeof buf);
    CHECK(strncpy(buf, "ab", 5) == buf && memcmp(buf, "ab\0\0\0#", 6) == 0);
    CHECK(strncpy(buf, "abcdef", 3) == buf && memcmp(buf, "abc\0\0#", 6) == 0);
    CHECK_INT(strlcpy(buf, "abcdef", 4), 6);
    CHECK_STRING(buf, "abc");
    CHECK_INT(strlcat(buf, "xyz", 6), 6);
    CHECK_STRING(buf, "abcxy");
    CHECK(memccpy(buf, "hello", 'l', 5) == buf + 3);
    CHECK(mempcpy(buf, "hello", 5) == buf + 5);
    CHECK(memmove(buf + 1, buf, 5) == buf + 1 && memcmp(buf, "hhello", 6) == 0);
    char *copy = strdup("duplicate");
    CHECK_STRING(copy, "duplicate");
    free(copy);
    copy = strndup("duplicate", 3);
    CHECK_STRING(copy, "dup");
    free(copy);
}

static void test_searching(void)
{
    const char *s = "the quick brown fox jumps over the lazy dog";
    CHECK(strchr(s, 'q') == s + 4 && strchr(s, 'Q') == NULL &&
          strchr(s, 0) == s + strlen(s));
    CHECK(strrchr(s, 't') == s + 31 && strrchr(s, 'T') == NULL);
    CHECK(strstr(s, "the lazy") == s + 31 && strstr(s, "the lazier") == NULL &&
          strstr(s, "") == s);
    CHECK(strcasestr(s, "THE LAZY") == s + 31);
    CHECK(memmem(s, 43, "fox", 3) == s + 16 && memmem(s, 10, "fox", 3) == NULL);
    CHECK_INT(strspn(s, "eht "), 4);
    CHECK_INT(strcspn(s, "qxz"), 4);
    CHECK(strpbrk(s, "xyz") == s + 18 && strpbrk(s, "XYZ") == NULL);
    CHECK_INT(strnlen(s, 5), 5);
    CHECK_INT(strnlen("abc", 5), 3);
    CHECK_INT(strcasecmp("HeLLo", "hEllO"), 0);
    CHECK(strncasecmp("abcX", "ABCy", 4) < 0 && strncasecmp("abcX", "ABCy", 3) == 0);
    CHECK(strverscmp("file9", "file10") < 0);
}

static void test_tokens(void)
{
    char line[] = " a,b;;c ", *rest, *fields = line;
    CHECK_STRING(strtok_r(line, " ,;", &rest), "a");
    CHECK_STRING(strtok_r(NULL, " ,;", &rest), "b");
    CHECK_STRING(strtok_r(NULL, " ,;", &rest), "c");
    CHECK(strtok_r(NULL, " ,;", &rest) == NULL);
    strcpy(line, "x,,y");
    CHECK_STRING(strsep(&fields, ","), "x");
    CHECK_STRING(strsep(&fields, ","), "");
    CHECK_STRING(strsep(&fields, ","), "y");
    CHECK(strsep(&fields, ",") == NULL);
}

static void test_characters(void)
{
    for (int c = -1; c < 256; c++) {
        const int letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        const int digit = c >= '0' && c <= '9';
        CHECK(!isalpha(c) == !letter && !isdigit(c) == !digit &&
              !isalnum(c) == !(letter || digit));
        CHECK(!isspace(c) == !(c == ' ' || (c >= 9 && c <= 13)));
        CHECK(!isprint(c) == !(c >= 32 && c < 127) &&
              !iscntrl(c) == !((c >= 0 && c < 32) || c == 127));
        CHECK_INT(toupper(c), c >= 'a' && c <= 'z' ? c - 32 : c);
        CHECK_INT(tolower(c), c >= 'A' && c <= 'Z' ? c + 32 : c);
    }
}

static void test_errors(void)
{
    CHECK_STRING(strerror(ENOENT), "No such file or directory");
    CHECK_STRING(strerror(EINVAL), "Invalid argument");
    CHECK_STRING(strerror(0), "No error information");
    char buf[8];
    CHECK_INT(strerror_r(ENOENT, buf, sizeof buf), ERANGE);
}

static void test_wide(void)
{
    wchar_t buf[16];
    CHECK_INT(wcslen(L"wide"), 4);
    CHECK(wcscmp(wcscpy(buf, L"abc"), L"abc") == 0 && wcscmp(L"abc", L"abd") < 0);
    CHECK(wcschr(L"abc", L'c') != NULL && wcsstr(L"abcdef", L"cd") != NULL);
    CHECK_INT(wcstol(L"-123", NULL, 10), -123);
}

void test_string(void)
{
    test_copying();
    test_searching();
    test_tokens();
    test_characters();
    test_errors();
    test_wide();
}
