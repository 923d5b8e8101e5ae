/*
 * Drives a network device: frames DEVICE OPTIONS COMMAND [NUMBER...]
 *
 *   info           prints what the device says of itself
 *   echo N         sends back N frames as they come
 *   send SIZE...   sends a frame of each size: byte i of it is i * 7 + size
 *   raw HEX...     sends frames as they are written
 *   ask SIZE HEX... sends frames as they are written, and takes those that come until one is SIZE long
 *   receive N      prints N frames, as sizes and sums
 *   count NS       prints how many frames come until NS nanoseconds pass without one
 *   loop N SIZE    sends N numbered frames to itself and prints in what order they come back
 *   misuse, wait   checks, as TAP
 */
#include "frames.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

struct netif_ops device;
struct netif_info device_info;
uint8_t *rooms;

static int provider;
static int count, failed;

void check(int64_t have, int64_t want, const char *what)
{
    count++;
    failed += have != want;
    printf("%s %d - %s\n", have == want ? "ok" : "not ok", count, what);
    if (have != want) {
        printf("# %lld, expected %lld\n", (long long)have, (long long)want);
    }
}

int lend(void *base, size_t size, int rights)
{
    const int window = cubicle_window_init();
    if (window <= 0 || cubicle_window_add(window, base, size, rights) != 0 ||
        cubicle_window_open(window, provider) != 0) {
        printf("not ok - cannot lend\n");
        exit(1);
    }
    return window;
}

int64_t exchange(unsigned nsend, unsigned nreceive, uint32_t *sizes, int64_t timeout_ns)
{
    struct netif_frame frames[2 * NETIF_FRAMES_MAX];
    struct cubicle_slice slices[2 * NETIF_FRAMES_MAX];
    memset(frames, 0, sizeof(frames));
    for (unsigned i = 0; i < nsend + nreceive; i++) {
        frames[i].nslices = 1;
        slices[i] = (struct cubicle_slice){(uintptr_t)room(i),
                                           i < nsend ? sizes[i] : FRAME_ROOM - 4096};
    }
    for (unsigned i = nsend; i < nsend + nreceive; i++) {
        slices[i].size = FRAME_MAX;
    }
    const int64_t result = device.netif_exchange(
        frames, nsend * sizeof(frames[0]), frames + nsend, nreceive * sizeof(frames[0]),
        slices, (nsend + nreceive) * sizeof(slices[0]), timeout_ns, 0);
    for (unsigned i = nsend; i < nsend + nreceive; i++) {
        sizes[i] = frames[i].size;
    }
    return result;
}

/* Sends the frames in the first @n rooms, however long it takes. */
static int send_all(unsigned n, uint32_t *sizes)
{
    unsigned sent = 0;
    bool full = false;
    while (sent < n) {
        if (sent > 0) {
            memmove(rooms, room(sent), (size_t)(n - sent) * FRAME_ROOM);
            memmove(sizes, sizes + sent, (n - sent) * sizeof(*sizes));
            n -= sent;
        }
        const int64_t result =
            exchange(n, 0, sizes, full ? -1 : 0); /* -1 waits for room */
        if (result < 0) {
            printf("error %s\n", strerror((int)-result));
            return 1;
        }
        sent = NETIF_SENT(result);
        full = sent < n;
    }
    return 0;
}

/* The host may have taken the last frame in part. */
static int linger(void)
{
    int64_t result = 0;
    for (int i = 0; i < 20 && result == 0; i++) {
        result = exchange(0, 0, NULL, 20000000);
    }
    return result < 0;
}

static int echo(long n)
{
    uint32_t sizes[FRAMES];
    while (n > 0) {
        const int64_t result = exchange(0, FRAMES, sizes, -1);
        if (result < 0) {
            printf("error %s\n", strerror((int)-result));
            return 1;
        }
        n -= NETIF_RECEIVED(result);
        if (send_all(NETIF_RECEIVED(result), sizes) != 0) {
            return 1;
        }
    }
    return linger();
}

static int send_sizes(int n, char **sizes)
{
    for (int i = 0; i < n; i++) {
        uint32_t size = (uint32_t)strtoul(sizes[i], NULL, 10);
        for (uint32_t k = 0; k < size; k++) {
            room(0)[k] = (uint8_t)(k * 7 + size);
        }
        if (send_all(1, &size) != 0) {
            return 1;
        }
    }
    return linger();
}

static int send_frames(int n, char **frames)
{
    for (int i = 0; i < n; i++) {
        uint32_t size = 0;
        for (const char *at = frames[i]; at[0] != '\0' && at[1] != '\0'; at += 2) {
            const char digits[] = {at[0], at[1], '\0'};
            room(0)[size++] = (uint8_t)strtoul(digits, NULL, 16);
        }
        if (send_all(1, &size) != 0) {
            return 1;
        }
    }
    return 0;
}

