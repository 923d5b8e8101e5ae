/*
 * What the believer maps from a file system that lies about where its pages are. Each
 * mapping must be refused, or be memory of nobody's but the file system. One line of result.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "believer.h"

#define PAGE 4096ul
#define LARGE (4ul << 20)
#define RW (PROT_READ | PROT_WRITE)

static char data[2 * PAGE] __attribute__((aligned(4096)));
static const char constant[PAGE] __attribute__((aligned(4096))) = "constant";

static int believed, refused;

static char *map(int fd, size_t size, uint64_t offset)
{
    char *p = mmap(NULL, size, RW, MAP_SHARED, fd, (off_t)offset);
    if (p == MAP_FAILED && errno == EIO) {
        refused++;
        return NULL;
    }
    if (p == MAP_FAILED) {
        printf("errno %d\n", errno);
        return NULL;
    }
    believed++;
    return p;
}

/* The file system may answer the offset: memory of this cubicle, of no one, and no memory. */
static void map_own(int fd)
{
    char stack[1] = "";
    char *heap = aligned_alloc(PAGE, PAGE);
    char *pages = mmap(NULL, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    const uint64_t places[] = {
        (uintptr_t)heap,
        (uintptr_t)pages,
        (uintptr_t)data,
        (uintptr_t)stack,
        (uintptr_t)&map,
        (uintptr_t)constant,
        0,
        PAGE,
        0x7f000000,
        0xf0000000,
        0xffffe000,
        0xfffff000,
        UINT64_C(1) << 32,
        (uintptr_t)pages | UINT64_C(1) << 33,
    };
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        char *p = map(fd, PAGE, places[i] & ~(PAGE - 1));
        if (p != NULL) {
            *(volatile char *)p = 'x';
        }
    }
}

/* The pages are taken from under a mapping, and the allocator hands them out again. */
static void map_gone(int fd)
{
    char *p = map(fd, LARGE, 0);
    if (p == NULL) {
        return;
    }
    p[0] = 'x';
    (void)!ftruncate(fd, 1);
    for (int i = 0; i < 200; i++) {
        char *fresh = mmap(NULL, LARGE / 2, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (fresh != MAP_FAILED && fresh < p + LARGE && p < fresh + LARGE / 2) {
            puts("BELIEVED: fresh memory where a file was");
        }
    }
}

static void map_grown(int fd)
{
    char *p = map(fd, PAGE, 0);
    if (p != NULL && mremap(p, PAGE, 2 * PAGE, 0) == MAP_FAILED) {
        refused++;
    } else if (p != NULL) {
        believed++;
        p[PAGE] = 'x';
    }
}

/* The file system dies, and begins anew: what it lent is lost, and nobody's memory is where
 * it was. New files can be mapped, unless they would be there. */
static void map_lost(int fd, bool touch)
{
    char *p = map(fd, LARGE, 0);
    if (p == NULL) {
        return;
    }
    p[0] = 'x';
    printf("target 0x%lx\n", (unsigned long)p);
    if (ftruncate(fd, 1) == 0 || errno != ECONNRESET) {
        puts("BELIEVED: it has not died");
    }
    if (touch) {
        printf("BELIEVED: %d\n", *(volatile char *)p);
    }
    if (msync(p, PAGE, MS_SYNC) == 0 || errno != EIO) {
        puts("BELIEVED: what is lost is synced");
    }
    fd = open("/new", O_RDWR | O_CREAT, 0600);
    char *q = map(fd, LARGE, 0);
    if (q != NULL && q < p + LARGE && p < q + LARGE) {
        puts("BELIEVED: a new file where the old one was");
    }
    if (munmap(p, LARGE) != 0) {
        puts("BELIEVED: what is lost stays");
    }
    q = map(fd, LARGE, 0);
    if (q != NULL) {
        q[LARGE - 1] = 'y';
    }
}

int believe_map(const char *how)
{
    const int fd = open("/m", O_RDWR | O_CREAT, 0600);
    const int other = open("/o", O_RDWR | O_CREAT, 0600);
    memset(data, 'd', sizeof data);
    if (fd < 0 || other < 0 || pwrite(fd, "", 1, 3 * PAGE - 1) != 1) {
        perror("believer");
        return 1;
    }
    if (strcmp(how, "own") == 0) {
        map_own(fd);
    } else if (strcmp(how, "gone") == 0) {
        map_gone(fd);
    } else if (strcmp(how, "lost") == 0 || strcmp(how, "touch") == 0) {
        map_lost(fd, strcmp(how, "touch") == 0);
    } else if (strcmp(how, "grown") == 0) {
        map_grown(fd);
    } else {
        map(fd, 3 * PAGE, 0);
        map(other, 3 * PAGE, 0);
    }
    for (size_t i = 0; i < sizeof data; i++) {
        if (data[i] != 'd') {
            puts("BELIEVED: a variable was a file");
            return 1;
        }
    }
    printf("%d believed, %d refused\n", believed, refused);
    return 0;
}
