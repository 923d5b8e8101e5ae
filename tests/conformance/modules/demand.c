/* Ranges on demand (cubicle/in.h): brought in by the callee, or passed on. */
#include "check.h"

#include <cubicle.h>
#include <peer.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <third.h>

enum { LARGE = 200000 };
static uint8_t bytes[LARGE];

static int64_t sum_of(const uint8_t *from, size_t n)
{
    int64_t sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += from[i];
    }
    return sum;
}

/* Every size gives the same bytes, whether they are copied, brought in or lent. */
static void test_sizes(void)
{
    static const size_t sizes[] = {0,    1,    2047,  2048,  2049,  4095,   4096,
                                   4097, 8192, 65535, 65536, 65537, 131072, LARGE};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        const size_t n = sizes[i];
        const size_t at = n / 3;
        const int64_t all = sum_of(bytes, n);
        const int64_t rest = sum_of(bytes + at, n - at);
        const bool ok = peer_take(bytes, n, 0, n) == all &&
                        peer_take(bytes, n, at, n - at) == rest &&
                        peer_pass(bytes, n, 0, n, PASS_COPIED) == all &&
                        peer_pass(bytes, n, at, n - at, PASS_COPIED) == rest &&
                        peer_pass(bytes, n, 0, n, PASS_ON_DEMAND) == all &&
                        peer_pass(bytes, n, at, n - at, PASS_ON_DEMAND) == rest &&
                        peer_pass(bytes, n, at, n - at, PASS_AFTER_CALL) == rest;
        char text[64];
        snprintf(text, sizeof text, "%zu bytes on demand", n);
        check_report(ok, text, __FILE__, __LINE__);
    }
}

/* Nothing behind the range, before it, or after the call. */
static void test_bounds(void)
{
    CHECK_EQUAL(peer_take(bytes, 4096, 4096, 0), 0);
    CHECK_EQUAL(peer_take(bytes, 4096, 4096, 1), -EFAULT);
    CHECK_EQUAL(peer_take(bytes, 4096, 0, 4097), -EFAULT);
    CHECK_EQUAL(peer_take(bytes, 4096, 65535, 1), -EFAULT);
    CHECK_EQUAL(peer_pass(bytes, 4096, 0, 4097, PASS_COPIED), -EFAULT);
    CHECK_EQUAL(peer_pass(bytes, 4096, 4000, 300, PASS_ON_DEMAND), -EFAULT);
    CHECK_EQUAL(peer_pass(bytes, 4096, 1, 4096, PASS_COPIED), -EFAULT);
    CHECK_EQUAL(peer_pass(bytes, 4096, 0, 4096, PASS_AS_RESULT), -EFAULT);
    CHECK_EQUAL(peer_take_late(0, 1), -EFAULT);
    CHECK_EQUAL(peer_take_late(0, SIZE_MAX), -EFAULT);
    CHECK_EQUAL(cubicle_fetch(bytes, 0, 1), -EFAULT); /* our caller is not on demand */
    CHECK_EQUAL(peer_sum((const uint8_t *)0xfffe0000, 1), -EFAULT);
    CHECK_EQUAL(peer_take((const uint8_t *)0xfffe0000, 4096, 0, 1), -EFAULT);
    CHECK_EQUAL(peer_take((const uint8_t *)0xfffe0000, 1, 0, 1), -EFAULT);
}

/* What cannot be read is refused before the call. */
static void test_unreadable(void)
{
    uint8_t *base =
        mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(base, 1, 8192);
    CHECK_EQUAL(peer_take(base, 8192, 0, 8192), 8192);
    CHECK_EQUAL(cubicle_page_protect(base + 4096, 4096, CUBICLE_READ), 0);
    CHECK_EQUAL(peer_take(base, 8192, 0, 8192), 8192);
    CHECK_EQUAL(cubicle_page_protect(base + 4096, 4096, 0), 0);
    CHECK_EQUAL(peer_take(base, 4096, 0, 4096), 4096);
    CHECK_EQUAL(peer_take(base, 4097, 0, 1), -EFAULT);
    munmap(base + 4096, 4096);
    CHECK_EQUAL(peer_take(base, 8192, 0, 1), -EFAULT);
    munmap(base, 4096);
}

void test_demand(void)
{
    for (size_t i = 0; i < LARGE; i++) {
        bytes[i] = (uint8_t)(i * 7 + i / 251);
    }
    test_sizes();
    test_bounds();
    test_unreadable();
}

/* Memory of others: what backend `none` promises nothing about. */
void test_demand_foreign(void)
{
    const uint64_t theirs = peer_keep(4096);
    CHECK(theirs != 0);
    CHECK_EQUAL(peer_take((const uint8_t *)theirs, 4096, 0, 1), -EFAULT);
    CHECK_EQUAL(peer_take_to(bytes, 4096, (uint64_t)(uintptr_t)bytes), -EFAULT);
    CHECK_EQUAL(peer_take_to(bytes, 4096, (uint64_t)(uintptr_t)test_demand), -EFAULT);
    CHECK_EQUAL(peer_take_to(bytes, 4096, 0xfffff800), -EFAULT);
    /* Code is not data, of whatever size. */
    const uint8_t *code = (const uint8_t *)((uintptr_t)test_demand & ~4095ul);
    CHECK_EQUAL(peer_take(code, 2048, 0, 1), -EFAULT);
    CHECK_EQUAL(peer_take(code, 2049, 0, 0), -EFAULT);
    CHECK_EQUAL(peer_take(code, 70000, 0, 0), -EFAULT);
    CHECK_EQUAL(peer_take_to(bytes, 4096, theirs), 0);
}
