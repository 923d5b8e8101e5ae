/*
 * Sending and receiving. A call carries 64 KiB: a stream's longer transfers are made in pieces, all
 * but the last of which say that more follows; a datagram is never divided.
 */
#define _GNU_SOURCE
#include <limits.h>
#include <string.h>
#include <sys/uio.h>

#include "call_socket.h"

#define ADDRESS_MAX 128
#define GATHER_MAX 4096 /* bytes: up to here one copy costs less than several sends */
#define ONCE_MAX 0x7ffff000ul
#define DATAGRAM_MAX 65536ul

static int is_stream(const struct call_socket *s)
{
    return s->type == SOCK_STREAM;
}

/* One call of the component that keeps the socket: the network stack or vfs. */
static long send_once(int fd, const struct call_socket *s, const void *buf, unsigned long count,
                      int flags, const void *address, unsigned len)
{
    long r;
    do {
        r = s->handle == 0 ? vfs_send(fd, buf, count, flags, CALL_SELF)
            : address      ? __call_stack.socket_send_to(s->handle, buf, count, flags, address, len,
                                                    CALL_SELF)
                           : __call_stack.socket_send(s->handle, buf, count, flags, CALL_SELF);
        r = r > 0 ? __call_upto(r, count) : r == 0 && count ? -EIO : r;
    } while (__call_again(&r));
    if (flags & MSG_MORE || s->more || r < (long)count) {
        __call_cork_sent(fd, (flags & MSG_MORE) != 0);
    }
    return r;
}

static long send_all(int fd, const struct call_socket *s, const char *buf, unsigned long count,
                     int flags, const void *address, unsigned len)
{
    unsigned long done = 0;
    if (!is_stream(s) || count <= CALL_PIECE) {
        return send_once(fd, s, buf, count, flags, address, len);
    }
    while (done < count) {
        const unsigned long want = count - done < CALL_PIECE ? count - done : CALL_PIECE;
        const long r = send_once(fd, s, buf + done, want,
                                 done + want < count ? flags | MSG_MORE : flags, address, len);
        if (r < 0) {
            return done ? (long)done : r;
        }
        done += r;
        if (r < want) {
            break;
        }
    }
    return done;
}

static long sent(long r, int flags)
{
    return r == -EPIPE && !(flags & MSG_NOSIGNAL) ? __call_broken(r) : r;
}

long __call_socket_send(int fd, const struct call_socket *s, const void *buf, unsigned long count,
                        int flags, const void *address, unsigned len)
{
    count = count < ONCE_MAX ? count : ONCE_MAX;
    return sent(send_all(fd, s, buf, count, flags, address, len), flags);
}

long __call_sendto(int fd, const void *buf, unsigned long count, int flags, const void *address,
                   unsigned len)
{
    struct call_socket s;
    const long r = __call_socket_get(fd, &s);
    if (r < 0) {
        return r;
    }
    if (len > ADDRESS_MAX || (long)count < 0) {
        return -EINVAL;
    }
    if (s.handle == 0 && address) {
        return -EISCONN;
    }
    count = count < ONCE_MAX ? count : ONCE_MAX;
    return sent(send_all(fd, &s, buf, count, flags, address, address ? len : 0), flags);
}

/* The number of bytes. More than any call moves, or too many pieces, is an error. */
static long iov_total(const struct iovec *iov, int count)
{
    unsigned long total = 0;
    if (count < 0 || count > IOV_MAX) {
        return count < 0 ? -EINVAL : -EMSGSIZE;
    }
    for (int i = 0; i < count; i++) {
        if (iov[i].iov_len > LONG_MAX - total) {
            return -EINVAL;
        }
        total += iov[i].iov_len;
    }
    return total;
}

static long send_gathered(int fd, const struct call_socket *s, const struct iovec *iov, int count,
                          unsigned long total, int flags, const void *address, unsigned len)
{
    char buf[total + 1];
    char *p = buf;
    for (int i = 0; i < count; i++) {
        if (iov[i].iov_len) {
            p = (char *)memcpy(p, iov[i].iov_base, iov[i].iov_len) + iov[i].iov_len;
        }
    }
    return send_once(fd, s, buf, total, flags, address, len);
}

/* The index behind the last that is not empty. */
static int iov_end(const struct iovec *iov, int count)
{
    while (count > 0 && iov[count - 1].iov_len == 0) {
        count--;
    }
    return count;
}

