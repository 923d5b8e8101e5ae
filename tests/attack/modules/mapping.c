/* Attacks by means of shared mappings of files, straight to vfs: libc would not try. */
#include "attacker.h"

#include <cubicle.h>
#include <errno.h>
#include <fcntl.h>
#include <sharer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <vfs.h>

#define PAGE 4096
#define SHARED "/tmp/shared" /* the victim's file */

static int mapped_failed(const char *what, int64_t result)
{
    printf("BROKEN %s: %lld\n", what, (long long)result);
    return 98;
}

/** Maps @size bytes of a file with @flags; the address, or a negative number. */
static int64_t map(const char *path, int flags, size_t size, int rights)
{
    const int fd = open(path, flags, 0600);
    const int64_t base = fd < 0 ? -errno : vfs_map(fd, 0, size, rights, 0);
    close(fd);
    return base;
}

static int read_at(int64_t address)
{
    (void)*(volatile char *)target((uint64_t)address);
    return survived();
}

static int write_at(int64_t address)
{
    *(volatile char *)target((uint64_t)address) = 1;
    return survived();
}

/** A file of the attacker's own, mapped with all rights, and used. */
static int64_t own(size_t size)
{
    const int64_t base = map("/tmp/own", O_RDWR | O_CREAT, size, CUBICLE_WRITE);
    if (base > 0) {
        *(volatile char *)base = 1;
    }
    return base;
}

static int mapped_unmapped(void)
{
    const int64_t base = own(PAGE);
    const int error = vfs_unmap((void *)base, PAGE, 0);
    return error != 0 ? mapped_failed("unmap", error) : read_at(base);
}

/* In the middle of a mapping that goes on on both sides. */
static int mapped_hole(void)
{
    const int64_t base = own(3 * PAGE);
    const int error = vfs_unmap((void *)(base + PAGE), PAGE, 0);
    volatile char *sides = (volatile char *)base;
    sides[0] = sides[2 * PAGE] = 1;
    return error != 0 ? mapped_failed("unmap", error) : write_at(base + PAGE);
}

static int mapped_behind(void)
{
    return read_at(own(3 * PAGE) + 3 * PAGE);
}

static int mapped_before(void)
{
    return read_at(own(3 * PAGE) - 1);
}

static int mapped_read_only(void)
{
    close(open("/tmp/own", O_RDWR | O_CREAT, 0600));
    const int64_t base = map("/tmp/own", O_RDONLY, PAGE, CUBICLE_READ);
    const int error = vfs_map_protect((void *)base, PAGE, CUBICLE_WRITE, 0);
    return error != -EACCES ? mapped_failed("protect", error) : write_at(base);
}

/* What the victim has mapped, and the attacker has not. */
static int mapped_by_victim(void)
{
    return read_at(sharer_map(PAGE));
}

/* The attacker had it, the file goes, and its pages go to another. */
static int mapped_removed(void)
{
    const int64_t base = own(PAGE);
    int error = vfs_unmap((void *)base, PAGE, 0);
    unlink("/tmp/own");
    const int64_t theirs = sharer_map(PAGE);
    return error != 0 || theirs < 0 ? mapped_failed("sharer_map", theirs)
                                    : write_at(base);
}

/* Both see what either writes, by mapping and by call. */
static int mapped_shared(void)
{
    char byte = 0;
    const int64_t theirs = sharer_map(2 * PAGE);
    const int fd = open(SHARED, O_RDWR);
    volatile char *mine = (volatile char *)vfs_map(fd, 0, 2 * PAGE, CUBICLE_WRITE, 0);
    if ((int64_t)mine != theirs) {
        return mapped_failed("vfs_map", (int64_t)mine);
    }
    for (int i = 0; i < 2 * PAGE; i += 97) {
        if (sharer_store(i, i % 100) != 0 || mine[i] != i % 100) {
            return mapped_failed("victim's byte", mine[i]);
        }
        mine[i] = (char)(i % 100 + 1);
        if (sharer_store(i, 0) != i % 100 + 1 || pread(fd, &byte, 1, i) != 1 ||
            byte != 0) {
            return mapped_failed("my byte", byte);
        }
    }
    byte = 'w';
    if (pwrite(fd, &byte, 1, PAGE) != 1 || mine[PAGE] != 'w' ||
        sharer_store(PAGE, 0) != 'w') {
        return mapped_failed("written byte", mine[PAGE]);
    }
    /* One of the two mappings ends, and the name. */
    if (vfs_unmap((void *)mine, 2 * PAGE, 0) != 0 || unlink(SHARED) != 0 ||
        sharer_store(1, 5) != 0 || pread(fd, &byte, 1, 1) != 1 || byte != 5) {
        return mapped_failed("after the end", byte);
    }
    puts("shared");
    return 0;
}

