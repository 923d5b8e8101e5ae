/*
 * The host calls of a network device, on a socket pair: whose bytes they read and write. Each
 * cubicle has a view of its own here, a piece of memory, and the bytes of a page are in its owner's.
 */
#include "base/thread.h"
#include "fault/signal_pending.h"
#include "gate/gate.h"

#include <errno.h>
#include <hostnet.h>
#include <netif.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "window_world.h"

_Static_assert((int)MONITOR_NETWORK_TAP == HOSTNET_TAP &&
                   (int)MONITOR_NETWORK_STREAM == HOSTNET_STREAM,
               "the command says what devices are told");

static int peer; /* the other end */
static struct monitor_network network;
static struct monitor_config config;

#define TOP (FAKE_FIRST + 3 * PAGES) /* behind all heaps */

/* A slice of whoever the heap at @base is. */
#define SLICE(base, size)                                                 \
    {                                                                     \
        (uint32_t)(base), (uint32_t)(size), owner_of((uint32_t)(base)), 0 \
    }

static unsigned owner_of(uint32_t base)
{
    const uint32_t page = page_of(base);
    return page >= FAKE_FIRST && page < TOP ? (page - FAKE_FIRST) / PAGES + A : B;
}

/* As in signal_pending.c, without signals. */
int signal_wait(int fd, short events, int64_t timeout_ns)
{
    struct pollfd device = {.fd = fd, .events = events};
    const int n =
        poll(&device, 1, timeout_ns < 0 ? -1 : (int)(timeout_ns / 1000000 % 1000));
    return n > 0 ? device.revents : n;
}

/* The bytes of @page in the view of @id. */
static char *bytes_of(unsigned id, uint32_t page)
{
    return cubicle_address(cubicle_get(id), AT(page));
}

