#include "groups.h"

#include <wchar.h>

void test_scan(void)
{
    int a = 0, b = 0, n = 0;
    char word[16], set[16];
    double x = 0;
    float f = 0;
    long long big = 0;
    unsigned char byte = 0;

    CHECK_INT(sscanf("12 -34", "%d %d%n", &a, &b, &n), 2);
    CHECK(a == 12 && b == -34 && n == 6);
    CHECK_INT(sscanf("0x1f 077 99", "%i %i %u", &a, &b, (unsigned *)&n), 3);
    CHECK(a == 31 && b == 63 && n == 99);
    CHECK_INT(sscanf("hello world", "%15s %3[wo]", word, set), 2);
    CHECK_STRING(word, "hello");
    CHECK_STRING(set, "wo");
    CHECK_INT(sscanf("key=value;", "%[^=]=%[^;];%n", word, set, &n), 2);
    CHECK_STRING(set, "value");
    CHECK_INT(n, 10);
    CHECK_INT(sscanf("3.5 1e-3x", "%lf %f", &x, &f), 2);
    CHECK(x == 3.5 && f == 1e-3f);
    CHECK_INT(sscanf("9223372036854775807", "%lld", &big), 1);
    CHECK(big == INT64_MAX);
    CHECK_INT(sscanf("300", "%hhu", &byte), 1);
    CHECK_INT(byte, 300 & 255);
    CHECK_INT(sscanf("abc", "%d", &a), 0);
    CHECK_INT(sscanf("", "%d", &a), EOF);
    CHECK_INT(sscanf("1,2", "%d,%*d%n", &a, &n), 1);
    CHECK_INT(n, 3);
    CHECK_INT(sscanf("ab", "%1c%c", word, set), 2);
    CHECK(word[0] == 'a' && set[0] == 'b');
    char *made = NULL;
    CHECK_INT(sscanf("allocated", "%ms", &made), 1);
    CHECK_STRING(made, "allocated");
    free(made);
    CHECK_INT(swscanf(L"17", L"%d", &a), 1);
    CHECK_INT(a, 17);
}
