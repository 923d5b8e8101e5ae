/* The bytes of a connection. */
#include "stack.h"

#include <cubicle/in.h>
#include <cubicle/out.h>
#include <errno.h>
#include <lwip/priv/tcp_priv.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

/* Smaller ones are put together, so that bytes in small segments do not take many times their memory. */
#define SMALL_PBUF 512u
#define JOINED_SIZE 2048u

/* ---- sending ---- */

/* Room for more bytes in the chunk at the end of the queue; 0: no memory. */
static size_t stream_room(struct sock *sock, size_t want)
{
    if (sock->chunk != NULL && sock->chunk->used == sock->chunk->size) {
        chunk_put(sock->chunk);
        sock->chunk = NULL;
    }
    if (sock->chunk == NULL) {
        sock->chunk = arena_exhausted(&stack.packets) ? NULL : chunk_new(want);
        stack.send_starved = stack.send_starved || sock->chunk == NULL;
    }
    return sock->chunk != NULL ? sock->chunk->size - sock->chunk->used : 0;
}

static size_t stream_space(const struct sock *sock)
{
    const size_t queued = TCP_SND_BUF - sock->tcp->snd_buf;
    const size_t limit = tcp_queue_limit(sock);

    return queued < limit ? limit - queued : 0;
}

/* Puts bytes at the end of the send queue as long as there is room. *done: how many. 0, or what kept it from going on. */
int stream_put(struct sock *sock, const void *from, size_t count, bool more,
               size_t *done)
{
    *done = 0;
    if (!tcp_has_data(sock->tcp)) {
        sock->tcp->progress = tcp_ticks;
    }
    tcp_clear_flags(sock->tcp, TF_FULL);
    while (*done < count) {
        size_t size = stream_space(sock);
        size = size < count - *done ? size : count - *done;
        const size_t room = size > 0 ? stream_room(sock, size) : 0;
        size = size < room ? size : room;
        size = size < UINT16_MAX ? size : UINT16_MAX;
        if (size == 0) {
            tcp_set_flags(sock->tcp, TF_FULL);
            return -EAGAIN;
        }
        uint8_t *to = sock->chunk->bytes + sock->chunk->used;
        if (cubicle_in_copy(to, (const uint8_t *)from + *done, size) != 0) {
            return -EFAULT;
        }
        const bool last = *done + size == count && !more;
        stack.filling = sock->chunk;
        const err_t error =
            tcp_write(sock->tcp, to, (u16_t)size, last ? 0 : TCP_WRITE_FLAG_MORE);
        if (error != ERR_OK) {
            stack.send_starved = stack.send_starved || error == ERR_MEM;
            return error == ERR_MEM ? -EAGAIN : -EPIPE;
        }
        sock->chunk->used += (uint32_t)size;
        *done += size;
    }
    return 0;
}

/* ---- receiving ---- */

static void stream_append(struct sock *sock, struct pbuf *p)
{
    p->next = NULL;
    p->tot_len = p->len;
    sock->join_room = 0;
    if (sock->received != NULL) {
        sock->received_last->next = p;
    } else {
        sock->received = p;
    }
    sock->received_last = p;
}

/* Puts the bytes of @p behind those of the last pbuf, where they are few; a pbuf with room is made if need be. */
static bool stream_join(struct sock *sock, struct pbuf *p)
{
    if (sock->received == NULL || p->len > SMALL_PBUF) {
        return false;
    }
    if (sock->join_room < p->len) {
        struct pbuf *joined = pbuf_alloc(PBUF_RAW, JOINED_SIZE, PBUF_RAM);
        if (joined == NULL) {
            return false;
        }
        joined->len = 0;
        stream_append(sock, joined);
        sock->join_room = JOINED_SIZE;
    }
    struct pbuf *last = sock->received_last;
    memcpy((uint8_t *)last->payload + last->len, p->payload, p->len);
    last->len = (u16_t)(last->len + p->len);
    sock->join_room = (uint16_t)(sock->join_room - p->len);
    p->next = NULL;
    p->tot_len = p->len;
    pbuf_free(p);
    return true;
}

void stream_received(struct sock *sock, struct pbuf *p)
{
    if (sock->received == NULL) {
        sock->tcp->progress = tcp_ticks;
    }
    sock->received_bytes += p->tot_len;
    while (p != NULL) {
        struct pbuf *next = p->next;
        if (!stream_join(sock, p)) {
            stream_append(sock, p);
        }
        p = next;
    }
    listen_offer(sock);
    sock_changed(sock, EPOLLIN);
}

static void stream_shift(struct sock *sock)
{
    struct pbuf *first = sock->received;

    sock->received = first->next;
    sock->join_room = sock->received != NULL ? sock->join_room : 0;
    first->next = NULL;
    first->tot_len = first->len;
}

/* Copies @size bytes to @buf (NULL: nowhere) and takes them off the queue unless @peek. */
static void stream_copy(struct sock *sock, uint8_t *buf, size_t size, bool peek)
{
    struct pbuf *p = sock->received;

    while (size > 0) {
        const size_t n = p->len < size ? p->len : size;
        if (buf != NULL) {
            memcpy(buf, p->payload, n);
            buf += n;
        }
        size -= n;
        struct pbuf *next = p->next;
        if (!peek && n == p->len) {
            stream_shift(sock);
            pbuf_free(p);
        } else if (!peek) {
            p->payload = (uint8_t *)p->payload + n;
            p->len = (u16_t)(p->len - n);
        }
        p = next;
    }
}

