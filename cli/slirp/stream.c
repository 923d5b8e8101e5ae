#include "helper.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FRAME_MAX 65553u /* with an Ethernet header and a tag */

static int stream;
static uint8_t in[4 * FRAME_MAX];
static size_t in_size;

void stream_setup(int fd)
{
    stream = fd;
    (void)fcntl(fd, F_SETFL, O_NONBLOCK);
}

/* The system takes frames whenever it runs: to wait for it holds up nobody else. */
static bool stream_await_room(void)
{
    struct pollfd room = {.fd = stream, .events = POLLOUT};

    return poll(&room, 1, -1) > 0 || errno == EINTR;
}

bool stream_send(const void *frame, size_t size)
{
    uint32_t head = htonl((uint32_t)size);
    struct iovec parts[] = {{&head, sizeof(head)}, {(void *)(uintptr_t)frame, size}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};

    while (parts[0].iov_len + parts[1].iov_len > 0) {
        const ssize_t n = sendmsg(stream, &message, MSG_NOSIGNAL);
        if (n < 0 && (errno != EAGAIN || !stream_await_room())) {
            return false;
        }
        size_t done = n > 0 ? (size_t)n : 0;
        for (size_t i = 0; i < 2; i++) {
            const size_t part = done < parts[i].iov_len ? done : parts[i].iov_len;
            parts[i].iov_base = (uint8_t *)parts[i].iov_base + part;
            parts[i].iov_len -= part;
            done -= part;
        }
    }
    return true;
}

/* Gives the whole frames of `in` to @slirp. False: a length that no frame has. */
static bool stream_deliver(Slirp *slirp)
{
    size_t at = 0;
    uint32_t head;

    while (in_size - at >= sizeof(head)) {
        memcpy(&head, in + at, sizeof(head));
        const size_t size = ntohl(head);
        if (size > FRAME_MAX) {
            return false;
        }
        if (in_size - at - sizeof(head) < size) {
            break;
        }
        if (address_allowed(in + at + sizeof(head), size) &&
            frame_affordable(in + at + sizeof(head), size)) {
            slirp_input(slirp, in + at + sizeof(head), (int)size);
        }
        at += sizeof(head) + size;
    }
    memmove(in, in + at, in_size - at);
    in_size -= at;
    return true;
}

bool stream_receive(Slirp *slirp)
{
    const ssize_t n = recv(stream, in + in_size, sizeof(in) - in_size, MSG_DONTWAIT);

    if (n < 0) {
        return errno == EAGAIN || errno == EINTR;
    }
    in_size += (size_t)n;
    return n > 0 && stream_deliver(slirp);
}