static int world(void **state)
{
    const int type = *state != NULL ? SOCK_SEQPACKET : SOCK_STREAM;
    int ends[2];
    if (setup(state) != 0 || socketpair(AF_UNIX, type, 0, ends) != 0) {
        return -1;
    }
    for (unsigned id = A; id <= C; id++) {
        void *view = mmap(NULL, 3 * PAGES * PAGE_SIZE, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        cubicle_get(id)->view = (uint64_t)(uintptr_t)view - AT(FAKE_FIRST);
        memset(view, (int)('a' + id - A), 3 * PAGES * PAGE_SIZE);
    }
    network = (struct monitor_network){
        .fd = ends[0],
        .kind = type == SOCK_STREAM ? MONITOR_NETWORK_STREAM : MONITOR_NETWORK_TAP,
        .mtu = 1500,
        .mac = {2, 3, 4, 5, 6, 7},
        .offloads = NETIF_CHECKSUM,
    };
    peer = ends[1];
    config.network = &network;
    thread_self.running = B;
    return host_net.setup(&config);
}

static int world_end(void **state)
{
    for (unsigned id = A; id <= C; id++) {
        munmap(bytes_of(id, FAKE_FIRST), 3 * PAGES * PAGE_SIZE);
    }
    close(network.fd);
    close(peer);
    return teardown(state);
}

static const void *gate(const char *name)
{
    for (size_t i = 0; i < host_net.interface->ngates; i++) {
        if (strcmp(host_net.interface->gates[i].name, name) == 0) {
            assert_int_equal(host_net.interface->gates[i].needs, MONITOR_RIGHT_HOSTNET);
            return host_net.interface->gates[i].function;
        }
    }
    fail_msg("no gate %s", name);
    return NULL;
}

typedef ssize_t slices_gate(const struct hostnet_slice *slices, size_t size);

static ssize_t send_all(const struct hostnet_slice *slices, size_t n)
{
    return ((slices_gate *)gate("hostnet_send"))(slices, n * sizeof(*slices));
}

static ssize_t receive_all(const struct hostnet_slice *slices, size_t n)
{
    return ((slices_gate *)gate("hostnet_receive"))(slices, n * sizeof(*slices));
}

static int send_frames(const struct hostnet_slice *slices, size_t n)
{
    typedef int frames_gate(const struct hostnet_slice *slices, size_t size);
    return ((frames_gate *)gate("hostnet_send_frames"))(slices, n * sizeof(*slices));
}

static int receive_frames(const struct hostnet_slice *slices, size_t n, uint32_t *sizes,
                          size_t nsizes)
{
    typedef int frames_gate(const struct hostnet_slice *slices, size_t size,
                            uint32_t *sizes, size_t sizes_size);
    return ((frames_gate *)gate("hostnet_receive_frames"))(
        slices, n * sizeof(*slices), sizes, nsizes * sizeof(*sizes));
}

static int wait_for(int events, int64_t timeout_ns)
{
    return ((int (*)(int, int64_t))gate("hostnet_wait"))(events, timeout_ns);
}

/* One slice, sent or received. */
static ssize_t send_one(uint64_t base, uint64_t size)
{
    return send_all(&(struct hostnet_slice)SLICE(base, size), 1);
}

static ssize_t receive_one(uint64_t base, uint64_t size)
{
    return receive_all(&(struct hostnet_slice)SLICE(base, size), 1);
}

static void test_info(void **state)
{
    int (*const info)(struct hostnet_info *) = gate("hostnet_info");
    struct hostnet_info have;
    (void)state;
    assert_int_equal(info(&have), 0);
    assert_int_equal(have.kind, HOSTNET_STREAM);
    assert_int_equal(have.mtu, 1500);
    assert_memory_equal(have.mac, network.mac, 6);
    assert_int_equal(have.offloads, NETIF_CHECKSUM);
    config.network = NULL;
    assert_int_equal(host_net.setup(&config), 0);
    assert_int_equal(info(&have), -ENODEV);
    assert_int_equal(send_one(AT(HEAP(B)), 1), -ENODEV);
    assert_int_equal(receive_one(AT(HEAP(B)), 1), -ENODEV);
    assert_int_equal(wait_for(POLLIN, 0), -ENODEV);
}

/* Own memory, and memory lent but mapped nowhere: the bytes are the owner's. */
static void test_own_and_lent(void **state)
{
    const struct hostnet_slice slices[] = {
        SLICE(AT(HEAP(B)) + 4090, 10),
        SLICE(AT(HEAP(B)), 0),
        SLICE(AT(HEAP(A)) + 4095, 2),
    };
    char have[32];
    (void)state;
    lend(A, B, HEAP(A), 2, READ);
    memset(bytes_of(A, HEAP(A)) + 4095, 'x', 2);
    assert_int_equal(send_all(slices, 3), 12);
    assert_int_equal(read(peer, have, sizeof(have)), 12);
    assert_memory_equal(have, "bbbbbbbbbbxx", 12);

    lend(A, B, HEAP(A) + 2, 1, BOTH);
    assert_int_equal(write(peer, "hello", 5), 5);
    assert_int_equal(receive_one(AT(HEAP(A) + 2) + 7, 100), 5);
    assert_memory_equal(bytes_of(A, HEAP(A) + 2) + 6, "ahelloa", 7);
    assert_int_equal(fake_calls.share, 0);
}

/* N1: whatever is wrong with it, nothing is read or written. */
static void test_not_ours(void **state)
{
    static const struct {
        uint32_t page;
        const char *what;
    } wrong[] = {
        {HEAP(A), "lent to nobody"},   {HEAP(A) + 1, "lent to another"},
        {HEAP(A) + 2, "closed"},       {HEAP(C), "freed"},
        {HEAP(B) + 1, "out of reach"}, {FAKE_FIRST - 1, "nobody's"},
    };
    char have[8];
    (void)state;
    lend(A, C, HEAP(A) + 1, 1, BOTH);
    const int closed = lend(A, B, HEAP(A) + 2, 1, BOTH);
    assert_int_equal(window_close(A, closed, B), 0);
    lend(C, B, HEAP(C), 1, BOTH);
    window_forget_pages(HEAP(C), 1);
    page_free(HEAP(C), 1);
    page_set_rights(HEAP(B) + 1, 1, 0);
    assert_int_equal(write(peer, "hello", 5), 5);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        print_message("# %s\n", wrong[i].what);
        const struct hostnet_slice slices[] = {SLICE(AT(HEAP(B)), 1),
                                               SLICE(AT(wrong[i].page), 1)};
        assert_int_equal(send_all(slices, 2), -EFAULT);
        assert_int_equal(receive_all(slices, 2), -EFAULT);
    }
    assert_int_equal(recv(peer, have, sizeof(have), MSG_DONTWAIT), -1);
    assert_int_equal(*bytes_of(B, HEAP(B)), 'b');
    assert_int_equal(receive_one(AT(HEAP(B)), 8), 5);
    page_set_rights(HEAP(B) + 1, 1, BOTH);
    assert_int_equal(page_claim(HEAP(C), 1, C, PAGE_HEAP, BOTH), 0);
}

