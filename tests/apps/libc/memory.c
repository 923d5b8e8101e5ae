/* malloc's promises and the memory calls under it. */
#define _GNU_SOURCE
#include "groups.h"

#include <fcntl.h>
#include <malloc.h>
#include <sys/mman.h>
#include <sys/resource.h>
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
    p = mmap(NULL, page, PROT_NONE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(p != MAP_FAILED);
    CHECK_INT(mprotect(p, page, PROT_READ | PROT_WRITE), 0);
    p[0] = 1;
    CHECK_INT(madvise(p, page, MADV_WILLNEED), 0);
    CHECK_INT(madvise(p, page, MADV_DONTNEED), 0);
    CHECK_INT(p[0], 0);
    CHECK_INT(munmap(p, page), 0);
}

enum { PAGE = 4096, MIB = 1 << 20 };

static unsigned char *map(size_t size, int prot)
{
    unsigned char *p = mmap(NULL, size, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(p != MAP_FAILED);
    return p;
}

/* Each page holds its number, the last byte of it too. */
static void mark(unsigned char *p, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        memset(p + i * PAGE, (int)(i % 251 + 1), PAGE);
    }
}

static int is_marked(const unsigned char *p, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        if (!is_filled(p + i * PAGE, PAGE, (unsigned char)(i % 251 + 1))) {
            return 0;
        }
    }
    return 1;
}

static void test_remap(void)
{
    unsigned char *p = map(8 * PAGE, PROT_READ | PROT_WRITE);
    unsigned char *behind = map(8 * PAGE, PROT_READ | PROT_WRITE);
    mark(p, 0, 8);
    mark(behind, 0, 8);
    /* Grown step by step, whatever is behind it; then shorter. */
    for (size_t n = 8; n < 600; n += n / 4) {
        p = mremap(p, n * PAGE, (n + n / 4) * PAGE, MREMAP_MAYMOVE);
        CHECK(p != MAP_FAILED && is_marked(p, 0, n));
        CHECK(is_filled(p + n * PAGE, n / 4 * PAGE, 0));
        mark(p, n, n + n / 4);
    }
    CHECK(is_marked(behind, 0, 8));
    CHECK_INT(mremap(p, 500 * PAGE, 499 * PAGE, 0) == p, 1);
    CHECK_INT(mremap(p, 499 * PAGE, 10 * PAGE, 0) == p, 1);
    CHECK(is_marked(p, 0, 10));
    /* What was given back is zero when it comes again. */
    p = mremap(p, 10 * PAGE, 100 * PAGE, MREMAP_MAYMOVE);
    CHECK(p != MAP_FAILED && is_marked(p, 0, 10));
    CHECK(is_filled(p + 10 * PAGE, 90 * PAGE, 0));
    /* Sizes need not be whole pages. */
    CHECK_INT(mremap(p, 99 * PAGE + 1, 99 * PAGE + 5, 0) == p, 1);
    CHECK_INT(munmap(p, 100 * PAGE), 0);

    /* In place only: the neighbour is in the way, or is not. */
    p = map(16 * PAGE, PROT_READ | PROT_WRITE);
    mark(p, 0, 16);
    CHECK_ERROR(mremap(p, 4 * PAGE, 5 * PAGE, 0), ENOMEM);
    CHECK_INT(munmap(p + 8 * PAGE, 8 * PAGE), 0);
    CHECK_INT(mremap(p, 8 * PAGE, 12 * PAGE, 0) == p, 1);
    CHECK(is_marked(p, 0, 8) && is_filled(p + 8 * PAGE, 4 * PAGE, 0));
    CHECK_INT(munmap(p, 12 * PAGE), 0);
    CHECK_INT(munmap(behind, 8 * PAGE), 0);

    /* The rights go along. */
    p = map(16 * PAGE, PROT_READ | PROT_WRITE);
    mark(p, 0, 8);
    CHECK_INT(mprotect(p, 8 * PAGE, PROT_READ), 0);
    unsigned char *moved = mremap(p, 8 * PAGE, 64 * PAGE, MREMAP_MAYMOVE);
    CHECK(moved != MAP_FAILED && moved != p && is_marked(moved, 0, 8));
    CHECK_ERROR(mremap(moved, 8 * PAGE, 4 * PAGE, MREMAP_FIXED | MREMAP_MAYMOVE, p),
                EINVAL);
    CHECK_INT(mprotect(moved, PAGE, PROT_READ | PROT_WRITE), 0);
    CHECK_ERROR(mremap(moved, 64 * PAGE, 65 * PAGE, MREMAP_MAYMOVE),
                EFAULT); /* not alike */
    CHECK_INT(munmap(moved, 64 * PAGE), 0);
    CHECK_INT(munmap(p + 8 * PAGE, 8 * PAGE), 0);
}