/* Names the first pbuf's bytes as the result. */
static void stream_lend(struct sock *sock, void *buf, size_t size)
{
    struct pbuf *first = sock->received;

    cubicle_out_from(buf, first->payload);
    if (size == first->len) {
        stream_shift(sock);
        loop_hold(first);
    } else {
        first->payload = (uint8_t *)first->payload + size;
        first->len = (u16_t)(first->len - size);
    }
}

/* Bytes that a window may be of: less where memory is half used, or scarce, as for what is sent (tcp_queue_limit()). */
static uint32_t stream_most(void)
{
    const uint32_t copied = relief_room(&stack.packets);
    const uint32_t lent = relief_room(&stack.incoming);

    return copied < lent ? copied : lent;
}

/*
 * SO_RCVBUF counts twice what a window has room for, as on Linux; but two segments of the connection always have room.
 * lwIP's windows are all alike: what a socket's should be less is withheld. A window does not shrink: what is there
 * is withheld as bytes are taken.
 */
static uint32_t stream_withhold(const struct sock *sock)
{
    const uint32_t least = 2u * sock->tcp->mss, most = TCP_WND_MAX(sock->tcp);
    const uint32_t room = stream_most();
    uint32_t window = (uint32_t)sock->options.receive_size / 2;

    window = window < room ? window : room;
    window = window > least ? window : least;
    return window < most ? most - window : 0;
}

static void stream_give_window(struct sock *sock, size_t size)
{
    while (size > 0) {
        const size_t n = size < UINT16_MAX ? size : UINT16_MAX;
        tcp_recved(sock->tcp, (u16_t)n);
        size -= n;
    }
}

void stream_limit_first(struct sock *sock)
{
    struct tcp_pcb *pcb = sock->tcp;
    const uint32_t least =
        pcb->rcv_wnd < UINT16_MAX ? pcb->rcv_wnd : UINT16_MAX; /* the SYN told of */

    sock->withheld = stream_withhold(sock);
    if (sock->withheld > pcb->rcv_wnd - least) {
        sock->withheld = pcb->rcv_wnd - least;
    }
    pcb->rcv_wnd -= sock->withheld;
    pcb->rcv_ann_wnd = pcb->rcv_wnd;
    pcb->rcv_ann_right_edge = pcb->rcv_nxt + pcb->rcv_wnd;
}

void stream_limit(struct sock *sock)
{
    const uint32_t want = stream_withhold(sock);

    if (sock->withheld > want) {
        const uint32_t more = sock->withheld - want;
        sock->withheld = want;
        stream_give_window(sock, more);
    }
}

void stream_relieve(struct sock *sock)
{
    struct tcp_pcb *pcb = sock->tcp;
    const uint32_t window = TCP_WND_MAX(pcb) - stream_withhold(sock);

    if (pcb->rcv_wnd > window) {
        sock->withheld += pcb->rcv_wnd - window;
        pcb->rcv_wnd = window;
    }
}

/* The program has taken @size bytes: the peer may send as many more. */
static void stream_tell(struct sock *sock, size_t size)
{
    struct tcp_pcb *pcb = sock->tcp;

    if (pcb == NULL) {
        return;
    }
    pcb->progress = tcp_ticks;
    const uint32_t want = stream_withhold(sock);
    if (sock->withheld < want) {
        const uint32_t missing = want - sock->withheld;
        const uint32_t kept = missing < size ? missing : (uint32_t)size;
        sock->withheld += kept;
        size -= kept;
    } else {
        size += sock->withheld - want; /* what memory had no room for */
        sock->withheld = want;
    }
    stream_give_window(sock, size);
    /* lwIP tells of a window when it has grown by much: of a small one, that may be never. */
    if (want > 0 &&
        TCP_SEQ_GEQ(pcb->rcv_nxt + pcb->rcv_wnd,
                    pcb->rcv_ann_right_edge + (TCP_WND_MAX(pcb) - want) / 2)) {
        tcp_ack_now(pcb);
        loop_dirty(sock);
    }
}

/* Some of what has been received: sock->received_bytes > 0, @count > 0. @copied: @buf is a trampoline's. */
ssize_t stream_take(struct sock *sock, void *buf, size_t count, int flags, bool copied)
{
    const bool peek = (flags & MSG_PEEK) != 0;
    size_t size = count < sock->received_bytes ? count : sock->received_bytes;
    const uint16_t first = sock->received->len;

    if ((flags & MSG_TRUNC) != 0) {
        stream_copy(sock, NULL, size, peek);
    } else if (copied && !peek && /* it saves a copy, though more may be behind it */
               (first >= size ||
                (first >= SOCKET_PIECE && (flags & MSG_WAITALL) == 0))) {
        size = size < first ? size : first;
        stream_lend(sock, buf, size);
    } else {
        stream_copy(sock, buf, size, peek);
    }
    if (!peek) {
        sock->received_bytes -= (uint32_t)size;
        stream_tell(sock, size);
        if (size < count && sock->received_bytes > 0) {
            /* epoll(7): who gets less than was asked for need not ask again before the next event. */
            sock_changed(sock, EPOLLIN);
        }
    }
    return (ssize_t)size;
}

void stream_drop(struct sock *sock)
{
    while (sock->received != NULL) {
        struct pbuf *first = sock->received;
        stream_shift(sock);
        pbuf_free(first);
    }
    sock->received_bytes = 0;
    chunk_put(sock->chunk);
    sock->chunk = NULL;
}
