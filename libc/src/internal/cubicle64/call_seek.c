/*
 * Reading, writing and seeking. Programs that seek before every read or write (SQLite's
 * default) would pay two calls of vfs for each. So where lseek() cannot fail it only
 * notes the position, and the next read or write takes the position along.
 *
 * 1. At most one seek is pending. Every other call that could tell that it has not been done
 *    does it first: transfers through other descriptors (they may be duplicates of this
 *    one), other seeks, locks from the current position, directory entries, closing.
 * 2. A descriptor is known to seek once it has been moved to a position that is not 0:
 *    pipes refuse that, and devices without positions answer 0.
 * 3. Nothing is known, and no seek pending, of a descriptor that is new.
 */
#include "call_known.h"
#include "call_signals.h"
#include "call_sockets.h"
#include "syscall.h"

#include <stdio.h>

static struct {
    int fd; /* -1: none */
    long offset;
} pending = {.fd = -1};

void __call_seek_settle(void)
{
    const int fd = pending.fd;
    if (fd >= 0) {
        pending.fd = -1;
        vfs_lseek(fd, pending.offset, SEEK_SET, CALL_SELF);
    }
}

/* Replaced by call_watch.c in programs that use epoll. */
static void ignore_end(int fd)
{
    (void)fd;
}
weak_alias(ignore_end, __call_watch_end);

static long ignore_duplicate(int fd, int made)
{
    (void)fd;
    (void)made;
    return 0;
}
weak_alias(ignore_duplicate, __call_watch_duplicate);

/* To be called before @fd is closed, or comes to mean another file. */
static void forget(int fd)
{
    if (pending.fd == fd) {
        __call_seek_settle();
    }
    __call_unknow(fd);
    if (__call_sockets) {
        __call_sockets->forget(fd);
    }
}

/* A vfs that was begun anew may give out a number that was never closed here. */
long __call_new(long fd)
{
    if (fd >= 0) {
        if (pending.fd == fd) {
            pending.fd = -1;
        }
        __call_unknow(fd);
        if (__call_sockets) {
            __call_sockets->forget(fd);
        }
        __call_watch_end(fd);
    }
    return fd;
}

/* Notes that @made is a duplicate of @fd. Closes @made again where there is no memory for the note.
 */
long __call_duplicate(int fd, long made)
{
    long error = 0;
    __call_sockets_change(fd);
    if (__call_new(made) >= 0) {
        error = __call_watch_duplicate(fd, made);
    }
    if (error) {
        vfs_close(made, CALL_SELF);
    }
    return error ? error : made;
}

long __call_lseek(int fd, long offset, int whence)
{
    if (whence == SEEK_SET && offset >= 0 && __call_known(fd, CALL_KNOWN_SEEKS)) {
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
        __call_know(fd, CALL_KNOWN_SEEKS);
    }
    return result;
}

/* The result of a transfer that took the pending seek along. A transfer may have failed before it
 * came to vfs: then the seek is done by itself. */
static long sought(int fd, long result)
{
    if (__builtin_expect(result < 0, 0)) {
        vfs_lseek(fd, pending.offset, SEEK_SET, CALL_SELF);
    }
    return result;
}

long __call_read(int fd, void *buf, unsigned long count)
{
    const struct call_sockets *sockets = __call_socket_at(fd);
    if (sockets) {
        return sockets->read(fd, buf, count);
    }
    if (__builtin_expect(count > CALL_PIECE, 0)) {
        return __call_long_read(fd, buf, count);
    }
    if (fd >= 0 && pending.fd == fd) {
        pending.fd = -1;
        return sought(fd, vfs_seek_read(fd, buf, count, pending.offset, CALL_SELF));
    }
    __call_seek_settle();
    long r;
    do {
        r = vfs_read(fd, buf, count, CALL_SELF);
    } while (__call_again(&r));
    return r;
}

long __call_write(int fd, const void *buf, unsigned long count)
{
    const struct call_sockets *sockets = __call_socket_at(fd);
    if (sockets) {
        return sockets->write(fd, buf, count);
    }
    if (__builtin_expect(count > CALL_PIECE, 0)) {
        return __call_long_write(fd, buf, count);
    }
    if (fd >= 0 && pending.fd == fd) {
        pending.fd = -1;
        return sought(fd,
                      __call_written(vfs_seek_write(fd, buf, count, pending.offset, CALL_SELF), count));
    }
    __call_seek_settle();
    long r;
    do {
        r = vfs_write(fd, buf, count, CALL_SELF);
        r = r > 0 ? __call_upto(r, count) : r == 0 && count ? -EIO : r;
    } while (__call_again(&r));
    return r == -EPIPE ? __call_broken(r) : r;
}

long __call_close(int fd)
{
    forget(fd);
    __call_watch_end(fd);
    return __call_zero(vfs_close(fd, CALL_SELF));
}

long __call_dup3(int fd, int new_fd, int flags)
{
    forget(new_fd);
    return __call_duplicate(fd, __call_fd(vfs_dup3(fd, new_fd, flags, CALL_SELF)));
}
