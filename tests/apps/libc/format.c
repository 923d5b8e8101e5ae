/* printf: flags, widths, exact decimal expansions. */
#define _GNU_SOURCE
#include "groups.h"

#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <wchar.h>

static void check_format(const char *want, const char *format, ...)
{
    char buf[1200];
    va_list ap;
    va_start(ap, format);
    const int n = vsnprintf(buf, sizeof buf, format, ap);
    va_end(ap);
    check_report(n == (int)strlen(want) && strcmp(buf, want) == 0, __FILE__, __LINE__,
                 "printf(\"%s\") is \"%s\" (%d), not \"%s\"", format, buf, n, want);
}

static void test_integers(void)
{
    check_format("42 -42 +42  42", "%d %d %+d % d", 42, -42, 42, 42);
    check_format("   42|42   |00042", "%5d|%-5d|%05d", 42, 42, 42);
    check_format("00042|  00042|+0042", "%.5d|%7.5d|%+.4d", 42, 42, 42);
    check_format("ff FF 0xff 377 0377", "%x %X %#x %o %#o", 255, 255, 255, 255, 255);
    check_format("|0", "%.0d|%d", 0, 0);
    check_format("-2147483648 18446744073709551615", "%d %lu", INT_MIN, ULONG_MAX);
    check_format("-1 255 65535", "%hhd %hhu %hu", 255, 255, 65535);
    check_format("   7|7   |", "%*d|%-*d|", 4, 7, 4, 7);
    check_format("2 1", "%2$d %1$d", 1, 2);
    check_format("123456789012345", "%" PRId64, INT64_C(123456789012345));
    check_format("100%", "%d%%", 100);
}

static void test_strings(void)
{
    check_format("abc|  abc|abc  |ab", "%s|%5s|%-5s|%.2s", "abc", "abc", "abc", "abc");
    check_format("x|  x", "%c|%3c", 'x', 'x');
    check_format("(null)", "%s", (char *)NULL);
    check_format("wide", "%ls", L"wide");
    check_format("0x1234", "%p", (void *)0x1234);
    errno = ENOENT;
    check_format("No such file or directory", "%m");
    int n = 0;
    char buf[8];
    CHECK_INT(snprintf(buf, sizeof buf, "abc%ndef%s", &n, "ghijkl"), 12);
    CHECK_INT(n, 3);
    CHECK_STRING(buf, "abcdefg");
    CHECK_INT(snprintf(NULL, 0, "%d", 12345), 5);
    char *text = NULL;
    CHECK_INT(asprintf(&text, "%s-%d", "made", 7), 6);
    CHECK_STRING(text, "made-7");
    free(text);
}

static void test_doubles(void)
{
    check_format("0.000000 1.500000 -2.250000", "%f %f %f", 0.0, 1.5, -2.25);
    check_format("0 2 2 4", "%.0f %.0f %.0f %.0f", 0.5, 1.5, 2.5,
                 3.5); /* ties to even */
    check_format("1.000000e+00 1.23e-05 1E+10", "%e %.2e %.0E", 1.0, 1.234e-5, 1e10);
    check_format("100000 1e+06 0.0001 1e-05", "%g %g %g %g", 1e5, 1e6, 1e-4, 1e-5);
    check_format("1.00000 0.1 3.14159", "%#g %g %g", 1.0, 0.1, 3.14159265);
    check_format("inf -inf nan INF", "%f %f %f %F", INFINITY, -INFINITY, NAN, INFINITY);
    check_format("0x1p+0 0x1.8p+1 -0x0p+0 0x1.000p+0", "%a %a %a %.3a", 1.0, 3.0, -0.0,
                 1.0);
    check_format("0.1000000000000000055511151231257827021181583404541015625", "%.55f",
                 0.1);
    check_format("9007199254740993.0", "%.1Lf", 9007199254740993.0L);
    check_format("   1.50|1.50   |0001.50", "%7.2f|%-7.2f|%07.2f", 1.5, 1.5, 1.5);
    check_format("4.9406564584124654e-324", "%.16e", 0x1p-1074);
    check_format("1.7976931348623157081e+308", "%.19e", 1.7976931348623157e308);
    char big[400];
    CHECK_INT(snprintf(big, sizeof big, "%.0f", 0x1p1023), 308);
    CHECK(strncmp(big, "898846567431157953864652595394512366808988489471", 48) == 0);
    CHECK(strcmp(big + 300, "41915008") != 0 && strlen(big) == 308);
}

void test_format(void)
{
    test_integers();
    test_strings();
    test_doubles();
}
