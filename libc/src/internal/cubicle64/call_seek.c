/*
 * Reading, writing and seeking. Programs that seek before every read or write (SQLite's
 * default) would pay two calls of vfs for each: so where lseek() cannot fail, it only
 * notes the position, and the read or write behind it carries that along.
 *
 * 1. At most one seek is pending. Whatever else could tell that it has not been done
 *    does it first: transfers through other descriptors (they may be duplicates of this
 *    one), other seeks, locks from the current position, directory entries, closing.
 * 2. A descriptor is known to seek once it has been moved to a position that is not 0:
 *    pipes refuse that, and devices without positions answer 0.
 * 3. Descriptors belong to the cubicle, but this note to one module: a module that is
 *    not alone in its cubicle defers nothing.
 */
#include <stdio.h>

#include "syscall.h"

#define KNOWN_MAX 1024 /* descriptors of a cubicle */
#define KNOWN_WORD(fd) known[(fd) / 64]
#define KNOWN_BIT(fd) (1UL << (fd) % 64)

/* The loader's: an absolute symbol, 1 where no other module is in the cubicle. */
extern const char __cubicle_alone[];

static unsigned long known[KNOWN_MAX / 64];
static struct {
    int fd; /* -1: none */
    long offset;
} pending = {.fd = -1};

static int is_known(int fd)
{
    return (unsigned)fd < KNOWN_MAX && (KNOWN_WORD(fd) & KNOWN_BIT(fd));
}

static void know(int fd)
{
    const char *alone = __cubicle_alone;
    __asm__("" : "+r"(alone)); /* the compiler takes addresses for non-zero */
    if (alone && (unsigned)fd < KNOWN_MAX) {
        KNOWN_WORD(fd) |= KNOWN_BIT(fd);
    }
}

void __call_seek_settle(void)
{
    const int fd = pending.fd;
    if (fd >= 0) {
        pending.fd = -1;
        vfs_lseek(fd, pending.offset, SEEK_SET, CALL_SELF);
    }
}

/* @fd is about to mean nothing, or something else. */
void __call_seek_forget(int fd)
{
    if (pending.fd == fd) {
        __call_seek_settle();
    }
    if (is_known(fd)) {
        KNOWN_WORD(fd) &= ~KNOWN_BIT(fd);
    }
}

long __call_lseek(int fd, long offset, int whence)
{
    if (whence == SEEK_SET && offset >= 0 && is_known(fd)) {
        if (pending.fd != fd) {
            __call_seek_settle();
        }
        pending.fd = fd;
        pending.offset = offset;
        return offset;
    }
    __call_seek_settle();
    const long result = vfs_lseek(fd, offset, whence, CALL_SELF);
    if (whence == SEEK_SET && result > 0) {
        know(fd);
    }
    return result;
}

/* The result of a transfer that should have sought. One that failed may have done so
 * before it came to vfs: the seek must not be lost with it. */
static long sought(int fd, long result)
{
    if (__builtin_expect(result < 0, 0)) {
        vfs_lseek(fd, pending.offset, SEEK_SET, CALL_SELF);
    }
    return result;
}

long __call_read(int fd, void *buf, unsigned long count)
{
    if (fd >= 0 && pending.fd == fd) {
        pending.fd = -1;
        return sought(fd, vfs_seek_read(fd, buf, count, pending.offset, CALL_SELF));
    }
    __call_seek_settle();
    return vfs_read(fd, buf, count, CALL_SELF);
}

long __call_write(int fd, const void *buf, unsigned long count)
{
    if (fd >= 0 && pending.fd == fd) {
        pending.fd = -1;
        return sought(fd, vfs_seek_write(fd, buf, count, pending.offset, CALL_SELF));
    }
    __call_seek_settle();
    return vfs_write(fd, buf, count, CALL_SELF);
}

long __call_getdents(int fd, void *buf, unsigned long count)
{
    __call_seek_settle();
    return vfs_getdents(fd, buf, count, CALL_SELF);
}

long __call_close(int fd)
{
    __call_seek_forget(fd);
    return vfs_close(fd, CALL_SELF);
}

long __call_dup3(int fd, int new_fd, int flags)
{
    __call_seek_forget(new_fd);
    return vfs_dup3(fd, new_fd, flags, CALL_SELF);
}