/* The right that the call needs, on every page. */
static void test_rights(void **state)
{
    (void)state;
    lend(A, B, HEAP(A), 1, BOTH);
    lend(A, B, HEAP(A) + 1, 1, READ);
    assert_int_equal(write(peer, "hello", 5), 5);
    assert_int_equal(receive_one(AT(HEAP(A)) + 4000, 97), -EFAULT);
    assert_int_equal(receive_one(AT(HEAP(A) + 1), 1), -EFAULT);
    assert_int_equal(send_one(AT(HEAP(A)) + 4000, 97), 97);
    assert_int_equal(send_one(AT(HEAP(A) + 1) + 4000, 97), -EFAULT);
    page_set_rights(HEAP(B), 1, READ);
    assert_int_equal(receive_one(AT(HEAP(B)), 1), -EFAULT);
    assert_int_equal(send_one(AT(HEAP(B)), 1), 1);
    page_set_rights(HEAP(B), 1, BOTH);
    assert_int_equal(receive_one(AT(HEAP(A)) + 4000, 96), 5);
}

/* N2: a slice has one owner, whom the caller names. */
static void test_one_owner(void **state)
{
    struct hostnet_slice slice =
        SLICE(AT(HEAP(C)) - 4, 5); /* the last of B's heap, the first of C's */
    (void)state;
    lend(C, B, HEAP(C), 1, BOTH);
    assert_int_equal(send_all(&slice, 1), -EFAULT);
    slice.owner = C;
    assert_int_equal(send_all(&slice, 1), -EFAULT);
    slice.size = 4;
    assert_int_equal(send_all(&slice, 1), -EFAULT);
    slice.owner = 0;
    assert_int_equal(send_all(&slice, 1), -EFAULT);
    slice.owner = C + 1;
    assert_int_equal(send_all(&slice, 1), -EFAULT);
    slice.owner = B;
    assert_int_equal(send_all(&slice, 1), 4);
    slice.base += 4;
    assert_int_equal(send_all(&slice, 1), -EFAULT);
    assert_int_equal(receive_all(&slice, 1), -EFAULT);
    slice.owner = C;
    assert_int_equal(send_all(&slice, 1), 4);
}

/* What nobody owns is nobody's to name. */
static void test_no_owner(void **state)
{
    struct hostnet_slice slice = SLICE(AT(TOP), 4);
    (void)state;
    for (slice.owner = 0; slice.owner < CUBICLE_MAX + 2; slice.owner++) {
        assert_int_equal(send_all(&slice, 1), -EFAULT);
    }
    slice.owner = UINT32_MAX;
    assert_int_equal(send_all(&slice, 1), -EFAULT);
}

/* Out of the owner's reach though the page table says otherwise: the host finds it. */
static void test_protected(void **state)
{
    (void)state;
    assert_int_equal(mprotect(bytes_of(B, HEAP(B)), PAGE_SIZE, PROT_NONE), 0);
    assert_int_equal(write(peer, "hello", 5), 5);
    assert_int_equal(send_one(AT(HEAP(B)), 4), -EFAULT);
    assert_int_equal(receive_one(AT(HEAP(B)), 4), -EFAULT);
}

static void test_sizes(void **state)
{
    static struct hostnet_slice many[HOSTNET_SLICES_MAX + 1];
    slices_gate *const send = gate("hostnet_send");
    (void)state;
    for (size_t i = 0; i < HOSTNET_SLICES_MAX + 1; i++) {
        many[i] = (struct hostnet_slice)SLICE(AT(HEAP(B)), 1);
    }
    assert_int_equal(send_all(many, HOSTNET_SLICES_MAX), HOSTNET_SLICES_MAX);
    assert_int_equal(send_all(many, HOSTNET_SLICES_MAX + 1), -EINVAL);
    assert_int_equal(send_all(many, 0), -EINVAL);
    assert_int_equal(send(many, sizeof(many[0]) + 1), -EINVAL);
    assert_int_equal(send_one(AT(HEAP(B)), 0), -EINVAL);
    assert_int_equal(receive_one(AT(HEAP(B)), 0), -EINVAL);
    assert_int_equal(send_one(0, 4), -EFAULT);
    assert_int_equal(send_one(AT(HEAP(B)), (uint64_t)PAGES * PAGE_SIZE + 1), -EFAULT);
    /* Beyond the space, around it, and longer than one call may be. */
    assert_int_equal(send_one(0xffffffff, 1), -EFAULT);
    assert_int_equal(send_one(0xffffffff, 2), -EFAULT);
    assert_int_equal(send_one(0xffffffff, UINT32_MAX), -EINVAL);
    assert_int_equal(send_one(AT(HEAP(B)), UINT32_MAX), -EINVAL);
    assert_int_equal(send_one(AT(HEAP(B)), HOSTNET_BYTES_MAX), -EFAULT);
    many[0].size = 4;
    many[1].size = HOSTNET_BYTES_MAX - 3;
    assert_int_equal(send_all(many, 2), -EINVAL);
    many[1].size = UINT32_MAX - 2;
    assert_int_equal(send_all(many, 2), -EINVAL);
}

