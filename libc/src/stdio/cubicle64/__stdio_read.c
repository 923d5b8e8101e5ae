/*
 * musl fills the caller's buffer and the stream's by one readv(), which would be two calls here.
 * This makes one: a request that exceeds the stream's buffer is read straight into the caller's,
 * and any other fills the stream's buffer, from which the caller is served.
 */
#include <string.h>

#include "stdio_impl.h"

size_t __stdio_read(FILE *f, unsigned char *buf, size_t len)
{
    const int direct = len >= f->buf_size;
    const ssize_t count = direct ? syscall(SYS_read, f->fd, buf, len)
                                 : syscall(SYS_read, f->fd, f->buf, f->buf_size);
    if (count <= 0) {
        f->flags |= count ? F_ERR : F_EOF;
        return 0;
    }
    if (direct) {
        return count;
    }
    const size_t n = (size_t)count < len ? (size_t)count : len;
    memcpy(buf, f->buf, n);
    f->rpos = f->buf + n;
    f->rend = f->buf + count;
    return n;
}