/* The victim's mapping is nobody else's to change. */
static int mapped_meddle(void)
{
    void *theirs = (void *)sharer_map(PAGE);
    const int errors[] = {
        vfs_unmap(theirs, PAGE, 0),
        vfs_map_protect(theirs, PAGE, CUBICLE_WRITE, 0),
        vfs_map_protect(theirs, PAGE, 0, 0),
        vfs_map_grow(theirs, PAGE, 2 * PAGE, 0),
        vfs_map_sync(theirs, 0),
    };
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        if (errors[i] != -EINVAL) {
            return mapped_failed("meddling", errors[i]);
        }
    }
    /* With a mapping of its own, it changes its own alone. */
    if (map(SHARED, O_RDONLY, PAGE, CUBICLE_READ) != (int64_t)theirs ||
        vfs_map_protect(theirs, PAGE, CUBICLE_WRITE, 0) != -EACCES ||
        vfs_map_protect(theirs, PAGE, 0, 0) != 0 || sharer_store(3, 7) != 0 ||
        vfs_unmap(theirs, PAGE, 0) != 0 || sharer_store(3, 0) != 7) {
        return mapped_failed("its own", 0);
    }
    puts("refused");
    return 0;
}

/* As many mappings as there can be: an error, and others go on. */
static int mapped_out(void)
{
    int64_t base = 0;
    int n = 0;
    char name[32];
    for (; base >= 0 && n < 3000; n++) {
        snprintf(name, sizeof name, "/tmp/%d", n);
        base = map(name, O_RDWR | O_CREAT, PAGE, CUBICLE_WRITE);
        unlink(name);
        if (base > 0) {
            *(volatile char *)base = 1;
        }
    }
    if (base != -ENOMEM || n < 30 || n == 3000) {
        return mapped_failed("the last", base);
    }
    if (sharer_map(PAGE) < 0 || sharer_store(9, 1) != 0 || sharer_store(9, 1) != 1) {
        return mapped_failed("the victim's", 0);
    }
    puts("refused");
    return 0;
}

/* Every second page of a long file, one by one: others can still be lent pages. */
static int mapped_scattered(void)
{
    enum { NPAGES = 4096 };
    const int fd = open("/tmp/own", O_RDWR | O_CREAT, 0600);
    const int64_t whole = vfs_map(fd, 0, NPAGES * PAGE, CUBICLE_READ, 0);
    int error = ftruncate(fd, NPAGES * PAGE);
    if (whole < 0 || error != 0 || vfs_unmap((void *)whole, NPAGES * PAGE, 0) != 0) {
        return mapped_failed("own", whole);
    }
    for (int k = 0; k < NPAGES && error == 0; k += 2) {
        const int64_t base = vfs_map(fd, (int64_t)k * PAGE, PAGE, CUBICLE_WRITE, 0);
        if (base < 0) {
            return mapped_failed("a page", base);
        }
        *(volatile char *)base = 1;
        error = vfs_unmap((void *)base, PAGE, 0);
    }
    if (error != 0 || sharer_map(64 * PAGE) < 0 || sharer_store(9, 1) != 0 ||
        sharer_store(63 * PAGE, 1) != 0) {
        return mapped_failed("the victim's", error);
    }
    puts("shared");
    return 0;
}

/* Sizes that no memory has; nothing of it stays. */
static int mapped_huge(void)
{
    const int fd = open("/tmp/own", O_RDWR | O_CREAT, 0600);
    const size_t sizes[] = {(size_t)1 << 31, (size_t)1 << 32, (size_t)1 << 62,
                            (size_t)1 << 63, SIZE_MAX};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        const int64_t base = vfs_map(fd, 0, sizes[i], CUBICLE_WRITE, 0);
        const int64_t far = vfs_map(fd, INT64_MAX - 4095, sizes[i], CUBICLE_WRITE, 0);
        if (base != -ENOMEM || far != -ENOMEM) {
            return mapped_failed("size", base);
        }
    }
    if (vfs_map(fd, -PAGE, PAGE, CUBICLE_WRITE, 0) != -EINVAL ||
        vfs_map(fd, 0, PAGE, 2, 0) != -EINVAL ||
        vfs_map(fd, 0, PAGE, -1, 0) != -EINVAL ||
        vfs_map(fd, 7, PAGE, CUBICLE_WRITE, 0) != -EINVAL || own(PAGE) < 0) {
        return mapped_failed("argument", 0);
    }
    puts("refused");
    return 0;
}

#define ROW(x) \
    {          \
#x, x  \
    }
const struct attack mapping_attacks[] = {
    ROW(mapped_unmapped),
    ROW(mapped_hole),
    ROW(mapped_behind),
    ROW(mapped_before),
    ROW(mapped_read_only),
    ROW(mapped_by_victim),
    ROW(mapped_removed),
    ROW(mapped_shared),
    ROW(mapped_meddle),
    ROW(mapped_out),
    ROW(mapped_huge),
    ROW(mapped_scattered),
    {0},
};
