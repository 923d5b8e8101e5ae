/*
 * libc's string functions against the host's: every length and alignment of the first
 * few hundred bytes, then random cases, always next to an unmapped page so that reading
 * or writing too far faults.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

void *ours_memcpy(void *restrict, const void *restrict, size_t);
void *ours_memmove(void *, const void *, size_t);
void *ours_memset(void *, int, size_t);
int ours_memcmp(const void *, const void *, size_t);
void *ours_memchr(const void *, int, size_t);
void *ours_memrchr(const void *, int, size_t);
size_t ours_strlen(const char *);
char *ours_strchrnul(const char *, int);
size_t ours_strcspn(const char *, const char *);
int ours_strcmp(const char *, const char *);
int ours_strncmp(const char *, const char *, size_t);
char *ours_stpcpy(char *restrict, const char *restrict);
char *ours_strcpy(char *restrict, const char *restrict);

#define PAGE 4096
#define AREA (8 * PAGE)
#define ROUNDS 400000
#define SHORT 300

/* Mapped bytes with an unmapped page on both sides. */
static unsigned char *area_new(void)
{
    unsigned char *p =
        mmap(NULL, AREA + 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(p, MAP_FAILED);
    assert_int_equal(mprotect(p + PAGE, AREA, PROT_READ | PROT_WRITE), 0);
    return p + PAGE;
}

static uint32_t random_state = 12345;

static uint32_t random_below(uint32_t n)
{
    random_state = random_state * 1664525 + 1013904223;
    return (uint32_t)((uint64_t)random_state * n >> 32);
}

/* Mostly short lengths, now and then long ones. */
static size_t random_length(void)
{
    return random_below(8) ? random_below(SHORT) : random_below(AREA / 2);
}

static void fill_random(unsigned char *p, size_t n, unsigned letters)
{
    for (size_t i = 0; i < n; i++) {
        p[i] = (unsigned char)(1 + random_below(letters));
    }
}

static int sign(int x)
{
    return (x > 0) - (x < 0);
}

static void check_move(unsigned char *area, unsigned char *expected, size_t to,
                       size_t from, size_t n)
{
    fill_random(area + to, n, 255);
    fill_random(area + from, n, 255);
    memcpy(expected, area, AREA);
    memmove(expected + to, expected + from, n);
    assert_ptr_equal(ours_memmove(area + to, area + from, n), area + to);
    assert_memory_equal(area, expected, AREA);
}

static void test_move(void **state)
{
    (void)state;
    unsigned char *area = area_new(), *expected = area_new();
    for (size_t n = 0; n < 200; n++) {
        for (size_t shift = 0; shift < 40; shift++) {
            check_move(area, expected, AREA - n, AREA - n - shift,
                       n); /* up to the end, overlapping */
            check_move(area, expected, 0, shift, n);
            check_move(area, expected, shift, 0, n);
        }
    }
    for (int i = 0; i < ROUNDS / 20; i++) {
        const size_t n = random_length();
        check_move(area, expected, random_below((uint32_t)(AREA - n + 1)),
                   random_below((uint32_t)(AREA - n + 1)), n);
    }
}

static void test_copy(void **state)
{
    (void)state;
    unsigned char *area = area_new(), *to = area_new();
    fill_random(area, AREA, 255);
    for (int i = 0; i < ROUNDS / 4; i++) {
        const size_t n = random_length(), at = random_below((uint32_t)(AREA - n + 1));
        const size_t from = random_below((uint32_t)(AREA - n + 1));
        assert_ptr_equal(ours_memcpy(to + at, area + from, n), to + at);
        assert_memory_equal(to + at, area + from, n);
    }
}

static void test_set(void **state)
{
    (void)state;
    unsigned char *area = area_new(), *expected = area_new();
    for (int i = 0; i < ROUNDS / 20; i++) {
        const size_t n = i < 4000 ? (size_t)i / 10 : random_length();
        const size_t at = i & 1 ? AREA - n : random_below((uint32_t)(AREA - n + 1));
        const int c = (int)random_below(1000) - 500;
        fill_random(area + at, n, 255);
        memcpy(expected, area, AREA);
        memset(expected + at, c, n);
        assert_ptr_equal(ours_memset(area + at, c, n), area + at);
        assert_memory_equal(area, expected, AREA);
    }
}

static void test_compare(void **state)
{
    (void)state;
    unsigned char *a = area_new(), *b = area_new();
    for (int i = 0; i < ROUNDS; i++) {
        const size_t n = i < 4000 ? (size_t)i / 10 : random_below(SHORT);
        unsigned char *x =
            i & 1 ? a + AREA - n : a + random_below((uint32_t)(AREA - n + 1));
        unsigned char *y =
            i & 2 ? b + AREA - n : b + random_below((uint32_t)(AREA - n + 1));
        fill_random(x, n, 255);
        memcpy(y, x, n);
        for (uint32_t changes = random_below(3); n && changes; changes--) {
            y[random_below((uint32_t)n)] = (unsigned char)random_below(256);
        }
        assert_int_equal(sign(ours_memcmp(x, y, n)), sign(memcmp(x, y, n)));
    }
}

static void test_find(void **state)
{
    (void)state;
    unsigned char *area = area_new();
    for (int i = 0; i < ROUNDS; i++) {
        const size_t n = i < 4000 ? (size_t)i / 10 : random_below(SHORT);
        const unsigned char *s = i & 1 ? area + AREA - n
                                 : i & 2
                                     ? area
                                     : area + random_below((uint32_t)(AREA - n + 1));
        fill_random((unsigned char *)s, n, i & 4 ? 20 : 250);
        const int c = (int)random_below(300) - 20;
        assert_ptr_equal(ours_memchr(s, c, n), memchr(s, c, n));
        assert_ptr_equal(ours_memrchr(s, c, n), memrchr(s, c, n));
    }
    /* A length beyond the end of memory, with the byte before it. */
    area[AREA - 1] = 255;
    memset(area, 1, AREA - 1);
    for (size_t at = AREA - 70; at < AREA; at++) {
        assert_ptr_equal(ours_memchr(area + at, 255, SIZE_MAX), area + AREA - 1);
        assert_ptr_equal(ours_memchr(area + at, 255, SIZE_MAX / 2), area + AREA - 1);
    }
}

/* A string of @n letters that ends before the unmapped page (odd @i) or anywhere. */
static char *string_new(unsigned char *area, size_t n, int i, unsigned letters)
{
    unsigned char *s =
        i & 1 ? area + AREA - n - 1 : area + random_below((uint32_t)(AREA - n));
    fill_random(s, n, letters);
    s[n] = 0;
    return (char *)s;
}

/* @n letters of all, at most 5. */
static void string_fill(char *s, size_t n)
{
    fill_random((unsigned char *)s, n, 250);
    s[n] = '\0';
}

static void test_strings(void **state)
{
    (void)state;
    unsigned char *area = area_new(), *other = area_new();
    for (int i = 0; i < ROUNDS; i++) {
        const size_t n = i < 4000 ? (size_t)i / 10 : random_below(SHORT);
        const char *s = string_new(area, n, i, i & 8 ? 20 : 250);
        const int c = random_below(10) ? (int)random_below(300) - 20 : 0;
        assert_int_equal(ours_strlen(s), n);
        assert_ptr_equal(ours_strchrnul(s, c), strchrnul(s, c));
        char set[6];
        string_fill(set, random_below(6));
        assert_int_equal(ours_strcspn(s, set), strcspn(s, set));
        char *d =
            (char *)other + (i & 2 ? AREA - n - 1 : random_below((uint32_t)(AREA - n)));
        assert_ptr_equal(ours_strcpy(d, s), d);
        assert_string_equal(d, s);
        memset(d, 7, n + 1);
        assert_ptr_equal(ours_stpcpy(d, s), d + n);
        assert_string_equal(d, s);
    }
}

static void test_string_compare(void **state)
{
    (void)state;
    unsigned char *a = area_new(), *b = area_new();
    for (int i = 0; i < ROUNDS; i++) {
        const size_t n = i < 4000 ? (size_t)i / 10 : random_below(SHORT);
        const char *x = string_new(a, n, i, 250);
        size_t m = random_below(4) ? n : random_below(SHORT);
        char *y = string_new(b, m, i >> 1, 250);
        memcpy(y, x, n < m ? n : m);
        if (m && random_below(2)) {
            y[random_below((uint32_t)m)] = (char)(1 + random_below(255));
        }
        assert_int_equal(sign(ours_strcmp(x, y)), sign(strcmp(x, y)));
        const size_t limit = random_below(4) ? random_below(SHORT + 20) : SIZE_MAX;
        assert_int_equal(sign(ours_strncmp(x, y, limit)), sign(strncmp(x, y, limit)));
    }
}

/* strncmp must not look behind @n bytes that need no end. */
static void test_limited_compare(void **state)
{
    (void)state;
    unsigned char *a = area_new(), *b = area_new();
    for (size_t n = 0; n < SHORT; n++) {
        char *x = (char *)a + AREA - n, *y = (char *)b + AREA - n - (n & 15);
        memset(x, 'x', n);
        memset(y, 'x', n + (n & 15));
        assert_int_equal(ours_strncmp(x, y, n), 0);
    }
}

/* avx.c defines what the loader would; without it the address is NULL. */
extern const char __cubicle_has_avx[] __attribute__((weak));

int main(void)
{
    if (__cubicle_has_avx && !__builtin_cpu_supports("avx")) {
        puts("skipped: this processor has no AVX");
        return 77;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_move),
        cmocka_unit_test(test_copy),
        cmocka_unit_test(test_set),
        cmocka_unit_test(test_compare),
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_string_compare),
        cmocka_unit_test(test_limited_compare),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
