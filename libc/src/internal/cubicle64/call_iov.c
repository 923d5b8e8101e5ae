/*
 * readv and writev over single transfers. One iovec goes straight through; several
 * small ones are gathered on the stack, because a call costs more than copying a few
 * kilobytes; else one transfer per iovec, stopping at the first short one, as the
 * kernel may.
 */
#include <limits.h>
#include <string.h>
#include <sys/uio.h>

#include "call_long.h"
#include "call_sockets.h"
#include "syscall.h"

#define GATHER_MAX 4096

/* A summary of an array of iovecs. */
struct iov_sum {
    size_t total;
    int nonempty;
    const struct iovec *single; /* the last that is not empty */
};

static long iov_sum(const struct iovec *iov, int count, struct iov_sum *sum)
{
    *sum = (struct iov_sum){.single = iov};
    if (count < 0 || count > IOV_MAX) {
        return -EINVAL;
    }
    for (int i = 0; i < count; i++) {
        if (iov[i].iov_len > SSIZE_MAX - sum->total) {
            return -EINVAL;
        }
        if (iov[i].iov_len) {
            sum->total += iov[i].iov_len;
            sum->nonempty++;
            sum->single = &iov[i];
        }
    }
    return 0;
}

/* offset < 0: at the descriptor's own offset. */
static long iov_write(int fd, const void *buf, size_t count, long offset)
{
    return offset < 0 ? __call_write(fd, buf, count)
                      : __call_pwrite(fd, buf, count, offset);
}

static long iov_read(int fd, void *buf, size_t count, long offset)
{
    return offset < 0 ? __call_read(fd, buf, count)
                      : __call_pread(fd, buf, count, offset);
}

static long iov_write_all(int fd, const struct iovec *iov, int count, long offset)
{
    struct iov_sum sum;
    const long error = iov_sum(iov, count, &sum);
    if (error) {
        return error;
    }
    if (sum.nonempty <= 1) {
        return iov_write(fd, sum.nonempty ? sum.single->iov_base : "", sum.total,
                         offset);
    }
    if (sum.total <= GATHER_MAX) {
        char buf[GATHER_MAX];
        char *p = buf;
        for (int i = 0; i < count; i++) {
            p = (char *)memcpy(p, iov[i].iov_base, iov[i].iov_len) + iov[i].iov_len;
        }
        return iov_write(fd, buf, sum.total, offset);
    }
    long done = 0;
    for (int i = 0; i < count; i++) {
        if (iov[i].iov_len == 0) {
            continue;
        }
        const long r = iov_write(fd, iov[i].iov_base, iov[i].iov_len,
                                 offset < 0 ? -1 : offset + done);
        if (r < 0) {
            return done ? done : r;
        }
        done += r;
        if (r < (long)iov[i].iov_len) {
            break;
        }
    }
    return done;
}

static void iov_scatter(const struct iovec *iov, const char *p, size_t left)
{
    for (; left; iov++) {
        const size_t n = iov->iov_len < left ? iov->iov_len : left;
        memcpy(iov->iov_base, p, n);
        p += n;
        left -= n;
    }
}

static long iov_read_all(int fd, const struct iovec *iov, int count, long offset)
{
    struct iov_sum sum;
    const long error = iov_sum(iov, count, &sum);
    if (error) {
        return error;
    }
    if (sum.nonempty <= 1) {
        char none[1];
        return iov_read(fd, sum.nonempty ? sum.single->iov_base : none, sum.total,
                        offset);
    }
    if (sum.total <= GATHER_MAX) {
        char buf[GATHER_MAX];
        const long r = iov_read(fd, buf, sum.total, offset);
        if (r > 0) {
            iov_scatter(iov, buf, r);
        }
        return r;
    }
    long done = 0;
    for (int i = 0; i < count; i++) {
        if (iov[i].iov_len == 0) {
            continue;
        }
        if (done && offset < 0 && !__call_reads_on(fd)) {
            break;
        }
        const long r = iov_read(fd, iov[i].iov_base, iov[i].iov_len,
                                offset < 0 ? -1 : offset + done);
        if (r < 0) {
            return done ? done : r;
        }
        done += r;
        if (r < (long)iov[i].iov_len) {
            break;
        }
    }
    return done;
}

long __call_writev(int fd, const void *iov, int count)
{
    const struct call_sockets *sockets = __call_socket_at(fd);
    return sockets ? sockets->writev(fd, iov, count) : iov_write_all(fd, iov, count, -1);
}

long __call_pwritev(int fd, const void *iov, int count, long offset)
{
    return offset < 0 ? -EINVAL : iov_write_all(fd, iov, count, offset);
}

long __call_readv(int fd, const void *iov, int count)
{
    const struct call_sockets *sockets = __call_socket_at(fd);
    return sockets ? sockets->readv(fd, iov, count) : iov_read_all(fd, iov, count, -1);
}

long __call_preadv(int fd, const void *iov, int count, long offset)
{
    return offset < 0 ? -EINVAL : iov_read_all(fd, iov, count, offset);
}
