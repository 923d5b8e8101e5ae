/*
 * Transfers of more bytes than one call should carry, since a call copies them through the callee's
 * stack. They are done in pieces, up to the first that falls short. After an error the pieces
 * before it count, as with the kernel.
 */
#include "call_known.h"
#include "call_long.h"
#include "syscall.h"

#include <poll.h>
#include <stdio.h>

#define ONCE_MAX 0x7ffff000ul /* what Linux moves at most */

typedef long piece(int fd, char *buf, unsigned long count, long offset);

static long read_piece(int fd, char *buf, unsigned long count, long offset)
{
    return __call_read(fd, buf, count);
}

static long write_piece(int fd, char *buf, unsigned long count, long offset)
{
    return __call_write(fd, buf, count);
}

static long pread_piece(int fd, char *buf, unsigned long count, long offset)
{
    return vfs_pread(fd, buf, count, offset, CALL_SELF);
}

static long pwrite_piece(int fd, char *buf, unsigned long count, long offset)
{
    return __call_written(vfs_pwrite(fd, buf, count, offset, CALL_SELF), count);
}

static long random_piece(int fd, char *buf, unsigned long count, long offset)
{
    const long r = random_bytes(buf, count);
    return (unsigned long)r == count ? r : __call_lie(r);
}

/* An error is not reported here: the next call meets it again. */
int __call_reads_on(int fd)
{
    struct pollfd pfd = {.fd = fd, .events = POLLIN};
    return vfs_poll(&pfd, sizeof pfd, 0, CALL_SELF) == 1 && (pfd.revents & POLLIN) &&
           !(pfd.revents & POLLERR);
}

static long in_pieces(piece *move, int fd, char *buf, unsigned long count, long offset)
{
    if ((long)count < 0) {
        return -EINVAL;
    }
    if (count > ONCE_MAX) {
        count = ONCE_MAX;
    }
    unsigned long done = 0;
    while (done < count) {
        const unsigned long want =
            count - done < CALL_PIECE ? count - done : CALL_PIECE;
        const long r = move(fd, buf + done, want, offset + done);
        if (r < 0) {
            return done ? (long)done : r;
        }
        done += r;
        if (r < want) {
            break;
        }
        if (move == read_piece && vfs_lseek(fd, 0, SEEK_CUR, CALL_SELF) < 0 &&
            !__call_reads_on(fd)) {
            break;
        }
    }
    return done;
}

long __call_long_read(int fd, void *buf, unsigned long count)
{
    return in_pieces(read_piece, fd, buf, count, 0);
}

long __call_long_write(int fd, const void *buf, unsigned long count)
{
    return in_pieces(write_piece, fd, (char *)buf, count, 0);
}

long __call_pread(int fd, void *buf, unsigned long count, long offset)
{
    return count <= CALL_PIECE ? vfs_pread(fd, buf, count, offset, CALL_SELF)
                               : in_pieces(pread_piece, fd, buf, count, offset);
}

long __call_pwrite(int fd, const void *buf, unsigned long count, long offset)
{
    return count <= CALL_PIECE
               ? pwrite_piece(fd, (char *)buf, count, offset)
               : in_pieces(pwrite_piece, fd, (char *)buf, count, offset);
}

long __call_random(void *buf, unsigned long count)
{
    return count <= CALL_PIECE ? random_piece(-1, buf, count, 0)
                               : in_pieces(random_piece, -1, buf, count, 0);
}

/*
 * Two functions for libc itself, which do something only in modules that read or write, and so link
 * this file. Their callers define weak empty ones, so that no module imports vfs on their account.
 */

/* The loader's: an absolute symbol, the soft limit of the process that started the system; 0: not
 * known. */
extern const char __cubicle_descriptors[];

/* Descriptors 0 to 2 stay, whatever the limit is, as on Linux. */
static void streams_limit(void)
{
    const unsigned long limit = call_symbol(__cubicle_descriptors);
    if (limit && limit <= CALL_FD_MAX && __call_zero(vfs_limit(limit, CALL_SELF)) == 0) {
        __call_fd_end = limit;
    }
}

/* Opens descriptors 0 to 2. vfs does so at their first use, when there might be no memory for it.
 */
void __app_streams(void)
{
    for (int fd = 0; fd <= 2; fd++) {
        vfs_lseek(fd, 0, SEEK_CUR, CALL_SELF); /* moves nothing */
    }
    streams_limit();
}

void __call_say(const char *line, unsigned long size)
{
    vfs_write(2, line, size, CALL_SELF);
}
