/*
 * Connections that stand still while memory is short: those that have for longest end first, until there is room again.
 * libslirp keeps two buffers of 128 KiB for each connection as long as it lasts, and tells nobody how much is in them. So
 * the host's own end of the connection says whether it goes on: by the bytes that the outside has acknowledged, and those that have
 * come from it.
 *
 * A connection ends by connect(AF_UNSPEC), which resets it (tcp(7) has no other call for that). libslirp then reads ENOTCONN
 * or ECONNRESET, resets it on the system's side, and frees its buffers.
 */
#include "helper.h"

#include <string.h>
#include <sys/socket.h>

#include <linux/tcp.h>

#define STILL_MS 10000     /* an outside that is out of reach for a moment is none */
#define STILL_FULL_MS 5000 /* where nobody may send any more */
#define TOGETHER_MS 1000
#define IDLE_COUNTS 4 /* so many seconds without anything to take count as one */
#define PROGRESS 4096 /* fewer bytes are none, or one byte now and then would do */
#define BUFFERS (2 * 128 * 1024)
#define STATE_CLOSED 7 /* include/net/tcp_states.h of Linux */
#define STATE_LISTENS 10

static struct still {
    uint64_t nbytes; /* when it last went on */
    int64_t since_ms;
    int64_t for_ms; /* still_end()'s */
    bool ended;
} stills[DESCRIPTORS_MAX];

void still_opened(int fd, int64_t now_ms)
{
    stills[fd] = (struct still){.since_ms = now_ms};
}

bool still_ended(int fd)
{
    return stills[fd].ended;
}

/* For how long the connection @fd has stood still; -1: it is none. Where the outside has nothing to take, the others may keep
 * it from getting some: then the time counts less. */
static int64_t still_for(int fd, int64_t now_ms)
{
    struct tcp_info info;
    socklen_t size = sizeof(info);

    memset(&info, 0, sizeof(info));
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0 ||
        info.tcpi_state == STATE_CLOSED || info.tcpi_state == STATE_LISTENS) {
        return -1;
    }
    const uint64_t nbytes = info.tcpi_bytes_acked + info.tcpi_bytes_received;
    if (nbytes - stills[fd].nbytes >= PROGRESS) {
        stills[fd] = (struct still){.nbytes = nbytes, .since_ms = now_ms};
    }
    const bool waits = info.tcpi_unacked > 0 || info.tcpi_notsent_bytes > 0;
    return (now_ms - stills[fd].since_ms) / (waits ? 1 : IDLE_COUNTS);
}

void still_end(int64_t now_ms, size_t excess, bool full)
{
    const struct sockaddr nobody = {.sa_family = AF_UNSPEC};
    const int64_t least_ms = full ? STILL_FULL_MS : STILL_MS;
    size_t count = excess / BUFFERS + 1;
    int64_t longest_ms = 0;

    for (int fd = 0; fd < (int)DESCRIPTORS_MAX; fd++) {
        const int64_t ms = bounds_is_open(fd) ? still_for(fd, now_ms) : -1;
        stills[fd].for_ms = ms;
        longest_ms = ms > longest_ms ? ms : longest_ms;
    }
    const int64_t from_ms =
        longest_ms - TOGETHER_MS > least_ms ? longest_ms - TOGETHER_MS : least_ms;
    for (int fd = 0; fd < (int)DESCRIPTORS_MAX && count > 0; fd++) {
        if (stills[fd].for_ms >= from_ms && connect(fd, &nobody, sizeof(nobody)) == 0) {
            stills[fd].ended = true;
            count--;
        }
    }
}
