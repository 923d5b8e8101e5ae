/* sendfile and splice. */
#include "call_signals.h"
#include "call_sockets.h"
#include "syscall.h"

#define ONCE_MAX 0x7ffff000ul

/* The caller's offset, or -1, which stands for the descriptor's own. */
static long offset_in(const long *offset)
{
    return offset ? *offset : -1;
}

static void offset_out(long *offset, long moved)
{
    if (offset && moved > 0) {
        *offset += moved;
    }
}

long __call_sendfile(int out, int in, long *offset, unsigned long count)
{
    long r;
    if (offset && *offset < 0) {
        return -EINVAL;
    }
    count = count < ONCE_MAX ? count : ONCE_MAX;
    __call_seek_settle();
    do {
        r = vfs_sendfile(out, in, offset_in(offset), count, CALL_SELF);
        r = r > 0 ? __call_upto(r, count) : r;
    } while (__call_again(&r));
    if (r < (long)count) {
        __call_sockets_change(out); /* vfs may have said that more follows */
    }
    offset_out(offset, r);
    return r == -EPIPE ? __call_broken(r) : r;
}

long __call_splice(int in, long *in_offset, int out, long *out_offset, unsigned long count,
                   int flags)
{
    long r;
    if ((in_offset && *in_offset < 0) || (out_offset && *out_offset < 0)) {
        return -EINVAL;
    }
    count = count < ONCE_MAX ? count : ONCE_MAX;
    __call_seek_settle();
    do {
        r = vfs_splice(in, offset_in(in_offset), out, offset_in(out_offset), count, flags,
                       CALL_SELF);
        r = r > 0 ? __call_upto(r, count) : r;
    } while (__call_again(&r));
    if (r < (long)count) {
        __call_sockets_change(out); /* vfs may have said that more follows */
    }
    offset_out(in_offset, r);
    offset_out(out_offset, r);
    return r == -EPIPE ? __call_broken(r) : r;
}
