/* The memory of channels, and what each process has of it (CH1, CH4). */
#include "channel_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static uint8_t *memory; /* news, notices, bells, then channels */
static int readable =
    -1; /* the same file, open for reading only; the parent alone has it open */
static uint64_t memory_size;
static size_t ncubicles;
static uint16_t (*numbers)[CUBICLE_MAX + 1]; /* of the channel between two, from 1 */
static unsigned nchannels;

unsigned channel_self;
static struct channel_peer peers[CUBICLE_MAX + 1]; /* by id */
struct channel_peer *channel_known[CUBICLE_MAX + 1];
unsigned channel_nknown;

static unsigned channel_number(unsigned a, unsigned b)
{
    return a < b ? numbers[a][b] : numbers[b][a];
}

void channel_want(unsigned a, unsigned b)
{
    if (numbers == NULL) {
        numbers = calloc(CUBICLE_MAX + 1, sizeof(*numbers));
    }
    if (numbers != NULL && a != b && channel_number(a, b) == 0) {
        *(a < b ? &numbers[a][b] : &numbers[b][a]) = (uint16_t)++nchannels;
    }
}

static uint64_t channel_bells_at(void)
{
    return (1 + ncubicles) * PAGE_SIZE; /* behind the news and the notices */
}

static uint64_t channel_channels_at(void)
{
    return channel_bells_at() + (1 + ncubicles) * PAGE_SIZE;
}

struct channel_bell *channel_bell(unsigned id)
{
    return (struct channel_bell *)(memory + channel_bells_at() + id * PAGE_SIZE);
}

static struct channel *channel_at(unsigned number)
{
    return (struct channel *)(memory + channel_channels_at() +
                              (number - 1) * CHANNEL_SIZE);
}

struct channel_news *channel_news(void)
{
    return (struct channel_news *)memory;
}

struct channel_notice *channel_notice(unsigned id)
{
    return (struct channel_notice *)(memory + id * PAGE_SIZE);
}

/* Who is at the other ends of this process's channels. */
static void channel_meet(void)
{
    channel_nknown = 0;
    memset(peers, 0, sizeof(peers)); /* the parent had others */
    for (unsigned id = 0; id <= ncubicles; id++) {
        const unsigned number =
            id != channel_self ? channel_number(channel_self, id) : 0;
        if (number == 0) {
            continue;
        }
        struct channel *channel = channel_at(number);
        const unsigned mine = channel_self < id ? 0 : 1;
        peers[id] = (struct channel_peer){
            .id = id,
            .mine = &channel->side[mine],
            .theirs = &channel->side[1 - mine],
            .bell = channel_bell(id),
        };
        channel_known[channel_nknown++] = &peers[id];
    }
}

int channel_map(size_t n)
{
    ncubicles = n;
    memory_size = channel_channels_at() + nchannels * CHANNEL_SIZE;
    const int fd = numbers == NULL ? -1 : memfd_create("channels", MFD_CLOEXEC);
    if (fd < 0 || ftruncate(fd, (off_t)memory_size) != 0) {
        return numbers == NULL ? -ENOMEM : -errno;
    }
    memory = mmap(NULL, memory_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE,
                  fd, 0);
    char path[32];
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    readable = open(path, O_RDONLY | O_CLOEXEC);
    const int error = readable >= 0 ? 0 : -errno;
    close(fd); /* so that what is unmapped stays so (CH1) */
    if (memory == MAP_FAILED || error != 0) {
        return memory == MAP_FAILED ? -ENOMEM : error;
    }
    channel_start(false);
    channel_meet();
    return 0;
}

/* Has pages @first to @end, of the news and notices, only to be read from now on (CH4). False: it
 * failed. */
static bool channel_only_read(unsigned first, unsigned end)
{
    const off_t at = (off_t)first * PAGE_SIZE;
    const size_t size = (size_t)(end - first) * PAGE_SIZE;
    return size == 0 || mmap(memory + at, size, PROT_READ, MAP_SHARED | MAP_FIXED,
                             readable, at) != MAP_FAILED;
}

int channel_keep(unsigned id, bool alone)
{
    channel_self = id;
    bool failed = !channel_only_read(0, id) ||
                  !channel_only_read(id + 1, (unsigned)ncubicles + 1);
    for (unsigned other = 1; other <= ncubicles; other++) {
        failed |= other != id && channel_number(id, other) == 0 &&
                  munmap(channel_bell(other), PAGE_SIZE) != 0;
    }
    for (unsigned a = 0; a <= ncubicles; a++) {
        for (unsigned b = a + 1; b <= ncubicles; b++) {
            const unsigned number = channel_number(a, b);
            failed |= number != 0 && a != id && b != id &&
                      munmap(channel_at(number), CHANNEL_SIZE) != 0;
        }
    }
    channel_meet();
    channel_start(alone);
    return failed ? -errno : 0;
}

struct channel_peer *channel_peer(unsigned id)
{
    return id <= ncubicles && peers[id].mine != NULL ? &peers[id] : NULL;
}
