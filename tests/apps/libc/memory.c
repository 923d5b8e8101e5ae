/* malloc's promises and the memory calls under it. */
#define _GNU_SOURCE
#include "check.h"

#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#define BLOCKS 400

static size_t block_size(unsigned i)
{
    return i % 17 == 0 ? 100000 + i * 301 : i % 5 == 0 ? i * 37 : i % 64;
}

static int is_filled(const unsigned char *p, size_t n, unsigned char c)
{
    for (size_t i = 0; i < n; i++) {
        if (p[i] != c) {
            return 0;
        }
    }
    return 1;
}

static void test_blocks(void)
{
    static unsigned char *blocks[BLOCKS];
    for (int round = 0; round < 3; round++) {
        for (unsigned i = 0; i < BLOCKS; i++) {
            blocks[i] = malloc(block_size(i));
            CHECK(blocks[i] != NULL && (uintptr_t)blocks[i] % 16 == 0);
            CHECK(malloc_usable_size(blocks[i]) >= block_size(i));
            memset(blocks[i], (int)i, block_size(i));
        }
        for (unsigned i = 0; i < BLOCKS; i += 2) {
            free(blocks[i]);
        }
        for (unsigned i = 1; i < BLOCKS; i += 2) {
            const size_t n = block_size(i);
            CHECK(is_filled(blocks[i], n, (unsigned char)i));
            unsigned char *larger = realloc(blocks[i], n * 2 + 1);
            CHECK(larger && is_filled(larger, n, (unsigned char)i));
            larger = realloc(larger, n / 2 + 1);
            CHECK(larger && is_filled(larger, n / 2, (unsigned char)i));
            free(larger);
        }
    }
}

static void test_kinds(void)
{
    unsigned char *p = calloc(1000, 3);
    CHECK(p && is_filled(p, 3000, 0));
    memset(p, 7, 3000);
    free(p);
    p = calloc(1000, 3); /* used before, zero again */
    CHECK(p && is_filled(p, 3000, 0));
    free(p);
    p = calloc(1, 3 << 20);
    CHECK(p && is_filled(p, 3 << 20, 0));
    free(p);
    CHECK_INT(calloc(SIZE_MAX / 2, 3) == NULL && errno == ENOMEM, 1);
    for (size_t align = 16; align <= 65536; align *= 2) {
        void *q = NULL;
        CHECK(posix_memalign(&q, align, 100) == 0 && (uintptr_t)q % align == 0);
        free(q);
        q = aligned_alloc(align, align);
        CHECK(q && (uintptr_t)q % align == 0);
        free(q);
    }
    free(NULL);
    p = malloc(0);
    CHECK(p != NULL);
    free(p);
    void *volatile impossible =
        malloc((size_t)64 << 30); /* more than there is address space */
    CHECK(impossible == NULL && errno == ENOMEM);
}

static void test_mapping(void)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    CHECK_INT(page, 4096);
    unsigned char *p = mmap(NULL, 10 * page, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(p != MAP_FAILED && is_filled(p, 10 * page, 0));
    memset(p, 1, 10 * page);
    CHECK_INT(mprotect(p, page, PROT_READ), 0);
    CHECK_INT(p[0], 1);
    CHECK_INT(mprotect(p, page, PROT_READ | PROT_WRITE), 0);
    p[0] = 2;
    CHECK_INT(munmap(p + 4 * page, 2 * page), 0);
    CHECK(p[4 * page - 1] == 1 && p[6 * page] == 1);
    CHECK_INT(munmap(p, 4 * page), 0);
    CHECK_INT(munmap(p + 6 * page, 4 * page), 0);

    CHECK_ERROR(mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), EINVAL);
    CHECK_ERROR(
        mmap(NULL, page, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
        EACCES);
    CHECK_ERROR(mmap((void *)0x10000, page, PROT_READ,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
                EINVAL);
    CHECK_ERROR(munmap((void *)1, page), EINVAL);
    CHECK_ERROR(mremap(p, page, 2 * page, MREMAP_MAYMOVE), ENOSYS);
    p = mmap(NULL, page, PROT_NONE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(p != MAP_FAILED);
    CHECK_INT(mprotect(p, page, PROT_READ | PROT_WRITE), 0);
    p[0] = 1;
    CHECK_INT(madvise(p, page, MADV_WILLNEED), 0);
    CHECK_ERROR(madvise(p, page, MADV_DONTNEED), EINVAL);
    CHECK_INT(munmap(p, page), 0);
}

void test_memory(void)
{
    test_blocks();
    test_kinds();
    test_mapping();
}
