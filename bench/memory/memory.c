/*
 * How long large blocks take that programs grow and give back, in microseconds each:
 *
 *   grow     realloc() in 2048 steps of 4 KiB up to 8 MiB; each step writes what it adds
 *   buffer   realloc() as above of two blocks in turn, so that they stand in each other's way
 *   pairs    300 times malloc(4 MiB), a byte written, free()
 *   filled   the same, with a byte written to each page
 *   commit   mmap() of 1 GiB without access, of which 8 MiB become accessible in steps of 64 KiB
 *
 * A program like any other: it also runs natively. `memory NAME` runs one of them.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

enum { PAGE = 4096, STEPS = 2048, BLOCK = 4 << 20, PAIRS = 300, CHUNK = 64 << 10 };

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static void grow_many(unsigned blocks)
{
    char *at[2] = {NULL, NULL};
    for (size_t step = 0; step < STEPS; step++) {
        for (unsigned i = 0; i < blocks; i++) {
            char *larger = realloc(at[i], (step + 1) * PAGE);
            if (larger == NULL) {
                fail("memory: realloc");
            }
            at[i] = larger;
            memset(larger + step * PAGE, (int)step | 1, PAGE);
        }
    }
    for (unsigned i = 0; i < blocks; i++) {
        for (size_t step = 0; step < STEPS; step++) {
            if (at[i][step * PAGE + 9] != (char)(step | 1)) {
                fail("memory: realloc() lost what was written");
            }
        }
        free(at[i]);
    }
}

static void grow(void)
{
    grow_many(1);
}

static void buffer(void)
{
    grow_many(2);
}

static void pairs_of(size_t touched)
{
    for (int i = 0; i < PAIRS; i++) {
        volatile char *block = malloc(BLOCK);
        if (block == NULL) {
            fail("memory: malloc");
        }
        for (size_t k = 0; k < touched; k += PAGE) {
            block[k] = 1;
        }
        free((void *)block);
    }
}

static void pairs(void)
{
    pairs_of(1);
}

static void filled(void)
{
    pairs_of(BLOCK);
}

static void commit(void)
{
    const size_t size = (size_t)1 << 30;
    char *base =
        mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED) {
        fail("memory: mmap");
    }
    for (size_t at = 0; at < (size_t)STEPS * PAGE; at += CHUNK) {
        if (mprotect(base + at, CHUNK, PROT_READ | PROT_WRITE) != 0) {
            fail("memory: mprotect");
        }
        memset(base + at, 1, CHUNK);
    }
    if (munmap(base, size) != 0) {
        fail("memory: munmap");
    }
}

static const struct {
    const char *name;
    void (*run)(void);
} patterns[] = {
    {"grow", grow},     {"buffer", buffer}, {"pairs", pairs},
    {"filled", filled}, {"commit", commit},
};

static double now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

int main(int argc, char **argv)
{
    for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
        if (argc > 1 && strcmp(argv[1], patterns[i].name) != 0) {
            continue;
        }
        const double begin = now_us();
        patterns[i].run();
        printf("%s %.0f\n", patterns[i].name, now_us() - begin);
        (void)fflush(stdout);
    }
    return 0;
}