static int on_stack_or_in_data = 1;

/* Addresses and sizes that are not one's own memory, or cannot be. */
static void test_hostile(void)
{
    unsigned char stack[2 * PAGE];
    unsigned char *p = map(4 * PAGE, PROT_READ | PROT_WRITE);
    unsigned char *gone = map(4 * PAGE, PROT_READ | PROT_WRITE);
    mark(p, 0, 4);
    CHECK_INT(munmap(gone, 4 * PAGE), 0);
    char *const wrong[] = {
        NULL,
        (char *)((uintptr_t)stack & -4096ul) + PAGE,
        (char *)((uintptr_t)&on_stack_or_in_data & -4096ul),
        (char *)((uintptr_t)&test_memory & -4096ul),
        (char *)gone,
        (char *)0x10000,
        (char *)0xfffff000,
        (char *)0x100000000,
        (char *)-4096ul,
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        CHECK_ERROR(mremap(wrong[i], PAGE, 2 * PAGE, MREMAP_MAYMOVE), EFAULT);
        CHECK_ERROR(mremap(wrong[i], PAGE, PAGE, 0), EFAULT);
        CHECK_ERROR(madvise(wrong[i], PAGE, MADV_DONTNEED), EINVAL);
        CHECK_ERROR(mmap(wrong[i], PAGE, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
                    EINVAL);
        if (wrong[i] != (char *)gone) { /* that may be its own still */
            CHECK_ERROR(mprotect(wrong[i], PAGE, PROT_READ | PROT_WRITE), EPERM);
        }
    }
    const size_t sizes[] = {5 * PAGE, (size_t)1 << 32, (size_t)1 << 40, SIZE_MAX - PAGE,
                            SIZE_MAX};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        CHECK_ERROR(mremap(p, sizes[i], PAGE, 0), EFAULT);
        CHECK(mmap(p, sizes[i], PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED);
        if (i > 0) {
            CHECK_ERROR(madvise(p, sizes[i], MADV_DONTNEED), EINVAL);
            CHECK_ERROR(mremap(p, PAGE, sizes[i], MREMAP_MAYMOVE), ENOMEM);
            CHECK_ERROR(
                mmap(NULL, sizes[i], PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
                ENOMEM);
        }
    }
    CHECK_ERROR(mremap(p, 0, PAGE, MREMAP_MAYMOVE), EINVAL);
    CHECK_ERROR(mremap(p, PAGE, 0, 0), EINVAL);
    CHECK_ERROR(mremap(p + 1, PAGE, 2 * PAGE, MREMAP_MAYMOVE), EINVAL);
    CHECK_ERROR(mremap(p, PAGE, PAGE, 8), EINVAL);
    CHECK_ERROR(madvise(p + 1, PAGE, MADV_DONTNEED), EINVAL);
    CHECK_ERROR(madvise(p, PAGE, 9), EINVAL); /* MADV_REMOVE */
    CHECK_ERROR(
        mmap(p + 1, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
        EINVAL);
    CHECK(is_marked(p, 0, 4));
    CHECK_INT(munmap(p, 4 * PAGE), 0);
}

/* A gigabyte that costs nothing, of which parts become memory and go again. */
static void test_reserve(void)
{
    const size_t gib = (size_t)1 << 30;
    unsigned char *p =
        mmap(NULL, gib, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    CHECK(p != MAP_FAILED);
    if (p == MAP_FAILED) {
        return;
    }
    CHECK_ERROR(mmap(NULL, gib, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), ENOMEM);
    CHECK_INT(mprotect(p + 100 * MIB, MIB, PROT_READ | PROT_WRITE), 0);
    CHECK(is_filled(p + 100 * MIB, MIB, 0));
    mark(p + 100 * MIB, 0, 256);
    /* Memory and what is reserved, in one call. */
    CHECK_INT(mprotect(p + 99 * MIB, 3 * MIB, PROT_READ), 0);
    CHECK(is_marked(p + 100 * MIB, 0, 256) && is_filled(p + 101 * MIB, MIB, 0));
    CHECK_INT(mprotect(p + 98 * MIB, 5 * MIB, PROT_NONE), 0);
    CHECK_INT(mprotect(p + 100 * MIB, MIB, PROT_READ | PROT_WRITE), 0);
    CHECK(is_marked(p + 100 * MIB, 0, 256));
    CHECK_INT(madvise(p, gib, MADV_DONTNEED), 0);
    CHECK(is_filled(p + 100 * MIB, MIB, 0));
    /* The other way to commit, which replaces what was there, and to give back. */
    CHECK(mmap(p + 64 * PAGE, 8 * PAGE, PROT_READ | PROT_WRITE,
               MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == p + 64 * PAGE);
    mark(p + 64 * PAGE, 0, 8);
    CHECK(mmap(p + 66 * PAGE, 8 * PAGE, PROT_READ | PROT_WRITE,
               MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == p + 66 * PAGE);
    CHECK(is_marked(p + 64 * PAGE, 0, 2) && is_filled(p + 66 * PAGE, 8 * PAGE, 0));
    CHECK(mmap(p, gib, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == p);
    CHECK_ERROR(mremap(p, PAGE, 2 * PAGE, MREMAP_MAYMOVE),
                EFAULT); /* no memory there */
    CHECK_INT(mprotect(p + 64 * PAGE, 8 * PAGE, PROT_READ), 0);
    CHECK(is_filled(p + 64 * PAGE, 8 * PAGE, 0));
    /* Part of it goes for good. */
    CHECK_INT(munmap(p + 60 * PAGE, 8 * PAGE), 0);
    CHECK_ERROR(mprotect(p + 60 * PAGE, PAGE, PROT_READ), EPERM);
    CHECK(is_filled(p + 68 * PAGE, 4 * PAGE, 0));
    CHECK_ERROR(munmap(p, gib), EINVAL); /* not all of it is there */
    CHECK_INT(munmap(p, 60 * PAGE), 0);
    CHECK_INT(munmap(p + 68 * PAGE, gib - 68 * PAGE), 0);
}

static void test_discard(void)
{
    unsigned char *p = map(100 * PAGE, PROT_READ | PROT_WRITE);
    mark(p, 0, 100);
    CHECK_INT(madvise(p + 10 * PAGE, 80 * PAGE, MADV_DONTNEED), 0);
    CHECK(is_marked(p, 0, 10) && is_filled(p + 10 * PAGE, 80 * PAGE, 0) &&
          is_marked(p, 90, 100));
    CHECK_INT(madvise(p, 5, MADV_DONTNEED), 0); /* its page */
    CHECK_INT(p[PAGE - 1], 0);
    CHECK_INT(madvise(p, 0, MADV_DONTNEED), 0);
    CHECK_INT(mprotect(p + PAGE, PAGE, PROT_READ), 0);
    CHECK_INT(madvise(p + PAGE, PAGE, MADV_DONTNEED), 0);
    CHECK_INT(p[PAGE], 0);
    const int hints[] = {MADV_NORMAL, MADV_RANDOM,   MADV_SEQUENTIAL, MADV_WILLNEED,
                         MADV_FREE,   MADV_HUGEPAGE, MADV_NOHUGEPAGE, MADV_DONTDUMP};
    for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++) {
        CHECK_INT(madvise(p + 90 * PAGE, PAGE, hints[i]), 0);
    }
    CHECK(is_marked(p, 91, 100));
    CHECK_INT(munmap(p, 100 * PAGE), 0);
}

/* The copy of a file is no anonymous memory, until it is gone. */
static void test_file(void)
{
    const int fd = open("/memory-file", O_RDWR | O_CREAT | O_TRUNC, 0600);
    CHECK_INT(write(fd, "contents", 8), 8);
    unsigned char *p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    CHECK(p != MAP_FAILED);
    CHECK_ERROR(madvise(p, PAGE, MADV_DONTNEED), EINVAL);
    CHECK_ERROR(madvise(p + 3 * PAGE, PAGE, MADV_DONTNEED), EINVAL);
    CHECK_ERROR(mremap(p, 4 * PAGE, 5 * PAGE, MREMAP_MAYMOVE), EFAULT);
    CHECK_INT(memcmp(p, "contents", 8), 0);
    CHECK_INT(mremap(p, 4 * PAGE, 3 * PAGE, 0) == p, 1);
    CHECK_INT(munmap(p, PAGE), 0);
    CHECK_ERROR(madvise(p + PAGE, PAGE, MADV_DONTNEED), EINVAL);
    CHECK(mmap(p + PAGE, 2 * PAGE, PROT_READ | PROT_WRITE,
               MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == p + PAGE);
    CHECK_INT(madvise(p + PAGE, 2 * PAGE, MADV_DONTNEED), 0);
    CHECK_INT(munmap(p + PAGE, 2 * PAGE), 0);
    /* Many of them. */
    unsigned char *maps[100];
    for (int i = 0; i < 100; i++) {
        maps[i] = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
        CHECK(maps[i] != MAP_FAILED);
    }
    for (int i = 0; i < 100; i++) {
        CHECK_ERROR(madvise(maps[i], PAGE, MADV_DONTNEED), EINVAL);
        CHECK_INT(munmap(maps[i], PAGE), 0);
    }
    CHECK_INT(close(fd), 0);
    /* What cannot be mapped. */
    int ends[2];
    const int closed = open("/memory-file", O_WRONLY), folder = open("/", O_RDONLY);
    CHECK_ERROR(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, closed, 0), EACCES);
    CHECK_ERROR(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, folder, 0), ENODEV);
    CHECK_INT(pipe(ends), 0);
    CHECK_ERROR(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, ends[0], 0), ENODEV);
    CHECK_INT(close(closed) | close(folder) | close(ends[0]) | close(ends[1]), 0);
    CHECK_ERROR(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, closed, 0), EBADF);
    CHECK_INT(unlink("/memory-file"), 0);
}

/* Large blocks that come and go: what was in them before is not in those of calloc(). */
static void test_large(void)
{
    for (size_t size = 3 * MIB; size < 9 * MIB; size += 1234567) {
        unsigned char *p = malloc(size);
        CHECK(p != NULL);
        memset(p, 0xee, size);
        free(p);
        unsigned char *other = malloc(size / 2);
        memset(other, 0xdd, size / 2);
        p = calloc(1, size);
        CHECK(p != NULL && is_filled(p, size, 0));
        CHECK(is_filled(other, size / 2, 0xdd));
        memset(p, 0xcc, size);
        p = realloc(p, size + 5 * MIB);
        CHECK(p != NULL && is_filled(p, size, 0xcc));
        memset(p, 0xbb, size + 5 * MIB);
        free(p);
        p = map(size & -4096ul, PROT_READ | PROT_WRITE);
        CHECK(is_filled(p, size & -4096ul, 0));
        CHECK_INT(munmap(p, size & -4096ul), 0);
        free(other);
    }
    /* In steps, two that stand in each other's way. */
    unsigned char *blocks[2] = {NULL, NULL};
    for (size_t n = 1; n <= 1000; n++) {
        for (int i = 0; i < 2; i++) {
            blocks[i] = realloc(blocks[i], n * PAGE);
            CHECK(blocks[i] != NULL);
            mark(blocks[i], n - 1, n);
        }
    }
    CHECK(is_marked(blocks[0], 0, 1000) && is_marked(blocks[1], 0, 1000));
    free(blocks[0]);
    free(blocks[1]);
}

/* Mappings of 1 MiB that a limit of 64 MiB leaves; they are gone again. */
static int count_mappings(void)
{
    enum { MOST = 64 };
    static char *mapped[MOST];
    struct rlimit limit = {MOST << 20, RLIM_INFINITY};
    int n = 0;
    CHECK_INT(setrlimit(RLIMIT_DATA, &limit), 0);
    while (n < MOST &&
           (mapped[n] = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) != MAP_FAILED) {
        n++;
    }
    for (int i = 0; i < n; i++) {
        munmap(mapped[i], 1 << 20);
    }
    limit.rlim_cur = RLIM_INFINITY;
    CHECK_INT(setrlimit(RLIMIT_DATA, &limit), 0);
    return n;
}

/* A large block that is freed and allocated again, in every state that it can be in. */
static void test_again(void)
{
    const size_t size = 4 << 20;
    const int before = count_mappings();
    unsigned char *p = malloc(size);
    memset(p, 0xaa, size);
    free(p);
    CHECK_INT(count_mappings(), before); /* what is kept is not missed */
    free(malloc(size));
    struct rlimit limit = {64 << 20, RLIM_INFINITY};
    CHECK_INT(setrlimit(RLIMIT_DATA, &limit), 0);
    const size_t space = (size_t)(before - 1) << 20;
    void *reserved = mmap(NULL, space, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(reserved != MAP_FAILED); /* nor by what is reserved */
    CHECK_INT(munmap(reserved, space), 0);
    limit.rlim_cur = RLIM_INFINITY;
    CHECK_INT(setrlimit(RLIMIT_DATA, &limit), 0);
    p = malloc(size);
    memset(p, 0xaa, size);
    free(p);
    unsigned char *zero = calloc(1, size);
    CHECK(is_filled(zero, size, 0));
    /* Without rights when it is freed: malloc() does not give it out so. */
    p = malloc(size);
    unsigned char *page = (unsigned char *)(((uintptr_t)p + 4095) & -4096UL);
    CHECK_INT(mprotect(page, 8 * 4096, PROT_NONE), 0);
    free(p);
    p = malloc(size);
    memset(p, 0x55, size);
    /* Two of them, given back in either order. */
    unsigned char *q = malloc(size);
    memset(q, 0x33, size);
    free(p);
    free(q);
    p = malloc(size);
    q = malloc(size);
    memset(p, 1, size);
    memset(q, 2, size);
    CHECK(is_filled(p, size, 1) && is_filled(q, size, 2) && is_filled(zero, size, 0));
    free(zero);
    /* Grown and cut in between. */
    p = realloc(p, size + 8192);
    CHECK(is_filled(p, size, 1));
    p = realloc(p, size);
    free(p);
    p = malloc(size);
    memset(p, 3, size);
    CHECK(is_filled(q, size, 2));
    free(q);
    free(p);
}

void test_memory(void)
{
    test_remap();
    test_hostile();
    test_reserve();
    test_discard();
    test_file();
    test_large();
    test_again();
    test_blocks();
    test_kinds();
    test_mapping();
}