static int send_raw(int n, char **frames)
{
    return send_frames(n, frames) != 0 ? 1 : linger();
}

static int ask(uint32_t size, int n, char **frames)
{
    uint32_t sizes[FRAMES];
    if (send_frames(n, frames) != 0) {
        return 1;
    }
    for (;;) {
        const int64_t result = exchange(0, FRAMES, sizes, -1);
        if (result < 0) {
            printf("error %s\n", strerror((int)-result));
            return 1;
        }
        for (unsigned i = 0; i < NETIF_RECEIVED(result); i++) {
            if (sizes[i] == size) {
                return 0;
            }
        }
    }
}

static int receive(long n)
{
    uint32_t sizes[FRAMES];
    while (n > 0) {
        const int64_t result = exchange(0, FRAMES, sizes, -1);
        if (result < 0) {
            printf("error %s\n", strerror((int)-result));
            return 1;
        }
        for (unsigned i = 0; i < NETIF_RECEIVED(result); i++) {
            uint32_t sum = 0;
            for (uint32_t k = 0; k < sizes[i]; k++) {
                sum = sum * 31 + room(i)[k];
            }
            printf("%u %u\n", sizes[i], sum);
        }
        n -= NETIF_RECEIVED(result);
    }
    return 0;
}

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static int count_frames(int64_t pause_ns)
{
    uint32_t sizes[FRAMES];
    unsigned frames = 0;
    int64_t result, end = now_ns() + pause_ns;
    while ((result = exchange(0, FRAMES, sizes, pause_ns)) > 0 ||
           (result == 0 && now_ns() < end)) { /* it may return early with nothing */
        if (result > 0) {
            frames += NETIF_RECEIVED(result);
            end = now_ns() + pause_ns;
        }
    }
    printf("%u frames, then %lld\n", frames, (long long)result);
    return 0;
}

static int loop(uint32_t n, uint32_t size)
{
    for (uint32_t i = 0; i < n; i++) {
        memcpy(room(0), &i, sizeof(i));
        if (send_all(1, &size) != 0) {
            return 1;
        }
    }
    for (;;) {
        uint32_t sizes[1];
        uint32_t number;
        const int64_t result = exchange(0, 1, sizes, 400000000);
        if (result <= 0) {
            printf("\n");
            return result < 0;
        }
        memcpy(&number, room(0), sizeof(number));
        printf("%u ", number);
        if (sizes[0] != size) {
            printf("of %u bytes ", sizes[0]);
        }
    }
}

static int info(void)
{
    const uint8_t *mac = device_info.mac;
    printf("mac %02x:%02x:%02x:%02x:%02x:%02x mtu %u offloads %u\n", mac[0], mac[1],
           mac[2], mac[3], mac[4], mac[5], device_info.mtu, device_info.offloads);
    return 0;
}

static int run(int n, char **words)
{
    const long number = n > 1 ? strtol(words[1], NULL, 10) : 0;
    if (strcmp(words[0], "info") == 0) {
        return info();
    }
    if (strcmp(words[0], "echo") == 0) {
        return echo(number);
    }
    if (strcmp(words[0], "send") == 0) {
        return send_sizes(n - 1, words + 1);
    }
    if (strcmp(words[0], "raw") == 0) {
        return send_raw(n - 1, words + 1);
    }
    if (strcmp(words[0], "ask") == 0 && n > 2) {
        return ask((uint32_t)number, n - 2, words + 2);
    }
    if (strcmp(words[0], "receive") == 0) {
        return receive(number);
    }
    if (strcmp(words[0], "count") == 0) {
        return count_frames(number);
    }
    if (strcmp(words[0], "loop") == 0 && n > 2) {
        return loop((uint32_t)number, (uint32_t)strtoul(words[2], NULL, 10));
    }
    return strcmp(words[0], "misuse") == 0 ? test_misuse()
           : strcmp(words[0], "wait") == 0 ? test_wait()
                                           : 2;
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc < 4) {
        return 2;
    }
    provider = cubicle_find(argv[1]);
    rooms = mmap(NULL, (size_t)FRAMES * FRAME_ROOM, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int error = netif_bind(&device, argv[1]);
    if (error == 0) {
        error = device.netif_open(argv[2], &device_info);
    }
    if (error != 0) {
        printf("error %s\n", strerror(-error));
        return 1;
    }
    if (provider > 0) { /* not in a plain call */
        lend(rooms, (size_t)FRAMES * FRAME_ROOM, CUBICLE_WRITE);
    }
    const int status = run(argc - 3, argv + 3);
    if (count > 0) {
        printf("1..%d\n", count);
    }
    return failed > 0 ? 1 : status;
}
