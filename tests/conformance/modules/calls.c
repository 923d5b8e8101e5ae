/* Cross-cubicle calls: arguments, results, annotated ranges, re-entry. */
#include "check.h"

#include <clock.h>
#include <cubicle.h>
#include <errno.h>
#include <peer.h>
#include <third.h>

/* T2: who is called back goes on below what it uses already; a callee begins where it did, also
 * when it has made calls itself. */
static void stacks(void)
{
    const uint8_t byte = 1;
    const uint64_t first = peer_address(&byte, 1);
    CHECK_EQUAL(peer_step(1), 2);
    const uint32_t here = (uint32_t)(uintptr_t)__builtin_frame_address(0);
    CHECK(home_frame < here && here - home_frame < 4096);
    CHECK_EQUAL(peer_address(&byte, 1), first);
}

/* The monitor's clocks do not go back, and are those that the component `time` tells. */
static void clocks(void)
{
    for (int id = 0; id < 2; id++) {
        int64_t before = cubicle_clock(id);
        CHECK(before > 0);
        for (int i = 0; i < 1000; i++) {
            const int64_t told = i % 10 == 0 ? clock_now_ns(id) : before;
            const int64_t now = cubicle_clock(id);
            if (told < before || now < told) {
                CHECK(id == 0); /* somebody may set the time of day */
            }
            before = now;
        }
    }
    CHECK_EQUAL(cubicle_clock(2), -EINVAL);
    CHECK_EQUAL(cubicle_clock(-1), -EINVAL);
}

void test_calls(void)
{
    stacks();
    clocks();
    CHECK_EQUAL(peer_null(), 0);
    CHECK_EQUAL(peer_sum6(1, -2, 3, -4, INT64_MAX, INT64_MIN), -3);
    CHECK_EQUAL(peer_weigh12(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12), 650);
    CHECK(peer_scale(1.5, -3, 0.25) == -4.25);
    CHECK(peer_scale(1e308, 10, 0) > 1e308);
    CHECK_EQUAL(peer_i8(-128), -128);
    CHECK_EQUAL(peer_u8(255), 255);
    CHECK_EQUAL(peer_i16(INT16_MIN), INT16_MIN);
    CHECK_EQUAL(peer_u16(65535), 65535);
    CHECK_EQUAL(peer_i32(INT32_MIN), INT32_MIN);
    CHECK_EQUAL(peer_u32(UINT32_MAX), UINT32_MAX);
    /* Only the lower half of a pointer means anything. */
    CHECK_EQUAL(peer_opaque((void *)0x123456789abcdef0), 0x9abcdef0);
    CHECK_EQUAL(peer_caller(12345), cubicle_self());

    /* Before peer was set up nobody called it. */
    CHECK_EQUAL(third_early(0), -EAGAIN);
    CHECK_EQUAL(third_early(1), -EAGAIN);

    /* A -> B -> A -> ...: each call continues below the one before it. */
    CHECK_EQUAL(peer_step(0), 1);
    CHECK_EQUAL(peer_step(1), 2);
    CHECK_EQUAL(peer_step(20), 21);
    CHECK_EQUAL(peer_step(500), 501);
    CHECK_EQUAL(peer_weigh12(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12), 650);
}

/* Results are byte-exact at every size up to a page and at the edges of the large ones. */
static void test_sizes(void)
{
    enum { LARGE = 200000 };
    static const size_t sizes[] = {0,     1,     2,     15,     16,   17,
                                   63,    64,    65,    4095,   4096, 4097,
                                   65535, 65536, 65537, 131072, LARGE};
    static uint8_t buffer[LARGE + 64];
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        size_t n = sizes[i];
        memset(buffer, 1, sizeof buffer);
        int ok = peer_sum(buffer + 32, n) == n;
        ok &= peer_fill(buffer + 32, n, 7) == 0;
        for (size_t k = 0; k < sizeof buffer; k++) {
            ok &= buffer[k] == (k >= 32 && k < 32 + n ? 7 : 1);
        }
        ok &= peer_increment(buffer + 32, n) == 0;
        for (size_t k = 0; k < sizeof buffer; k++) {
            ok &= buffer[k] == (k >= 32 && k < 32 + n ? 8 : 1);
        }
        char text[64];
        snprintf(text, sizeof text, "%zu bytes in, out and both", n);
        check_report(ok, text, __FILE__, __LINE__);
    }
}