static long send_pieces(int fd, const struct call_socket *s, const struct iovec *iov, int count,
                        int flags, const void *address, unsigned len)
{
    long done = 0;
    for (int i = 0; i < count; i++) {
        if (iov[i].iov_len == 0) {
            continue;
        }
        const long r = send_all(fd, s, iov[i].iov_base, iov[i].iov_len,
                                i + 1 < count ? flags | MSG_MORE : flags, address, len);
        if (r < 0) {
            return done ? done : r;
        }
        done += r;
        if (r < iov[i].iov_len) {
            break;
        }
    }
    return done;
}

long __call_socket_sendv(int fd, const struct iovec *iov, int count, int flags,
                         const void *address, unsigned len)
{
    struct call_socket s;
    long r = __call_socket_get(fd, &s);
    if (r < 0) {
        return r;
    }
    const long total = iov_total(iov, count);
    if (total < 0) {
        return total;
    }
    count = iov_end(iov, count);
    if (count <= 1) {
        r = send_all(fd, &s, count ? iov->iov_base : "", total, flags, address, len);
    } else if (total <= GATHER_MAX || (!is_stream(&s) && total <= DATAGRAM_MAX)) {
        r = send_gathered(fd, &s, iov, count, total, flags, address, len);
    } else if (!is_stream(&s)) {
        r = -EMSGSIZE;
    } else {
        r = send_pieces(fd, &s, iov, count, flags, address, len);
    }
    return sent(r, flags);
}

long __call_sendmsg(int fd, const void *message, int flags)
{
    const struct msghdr *m = message;
    if (m->msg_controllen != 0 && m->msg_control) {
        return -EOPNOTSUPP; /* no descriptors, no options of a packet */
    }
    if (m->msg_name && m->msg_namelen > ADDRESS_MAX) {
        return -EINVAL;
    }
    return __call_socket_sendv(fd, m->msg_iov, m->msg_iovlen, flags, m->msg_name,
                               m->msg_name ? m->msg_namelen : 0);
}

/* ---- receiving ---- */

static long receive_once(int fd, const struct call_socket *s, void *buf, unsigned long count,
                         int flags, struct socket_message *message)
{
    long r;
    do {
        if (s->handle == 0) {
            unsigned long size = 0;
            r = vfs_receive(fd, buf, count, flags, &size, CALL_SELF);
            if (message) {
                *message = (struct socket_message){.size = size};
            }
        } else {
            r = message ? __call_stack.socket_receive_from(s->handle, buf, count, flags, message,
                                                           CALL_SELF)
                        : __call_stack.socket_receive(s->handle, buf, count, flags, CALL_SELF);
        }
        /* With MSG_TRUNC the result is a datagram's size, which may exceed @count. */
        r = r > 0 ? __call_upto(r, count) : r;
    } while (__call_again(&r));
    return r;
}

/* May a stream have more where a call returned @got of @want bytes? */
static int more_may_be(long got, unsigned long want)
{
    return got == want || got >= SOCKET_PIECE;
}

/* The flags of the calls after the first. They take bytes that are there already, and wait only
 * where the program wants all of them. */
static int rest_flags(const struct call_socket *s, int flags)
{
    return flags & MSG_WAITALL ? flags : flags | (s->handle ? SOCKET_REST : MSG_DONTWAIT);
}

/* Receives a stream's bytes in pieces, as many as there are and have room: a program that gets
 * fewer takes them for all that there were (epoll(7)). */
static long receive_all(int fd, const struct call_socket *s, char *buf, unsigned long count,
                        int flags, struct socket_message *message)
{
    unsigned long done = 0, want;
    long r;
    do {
        want = count - done < CALL_PIECE ? count - done : CALL_PIECE;
        r = receive_once(fd, s, buf + done, want, done ? rest_flags(s, flags) : flags, message);
        done += r > 0 ? r : 0;
    } while (r > 0 && done < count && more_may_be(r, want) && is_stream(s) && !(flags & MSG_PEEK));
    return done ? (long)done : r;
}

long __call_socket_receive(int fd, const struct call_socket *s, void *buf, unsigned long count, int flags,
                           struct socket_message *message)
{
    return receive_all(fd, s, buf, count, flags, message);
}

/* The result of recv() and its kin: with MSG_TRUNC a datagram's size. */
static long received(const struct call_socket *s, long r, int flags,
                     const struct socket_message *message)
{
    return r >= 0 && flags & MSG_TRUNC && !is_stream(s) && message->size <= DATAGRAM_MAX * 2
               ? (long)message->size
               : r;
}

