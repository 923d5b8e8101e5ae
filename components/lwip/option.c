/* getsockopt(2) and setsockopt(2). */
#define _GNU_SOURCE /* struct tcp_info */
#include "stack.h"

#include <errno.h>
#include <limits.h>
#include <lwip/priv/tcp_priv.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/time.h>

#define STREAM_BUFFER (1024 * 1024)
#define DATAGRAM_BUFFER (208 * 1024)
#define BUFFER_MIN 4608 /* of Linux: SOCK_MIN_SNDBUF */
#define BUFFER_MAX TCP_SND_BUF

void option_defaults(struct sock_options *options)
{
    *options = (struct sock_options){
        .receive_size = DATAGRAM_BUFFER,
        .send_size = STREAM_BUFFER,
        .tos = -1,
        .ttl = -1,
    };
}

/* ---- levels: where an option that is an int lives ---- */

enum option_type { OPTION_FLAG, OPTION_INT };

struct option_row {
    int level, option;
    enum option_type type;
    size_t offset; /* in struct sock_options */
    int min, max;
};

#define FLAG(level, option, member)                                                 \
    {                                                                               \
        level, option, OPTION_FLAG, offsetof(struct sock_options, member), INT_MIN, \
            INT_MAX                                                                 \
    }
#define NUMBER(level, option, member, min, max)                                    \
    {                                                                              \
        level, option, OPTION_INT, offsetof(struct sock_options, member), min, max \
    }

static const struct option_row rows[] = {
    FLAG(SOL_SOCKET, SO_REUSEADDR, reuse_address),
    FLAG(SOL_SOCKET, SO_REUSEPORT, reuse_port),
    FLAG(SOL_SOCKET, SO_KEEPALIVE, keep_alive),
    FLAG(SOL_SOCKET, SO_BROADCAST, broadcast),
    FLAG(IPPROTO_TCP, TCP_NODELAY, no_delay),
    FLAG(IPPROTO_TCP, TCP_CORK, cork),
    NUMBER(IPPROTO_TCP, TCP_KEEPIDLE, keep_idle_s, 1, 32767),
    NUMBER(IPPROTO_TCP, TCP_KEEPINTVL, keep_interval_s, 1, 32767),
    NUMBER(IPPROTO_TCP, TCP_KEEPCNT, keep_count, 1, 127),
    NUMBER(IPPROTO_TCP, TCP_DEFER_ACCEPT, defer_accept_s, 0, INT_MAX),
    NUMBER(IPPROTO_IP, IP_TOS, tos, 0, 255),
    NUMBER(IPPROTO_IP, IP_TTL, ttl, -1, 255),
    NUMBER(IPPROTO_IPV6, IPV6_TCLASS, tos, -1, 255),
    NUMBER(IPPROTO_IPV6, IPV6_UNICAST_HOPS, ttl, -1, 255),
    FLAG(IPPROTO_IPV6, IPV6_V6ONLY, v6only),
};

/* What is taken and changes nothing: hints, and what this stack does anyway. */
static const struct {
    int level, option;
} ignored[] = {
    {SOL_SOCKET, SO_PRIORITY},     {SOL_SOCKET, SO_DONTROUTE},
    {SOL_SOCKET, SO_OOBINLINE},    {SOL_SOCKET, SO_RCVLOWAT},
    {IPPROTO_TCP, TCP_QUICKACK},   {IPPROTO_TCP, TCP_USER_TIMEOUT},
    {IPPROTO_TCP, TCP_SYNCNT},     {IPPROTO_TCP, TCP_LINGER2},
    {IPPROTO_IP, IP_MTU_DISCOVER}, {IPPROTO_IPV6, IPV6_MTU_DISCOVER},
    {IPPROTO_IP, IP_RECVERR},      {IPPROTO_IPV6, IPV6_RECVERR},
};

static const struct option_row *option_find(int level, int option)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        if (rows[i].level == level && rows[i].option == option) {
            return &rows[i];
        }
    }
    return NULL;
}

static bool option_ignored(int level, int option)
{
    for (size_t i = 0; i < sizeof(ignored) / sizeof(*ignored); i++) {
        if (ignored[i].level == level && ignored[i].option == option) {
            return true;
        }
    }
    return false;
}

static bool level_fits(const struct sock *sock, int level)
{
    return level == SOL_SOCKET || level == IPPROTO_IP ||
           (level == IPPROTO_TCP && sock->object.kind == OBJECT_STREAM) ||
           (level == IPPROTO_IPV6 && sock->domain == AF_INET6);
}

/* ---- setting ---- */