static void test_results(void)
{
    uint8_t buffer[64];
    static const struct {
        int64_t result;
        int written;
    } rows[] = {{0, 0}, {1, 1}, {31, 31}, {32, 32}, {-EIO, 0}, {-1, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        memset(buffer, 1, sizeof buffer);
        CHECK_EQUAL(peer_fill_ret(buffer, 32, 9, rows[i].result), rows[i].result);
        int written = 0;
        for (size_t k = 0; k < sizeof buffer; k++) {
            written += buffer[k] == 9;
        }
        CHECK_EQUAL(written, rows[i].written);
    }
    /* A callee that claims more than the capacity gives the caller no more than that. */
    memset(buffer, 1, sizeof buffer);
    ssize_t n = peer_fill_ret(buffer, 32, 9, 1000);
    CHECK(n <= 32);
    n = peer_fill_ret(buffer, 32, 9, INT64_MAX);
    CHECK(n <= 32);
    int beyond = 0;
    for (size_t k = 32; k < sizeof buffer; k++) {
        beyond += buffer[k] != 1;
    }
    CHECK_EQUAL(beyond, 0);
}

/* What the callee does not write must not tell what was in its memory before. */
static void test_leftovers(void)
{
    static uint8_t buffer[256];
    static const int results[] = {0, -EPERM};
    for (size_t r = 0; r < sizeof results / sizeof results[0]; r++) {
        memset(buffer, 1, sizeof buffer);
        CHECK_EQUAL(peer_fill(buffer, sizeof buffer, 0xab), 0);
        memset(buffer, 1, sizeof buffer);
        CHECK_EQUAL(peer_ignore(buffer, sizeof buffer, results[r]), results[r]);
        int leaked = 0;
        for (size_t i = 0; i < sizeof buffer; i++) {
            leaked += buffer[i] == 0xab;
        }
        CHECK_EQUAL(leaked, 0);
    }
}

static void test_pointed_size(void)
{
    uint8_t buffer[64] = {0};
    uint64_t len = 32;
    CHECK_EQUAL(peer_fill_deref(buffer, &len, 5), 0);
    CHECK_EQUAL(len, 16);
    CHECK_EQUAL(buffer[31], 5);
    CHECK_EQUAL(buffer[32], 0);
    len = 0;
    CHECK_EQUAL(peer_fill_deref(buffer, &len, 6), 0);
    CHECK_EQUAL(buffer[0], 5);
    len = (uint64_t)1 << 40;
    CHECK_EQUAL(peer_fill_deref(buffer, &len, 6), -EFAULT);
    CHECK_EQUAL(len, (uint64_t)1 << 40);
    CHECK_EQUAL(buffer[0], 5);
}

static void test_strings(void)
{
    CHECK_EQUAL(peer_length(""), 0);
    CHECK_EQUAL(peer_length("fifteen letters"), 15);
    CHECK_EQUAL(peer_length("sixteen letters!"), -ENAMETOOLONG);
    CHECK_EQUAL(peer_length(NULL), -EFAULT);
    CHECK_EQUAL(peer_length((char *)16), -EFAULT);
    /* Ends with the last byte before unmapped memory; and has no end before it. */
    char *base = (char *)pages(1 + PAGES_GONE);
    pages_free((uint8_t *)base + 4096, PAGES_GONE);
    memset(base, 'x', 4096);
    base[4095] = 0;
    CHECK_EQUAL(peer_length(base + 4093), 2);
    base[4095] = 'x';
    CHECK_EQUAL(peer_length(base + 4093), -EFAULT);
    CHECK_EQUAL(peer_length(base + 4096 - 16), -ENAMETOOLONG);
    pages_free((uint8_t *)base, 1);
}

static void test_bad_ranges(void)
{
    uint8_t *page = pages(PAGES_GONE);
    static const uint8_t constant[16] = {1};
    CHECK_EQUAL(peer_sum(NULL, 0), 0);
    CHECK_EQUAL(peer_scribble(NULL, 1, 0), -EFAULT);
    CHECK_EQUAL(peer_scribble(page, (size_t)1 << 40, 0), -EFAULT);
    CHECK_EQUAL(peer_scribble(page, SIZE_MAX, 0), -EFAULT);
    CHECK_EQUAL(peer_scribble(page, (size_t)1 << 31, 0), -EFAULT);
    CHECK_EQUAL(peer_fill((uint8_t *)constant, 1, 0), -EFAULT);
    CHECK_EQUAL(peer_increment((uint8_t *)constant, 1), -EFAULT);
    CHECK_EQUAL(peer_fill(NULL, 1, 0), -EFAULT);
    CHECK_EQUAL(peer_fill((void *)0xfffffff0, 64, 0), -EFAULT);
    CHECK_EQUAL(peer_fill((void *)0xfffffff0, 1, 0), -EFAULT);
    CHECK_EQUAL(peer_or_null(NULL, 5), 1);
    CHECK_EQUAL(peer_or_null(page, 5), 0);
    CHECK_EQUAL(peer_or_null((void *)8, 5), -EFAULT);
    CHECK_EQUAL(constant[0], 1);
    pages_free(page, PAGES_GONE);
    CHECK_EQUAL(peer_scribble(page, 1, 0), -EFAULT);
}

/* Memory of other cubicles: what backend `none` promises nothing about. */
void test_foreign(void)
{
    uint64_t theirs = peer_keep(4096);
    CHECK(theirs != 0);
    CHECK_EQUAL(peer_scribble((void *)theirs, 1, 0), -EFAULT);
    CHECK_EQUAL(peer_scribble((void *)(uintptr_t)test_calls, 1, 0), -EFAULT);
    CHECK_EQUAL(peer_fill((void *)theirs, 1, 0), -EFAULT);
    CHECK_EQUAL(peer_fill_ret((void *)theirs, 1, 0, 1), -EFAULT);
    CHECK_EQUAL(peer_length((void *)theirs), -EFAULT);
}

void test_ranges(void)
{
    uint8_t buffer[64];
    memset(buffer, 1, sizeof buffer);
    CHECK_EQUAL(peer_scribble(buffer, sizeof buffer, 3), 0);
    CHECK_EQUAL(buffer[0], 1);
    CHECK(peer_address(buffer, sizeof buffer) != offset_of(buffer));
    /* A constant can be read. */
    CHECK_EQUAL(peer_sum((const uint8_t *)"abc", 3), 'a' + 'b' + 'c');
    /* Overlap: the callee sees what was there when the call was made. */
    for (size_t i = 0; i < sizeof buffer; i++) {
        buffer[i] = (uint8_t)i;
    }
    CHECK_EQUAL(peer_copy(buffer, buffer + 1, 32), 0);
    CHECK(buffer[0] == 0 && buffer[1] == 0 && buffer[2] == 1 && buffer[32] == 31 &&
          buffer[33] == 33);
    test_sizes();
    test_results();
    test_leftovers();
    test_pointed_size();
    test_strings();
    test_bad_ranges();
}
