/* Text to numbers and back: strtol, strtod, exactness of both ways. */
#include "groups.h"

#include <float.h>
#include <limits.h>
#include <math.h>

static void check_integer(const char *text, int base, long want, size_t used, int error)
{
    char *end;
    errno = 0;
    const long have = strtol(text, &end, base);
    check_report(have == want && (size_t)(end - text) == used && errno == error,
                 __FILE__, __LINE__, "strtol(\"%s\", %d) is %ld, used %zu, errno %d",
                 text, base, have, (size_t)(end - text), errno);
}

static void test_integers(void)
{
    check_integer("0", 10, 0, 1, 0);
    check_integer("  -42xyz", 10, -42, 5, 0);
    check_integer("0x1fG", 0, 31, 4, 0);
    check_integer("0x", 0, 0, 1, 0);
    check_integer("0755", 0, 493, 4, 0);
    check_integer("zz", 36, 35 * 36 + 35, 2, 0);
    check_integer("9223372036854775807", 10, LONG_MAX, 19, 0);
    check_integer("9223372036854775808", 10, LONG_MAX, 19, ERANGE);
    check_integer("-9223372036854775808", 10, LONG_MIN, 20, 0);
    check_integer("-9223372036854775809", 10, LONG_MIN, 20, ERANGE);
    check_integer("+", 10, 0, 0, EINVAL);
    CHECK(strtoul("-1", NULL, 10) == ULONG_MAX);
    CHECK(strtoull("18446744073709551615", NULL, 10) == ULLONG_MAX);
    CHECK_INT(atoi("123abc"), 123);
    CHECK_INT(abs(-5), 5);
    CHECK_INT(div(-7, 2).quot, -3);
    CHECK_INT(ldiv(-7, 2).rem, -1);
}

static void check_double(const char *text, double want, size_t used)
{
    char *end;
    const double have = strtod(text, &end);
    check_report(memcmp(&have, &want, sizeof have) == 0 && (size_t)(end - text) == used,
                 __FILE__, __LINE__, "strtod(\"%s\") is %a, not %a; used %zu", text,
                 have, want, (size_t)(end - text));
}

static void test_doubles(void)
{
    check_double("0", 0.0, 1);
    check_double("-0", -0.0, 2);
    check_double("1e0x", 1.0, 3);
    check_double("1e+", 1.0, 1);
    check_double(".5", 0.5, 2);
    check_double("5.", 5.0, 2);
    check_double("0x1.8p1", 3.0, 7);
    check_double("0x.0000000000001p-1022", 0x1p-1074, 22);
    check_double("inf", INFINITY, 3);
    check_double("-infinity", -INFINITY, 9);
    check_double("0.1", 0x1.999999999999ap-4, 3);
    check_double("1e23", 0x1.52d02c7e14af6p+76, 4);
    check_double("9007199254740993", 0x1p53, 16); /* a tie: to even */
    check_double("9007199254740993.00000000000000000000000000000000001",
                 0x1.0000000000001p53, 52);
    check_double("2.2250738585072011e-308", 0x0.fffffffffffffp-1022, 23);
    check_double("2.2250738585072014e-308", 0x1p-1022, 23);
    check_double("4.9406564584124654e-324", 0x1p-1074, 23);
    check_double("2.4703282292062327e-324", 0.0, 23);
    check_double("2.4703282292062328e-324", 0x1p-1074, 23);
    check_double("1.7976931348623157e308", DBL_MAX, 22);
    errno = 0;
    check_double("1.7976931348623159e308", INFINITY, 22);
    CHECK_INT(errno, ERANGE);
    check_double("6.62607015e-34", 0x1.b860bde023111p-111, 14);
    CHECK(isnan(strtod("nan", NULL)));
    CHECK(strtof("16777217", NULL) == 16777216.0f &&
          strtof("16777219", NULL) == 16777220.0f);
    CHECK(strtold("0.1", NULL) == 0.1L);
}

/* Any double survives 17 digits, and the shortest of 15 digits survive a double. */
static void test_round_trips(void)
{
    uint64_t state = 88172645463325252u;
    char text[64];
    for (int i = 0; i < 20000; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        double x, y;
        memcpy(&x, &state, sizeof x);
        if (!isfinite(x)) {
            continue;
        }
        snprintf(text, sizeof text, "%.17g", x);
        y = strtod(text, NULL);
        CHECK(memcmp(&x, &y, sizeof x) == 0);
        snprintf(text, sizeof text, "%a", x);
        y = strtod(text, NULL);
        CHECK(memcmp(&x, &y, sizeof x) == 0);
    }
}

void test_convert(void)
{
    test_integers();
    test_doubles();
    test_round_trips();
}