static int option_set_row(struct sock *sock, const struct option_row *row, int value)
{
    char *at = (char *)&sock->options + row->offset;

    if (row->option == IPV6_V6ONLY && row->level == IPPROTO_IPV6 &&
        (sock->bound || sock->state != SOCK_FRESH)) {
        return -EINVAL;
    }
    if (value < row->min || value > row->max) {
        return -EINVAL;
    }
    if (row->type == OPTION_FLAG) {
        *(bool *)at = value != 0;
    } else {
        memcpy(at, &value, sizeof(value));
    }
    tcp_apply_options(sock);
    if (row->level == IPPROTO_TCP && sock->tcp != NULL &&
        sock->state == SOCK_CONNECTED) {
        loop_dirty(sock); /* what was held back may leave */
    }
    return 0;
}

/* Linux counts its own structures too, and so doubles what is asked for. */
static int option_buffer(int value)
{
    value = value < BUFFER_MAX / 2 ? value * 2 : BUFFER_MAX;
    return value > BUFFER_MIN ? value : BUFFER_MIN;
}

static int option_set_time(int64_t *time_ns, const void *value, size_t len)
{
    struct timeval time;

    if (len < sizeof(time)) {
        return -EINVAL;
    }
    memcpy(&time, value, sizeof(time));
    if (time.tv_usec < 0 || time.tv_usec >= 1000000) {
        return -EDOM;
    }
    const int64_t most_s = INT64_MAX / 1000000000 - 1;
    const int64_t s = time.tv_sec < most_s ? time.tv_sec : most_s;
    *time_ns = s < 0 ? 1 : s * 1000000000 + time.tv_usec * 1000;
    return 0;
}

static int option_set_linger(struct sock *sock, const void *value, size_t len)
{
    struct linger linger;

    if (len < sizeof(linger)) {
        return -EINVAL;
    }
    memcpy(&linger, value, sizeof(linger));
    sock->options.linger = linger.l_onoff != 0;
    sock->options.linger_s = linger.l_linger < 0 ? INT_MAX : linger.l_linger;
    return 0;
}

int option_set(struct sock *sock, int level, int option, const void *value, size_t len)
{
    const struct option_row *row = option_find(level, option);
    int number;

    if (!level_fits(sock, level)) {
        return -ENOPROTOOPT;
    }
    if (level == SOL_SOCKET && option == SO_RCVTIMEO) {
        return option_set_time(&sock->options.receive_timeout_ns, value, len);
    }
    if (level == SOL_SOCKET && option == SO_SNDTIMEO) {
        return option_set_time(&sock->options.send_timeout_ns, value, len);
    }
    if (level == SOL_SOCKET && option == SO_LINGER) {
        return option_set_linger(sock, value, len);
    }
    if (level == IPPROTO_IP && option == IP_TOS && len == 1) {
        return option_set_row(sock, row, *(const uint8_t *)value);
    }
    if (len < sizeof(number)) {
        return -EINVAL;
    }
    memcpy(&number, value, sizeof(number));
    if (level == SOL_SOCKET && (option == SO_RCVBUF || option == SO_SNDBUF)) {
        int *size = option == SO_RCVBUF ? &sock->options.receive_size
                                        : &sock->options.send_size;
        *size = option_buffer(number < 0 ? INT_MAX : number);
        return 0;
    }
    if (row != NULL) {
        return option_set_row(sock, row, number);
    }
    return option_ignored(level, option) ? 0 : -ENOPROTOOPT;
}

/* ---- getting ---- */

static ssize_t option_give(void *value, size_t size, const void *from, size_t from_size)
{
    const size_t n = size < from_size ? size : from_size;

    memcpy(value, from, n);
    return (ssize_t)n;
}

static ssize_t option_give_time(void *value, size_t size, int64_t time_ns)
{
    const struct timeval time = {.tv_sec = time_ns / 1000000000,
                                 .tv_usec = time_ns % 1000000000 / 1000};

    return option_give(value, size, &time, sizeof(time));
}