long __call_recvfrom(int fd, void *buf, unsigned long count, int flags, void *address,
                     unsigned *len)
{
    struct call_socket s;
    struct socket_message message = {0};
    long r = __call_socket_get(fd, &s);
    if (r < 0) {
        return r;
    }
    if ((long)count < 0) {
        return -EINVAL;
    }
    const int asks = (address && len) || (flags & MSG_TRUNC && !is_stream(&s));
    r = receive_all(fd, &s, buf, count, flags, asks ? &message : 0);
    if (r >= 0 && asks) {
        __call_address_out(&message.from, address, len);
        r = received(&s, r, flags, &message);
    }
    return r;
}

static void scatter(const struct iovec *iov, int count, const char *from, unsigned long left)
{
    for (int i = 0; i < count && left; i++) {
        const unsigned long n = iov[i].iov_len < left ? iov[i].iov_len : left;
        memcpy(iov[i].iov_base, from, n);
        from += n;
        left -= n;
    }
}

/* Receives into one buffer after the other, without a copy. */
static long receive_pieces(int fd, const struct call_socket *s, const struct iovec *iov,
                           int count, int flags, struct socket_message *message)
{
    long done = 0;
    for (int i = 0; i < count; i++) {
        if (iov[i].iov_len == 0) {
            continue;
        }
        const long r = receive_all(fd, s, iov[i].iov_base, iov[i].iov_len,
                                   done ? rest_flags(s, flags) : flags, message);
        if (r < 0) {
            return done ? done : r;
        }
        done += r;
        if (r < iov[i].iov_len) {
            break;
        }
    }
    return done;
}

long __call_socket_receivev(int fd, const struct iovec *iov, int count, int flags,
                            struct socket_message *message)
{
    struct call_socket s;
    long r = __call_socket_get(fd, &s);
    if (r < 0) {
        return r;
    }
    const long total = iov_total(iov, count);
    if (total < 0) {
        return total;
    }
    count = iov_end(iov, count);
    while (count > 1 && iov->iov_len == 0) {
        iov++;
        count--;
    }
    if (count <= 1) {
        char none[1];
        return receive_all(fd, &s, count ? iov->iov_base : none, total, flags, message);
    }
    if (is_stream(&s) && !(flags & MSG_PEEK) &&
        (iov->iov_len >= CALL_PIECE / 4 || total > CALL_PIECE)) {
        return receive_pieces(fd, &s, iov, count, flags, message);
    }
    const unsigned long room = total < CALL_PIECE ? total : CALL_PIECE;
    char buf[room];
    r = receive_all(fd, &s, buf, room, flags, message);
    if (r > 0) {
        scatter(iov, count, buf, r);
    }
    return r;
}

/* Receives one message. The stack tells its sender's address and its size only where the program
 * asks for the address, or the message is a datagram. */
long __call_recvmsg(int fd, void *message, int flags)
{
    struct msghdr *m = message;
    struct call_socket s;
    struct socket_message told = {0};
    long r = __call_socket_get(fd, &s);
    if (r < 0) {
        return r;
    }
    const int asks = m->msg_name != 0 || !is_stream(&s);
    r = __call_socket_receivev(fd, m->msg_iov, m->msg_iovlen, flags, asks ? &told : 0);
    if (r < 0) {
        return r;
    }
    m->msg_flags = !is_stream(&s) && told.size > (unsigned long)r ? MSG_TRUNC : 0;
    m->msg_controllen = 0;
    if (m->msg_name) {
        unsigned len = m->msg_namelen;
        __call_address_out(&told.from, m->msg_name, &len);
        m->msg_namelen = len;
    } else {
        m->msg_namelen = 0;
    }
    return received(&s, r, flags, &told);
}

long __call_recvmmsg(int fd, void *messages, unsigned count, int flags, const void *timeout)
{
    struct mmsghdr *m = messages;
    const int wait_for_one = flags & MSG_WAITFORONE;
    long r = 0;
    unsigned done = 0;
    flags &= ~MSG_WAITFORONE;
    for (; done < count && done < IOV_MAX; done++) {
        r = __call_recvmsg(fd, &m[done].msg_hdr, flags);
        if (r < 0) {
            break;
        }
        m[done].msg_len = r;
        flags |= wait_for_one ? MSG_DONTWAIT : 0;
    }
    return done ? (long)done : r;
}