/* Each frame is a message of the host's, until one is refused: then those before have gone. */
static void test_several_frames(void **state)
{
    struct hostnet_slice frames[] = {
        SLICE(AT(HEAP(B)), 3),        SLICE(AT(HEAP(B)) + 8, 2),
        SLICE(AT(HEAP(B)) + 5000, 0), SLICE(AT(HEAP(B)) + 100, 4),
        SLICE(AT(HEAP(C)), 4),        SLICE(AT(HEAP(B)) + 200, 1),
    };
    uint32_t sizes[4] = {9, 9, 9, 9};
    char got[16];
    (void)state;
    memcpy(bytes_of(B, HEAP(B)), "abc", 3);
    memcpy(bytes_of(B, HEAP(B)) + 8, "de", 2);
    memcpy(bytes_of(B, HEAP(B)) + 100, "fghi", 4);
    frames[2].flags = frames[3].flags = frames[4].flags = frames[5].flags =
        HOSTNET_LAST;
    assert_int_equal(send_frames(frames, 6), 2); /* the third is C's */
    assert_int_equal(recv(peer, got, sizeof(got), MSG_DONTWAIT), 5);
    assert_memory_equal(got, "abcde", 5);
    assert_int_equal(recv(peer, got, sizeof(got), MSG_DONTWAIT), 4);
    assert_memory_equal(got, "fghi", 4);
    assert_int_equal(recv(peer, got, sizeof(got), MSG_DONTWAIT), -1);
    assert_int_equal(send_frames(frames + 4, 2), -EFAULT); /* the first is */
    assert_int_equal(send_frames(frames + 2, 1), -EINVAL); /* nothing in it */
    assert_int_equal(send_frames(frames, 0), -EINVAL);
    frames[3].flags = 0; /* the last frame ends with the list */
    assert_int_equal(send_frames(frames + 3, 1), 1);
    assert_int_equal(recv(peer, got, sizeof(got), MSG_DONTWAIT), 4);

    frames[3].flags = HOSTNET_LAST;
    assert_int_equal(receive_frames(frames, 4, sizes, 4), -EAGAIN);
    assert_int_equal(sizes[0], 0);
    assert_int_equal(write(peer, "12345", 5), 5);
    assert_int_equal(write(peer, "67", 2), 2);
    assert_int_equal(write(peer, "8", 1), 1);
    assert_int_equal(receive_frames(frames, 4, sizes, 1),
                     1); /* no room for more sizes */
    assert_int_equal(sizes[0], 5);
    assert_memory_equal(bytes_of(B, HEAP(B)), "123", 3);
    assert_memory_equal(bytes_of(B, HEAP(B)) + 8, "45", 2);
    sizes[3] = 9;
    assert_int_equal(receive_frames(frames, 5, sizes, 4), 2); /* the third is C's */
    assert_int_equal(sizes[0], 2);
    assert_int_equal(sizes[1], 1);
    assert_int_equal(sizes[3], 0);
    assert_memory_equal(bytes_of(B, HEAP(B)) + 100, "8ghi", 4);
    assert_int_equal(receive_frames(frames, 0, sizes, 4), -EINVAL);
    lend(A, B, HEAP(A), 1, READ); /* to be read only */
    frames[0] = (struct hostnet_slice)SLICE(AT(HEAP(A)), 3);
    assert_int_equal(send_frames(frames, 1), 1);
    assert_int_equal(receive_frames(frames, 1, sizes, 1), -EFAULT);
    assert_int_equal(receive_frames(frames, 4, sizes, 0), -EINVAL);
}