/* What of struct tcp_info this stack knows. */
static ssize_t option_give_info(const struct sock *sock, void *value, size_t size)
{
    /* States of lwIP, in the numbers of Linux. */
    static const uint8_t states[] = {
        [CLOSED] = 7,      [LISTEN] = 10,    [SYN_SENT] = 2,   [SYN_RCVD] = 3,
        [ESTABLISHED] = 1, [FIN_WAIT_1] = 4, [FIN_WAIT_2] = 5, [CLOSE_WAIT] = 8,
        [CLOSING] = 11,    [LAST_ACK] = 9,   [TIME_WAIT] = 6,
    };
    struct tcp_info info;
    const struct tcp_pcb *pcb = sock->tcp;

    memset(&info, 0, sizeof(info));
    info.tcpi_state = pcb != NULL ? states[pcb->state] : states[CLOSED];
    if (sock->state == SOCK_LISTENING) {
        info.tcpi_unacked = sock->noffered;
        info.tcpi_sacked = sock->backlog;
    } else if (pcb != NULL) {
        info.tcpi_retransmits = pcb->nrtx;
        info.tcpi_rto = (uint32_t)pcb->rto * TCP_SLOW_INTERVAL * 1000;
        info.tcpi_snd_mss = info.tcpi_rcv_mss = info.tcpi_advmss = pcb->mss;
        info.tcpi_rtt = (uint32_t)(pcb->sa >> 3) * TCP_SLOW_INTERVAL * 1000;
        info.tcpi_rttvar = (uint32_t)(pcb->sv >> 2) * TCP_SLOW_INTERVAL * 1000;
        info.tcpi_snd_cwnd = pcb->mss != 0 ? pcb->cwnd / pcb->mss : 0;
        info.tcpi_snd_ssthresh = pcb->mss != 0 ? pcb->ssthresh / pcb->mss : 0;
        info.tcpi_rcv_space = pcb->rcv_wnd;
    }
    return option_give(value, size, &info, sizeof(info));
}

static int option_number(struct sock *sock, int level, int option, int *number)
{
    const struct option_row *row = option_find(level, option);

    if (level == SOL_SOCKET && option == SO_ERROR) {
        *number = -sock_take_error(sock);
    } else if (level == SOL_SOCKET && option == SO_TYPE) {
        *number = sock->object.kind == OBJECT_STREAM ? SOCK_STREAM : SOCK_DGRAM;
    } else if (level == SOL_SOCKET && option == SO_DOMAIN) {
        *number = sock->domain;
    } else if (level == SOL_SOCKET && option == SO_PROTOCOL) {
        *number = sock->object.kind == OBJECT_STREAM ? IPPROTO_TCP : IPPROTO_UDP;
    } else if (level == SOL_SOCKET && option == SO_ACCEPTCONN) {
        *number = sock->state == SOCK_LISTENING;
    } else if (level == SOL_SOCKET && option == SO_RCVBUF) {
        *number = sock->options.receive_size;
    } else if (level == SOL_SOCKET && option == SO_SNDBUF) {
        *number = sock->options.send_size;
    } else if (level == IPPROTO_TCP && option == TCP_MAXSEG) {
        *number =
            sock->tcp != NULL && sock->state == SOCK_CONNECTED ? sock->tcp->mss : 536;
    } else if (row != NULL && row->type == OPTION_FLAG) {
        *number = *((const bool *)&sock->options + row->offset);
    } else if (row != NULL) {
        memcpy(number, (const char *)&sock->options + row->offset, sizeof(*number));
    } else if (option_ignored(level, option)) {
        *number = 0;
    } else {
        return -ENOPROTOOPT;
    }
    return 0;
}

/* What is given where nobody has set it. */
static int option_default(int level, int option, int number)
{
    if (level == IPPROTO_TCP && number == 0) {
        return option == TCP_KEEPIDLE    ? (int)(TCP_KEEPIDLE_DEFAULT / 1000)
               : option == TCP_KEEPINTVL ? (int)(TCP_KEEPINTVL_DEFAULT / 1000)
               : option == TCP_KEEPCNT   ? (int)TCP_KEEPCNT_DEFAULT
                                         : number;
    }
    if (number == -1 && (option == IP_TTL || option == IPV6_UNICAST_HOPS)) {
        return TCP_TTL;
    }
    return number == -1 && level != IPPROTO_TCP ? 0 : number;
}

ssize_t option_get(struct sock *sock, int level, int option, void *value, size_t size)
{
    int number;

    if (level == SOCKET_LEVEL) {
        return inquire(option, value, size);
    }
    if (!level_fits(sock, level)) {
        return -ENOPROTOOPT;
    }
    if (level == SOL_SOCKET && option == SO_RCVTIMEO) {
        return option_give_time(value, size, sock->options.receive_timeout_ns);
    }
    if (level == SOL_SOCKET && option == SO_SNDTIMEO) {
        return option_give_time(value, size, sock->options.send_timeout_ns);
    }
    if (level == SOL_SOCKET && option == SO_LINGER) {
        const struct linger linger = {.l_onoff = sock->options.linger,
                                      .l_linger = sock->options.linger_s};
        return option_give(value, size, &linger, sizeof(linger));
    }
    if (level == IPPROTO_TCP && option == TCP_INFO) {
        return option_give_info(sock, value, size);
    }
    const int error = option_number(sock, level, option, &number);
    if (error != 0) {
        return error;
    }
    number = level == SOL_SOCKET ? number : option_default(level, option, number);
    return option_give(value, size, &number, sizeof(number));
}