static void test_no_frames_of_streams(void **state)
{
    struct hostnet_slice one = SLICE(AT(HEAP(B)), 3);
    uint32_t size;
    (void)state;
    assert_int_equal(send_frames(&one, 1), -EINVAL);
    assert_int_equal(receive_frames(&one, 1, &size, 1), -EINVAL);
}

/* N3, and a peer that goes. */
static void test_never_waits(void **state)
{
    (void)state;
    assert_int_equal(receive_one(AT(HEAP(B)), 1), -EAGAIN);
    ssize_t n;
    do {
        n = send_one(AT(HEAP(B)), PAGES * PAGE_SIZE);
    } while (n > 0);
    assert_int_equal(n, -EAGAIN);
    assert_int_equal(wait_for(POLLIN | POLLOUT, 0), 0);
    close(peer);
    assert_int_equal(send_one(AT(HEAP(B)), 1), -EPIPE); /* and no SIGPIPE */
    assert_true((wait_for(POLLIN, -1) & POLLHUP) != 0);
    peer = -1;
}

static void test_wait(void **state)
{
    (void)state;
    assert_int_equal(wait_for(POLLIN, 1000000), 0);
    assert_int_equal(wait_for(POLLIN | POLLOUT, -1), POLLOUT);
    assert_int_equal(write(peer, "hello", 5), 5);
    assert_int_equal(wait_for(POLLIN | POLLOUT, -1), POLLIN | POLLOUT);
    assert_int_equal(wait_for(POLLIN, INT64_MAX), POLLIN);
    assert_int_equal(wait_for(POLLIN | POLLPRI, 0), -EINVAL);
    assert_int_equal(wait_for(POLLIN, -2), -EINVAL);
    assert_int_equal(wait_for(POLLIN, INT64_MIN), -EINVAL);
}

/* A device that keeps frames apart. */
static void test_frames(void **state)
{
    const struct hostnet_slice slices[] = {SLICE(AT(HEAP(B)), 12),
                                           SLICE(AT(HEAP(B)) + 20, 3)};
    char have[32];
    (void)state;
    assert_int_equal(receive_all(slices, 2), -EAGAIN);
    assert_int_equal(send_all(slices, 2), 15);
    assert_int_equal(send_all(slices, 1), 12);
    assert_int_equal(read(peer, have, sizeof(have)), 15);
    assert_int_equal(read(peer, have, sizeof(have)), 12);
    assert_int_equal(write(peer, "hello, world!", 13), 13);
    assert_int_equal(receive_all(slices, 2), 13);
    assert_memory_equal(bytes_of(B, HEAP(B)), "hello, worldbbbbbbbb!b", 22);
}

/* The filter has what the device needs, on the device alone, and nothing where there is none. */
static void test_filter(void **state)
{
    static struct filter have, want;
    const bool stream = *state == NULL;
    const unsigned device = (unsigned)network.fd;
    filter_begin(&want);
    filter_allow_if(&want, SYS_readv, 0, UINT64_MAX, device);
    if (stream) {
        filter_allow_if(&want, SYS_sendmsg, 0, UINT64_MAX, device);
    }
    filter_begin(&have);
    const unsigned empty = have.len;
    host_net.allow(0, &have);
    assert_int_equal(have.len, want.len);
    assert_memory_equal(have.code, want.code, want.len * sizeof(want.code[0]));

    config.network = NULL;
    assert_int_equal(host_net.setup(&config), 0);
    filter_begin(&have);
    host_net.allow(0, &have);
    assert_int_equal(have.len, empty);
}

#define WORLD(name) cmocka_unit_test_setup_teardown(name, world, world_end)

int main(void)
{
    static int frames = 1;
    const struct CMUnitTest tests[] = {
        WORLD(test_info),
        WORLD(test_own_and_lent),
        WORLD(test_not_ours),
        WORLD(test_rights),
        WORLD(test_one_owner),
        WORLD(test_no_owner),
        WORLD(test_protected),
        WORLD(test_sizes),
        WORLD(test_never_waits),
        WORLD(test_wait),
        WORLD(test_no_frames_of_streams),
        WORLD(test_filter),
        {"test_filter_of_frames", test_filter, world, world_end, &frames},
        {"test_frames", test_frames, world, world_end, &frames},
        {"test_several_frames", test_several_frames, world, world_end, &frames},
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("host_net", tests, NULL, NULL);
}
