/*
 * How much the helper takes. libslirp keeps a connection that the outside ended first for ten seconds, with its descriptor
 * and two buffers of 128 KiB, and has no limit of its own. So clients that come and go would fill the
 * table of descriptors; then accept() fails for ever, and poll() does not wait. And a system or
 * clients that do not read would fill the memory.
 */
#include "helper.h"

#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#define CONNECTIONS_LEAST 64u /* fewer descriptors serve nobody */

/* Below this a buffer that is freed goes back to the host at once, and one that is hardly used is hardly there. malloc()
 * would raise its own threshold with the first that is freed. Frames, of up to 64 KiB, stay below. */
#define SEPARATE_BYTES (96 * 1024)

#define LOOK_EVERY 16     /* rounds of the loop between looks at the memory */
#define END_EVERY_MS 1000 /* to look at all connections costs milliseconds */

static bool open_fds[DESCRIPTORS_MAX];
static unsigned nopen, most_open;
static int memory_fd = -1;
static size_t memory;        /* resident bytes, as of the last look */
static size_t memory_enough; /* with these new connections wait */
static size_t memory_most;   /* with these nobody may send more until some have ended */

bool bounds_setup(size_t bytes)
{
    struct rlimit files;

    memory_enough = bytes / 3 * 2;
    memory_most = bytes;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0) {
        return false;
    }
    files.rlim_cur =
        files.rlim_max < DESCRIPTORS_MAX ? files.rlim_max : DESCRIPTORS_MAX;
    most_open = (unsigned)files.rlim_cur - DESCRIPTORS_RESERVE;
    memory_fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (files.rlim_cur < CONNECTIONS_LEAST + DESCRIPTORS_RESERVE || memory_fd < 0 ||
        setrlimit(RLIMIT_NOFILE, &files) != 0) {
        fprintf(stderr,
                "cubicle-slirp: needs /proc, and %u open files ('ulimit -n', it has "
                "%lu)\n",
                CONNECTIONS_LEAST + DESCRIPTORS_RESERVE, (unsigned long)files.rlim_cur);
        return false;
    }
    return mallopt(M_MMAP_THRESHOLD, SEPARATE_BYTES) == 1;
}

void bounds_opened(int fd, void *opaque)
{
    (void)opaque;
    if (fd >= 0 && (size_t)fd < sizeof(open_fds) && !open_fds[fd]) {
        open_fds[fd] = true;
        nopen++;
        still_opened(fd, world_now_ms());
    }
}

void bounds_closed(int fd, void *opaque)
{
    (void)opaque;
    if (fd >= 0 && (size_t)fd < sizeof(open_fds) && open_fds[fd]) {
        open_fds[fd] = false;
        nopen--;
    }
}

bool bounds_is_open(int fd)
{
    return open_fds[fd];
}

void bounds_look(void)
{
    static unsigned round;
    static int64_t end_ms;
    char text[64] = "";
    char *resident = NULL;

    if (round++ % LOOK_EVERY == 0 && pread(memory_fd, text, sizeof(text) - 1, 0) > 0) {
        (void)strtoul(text, &resident, 10); /* the whole; then what is resident */
        memory = strtoul(resident, NULL, 10) * (size_t)sysconf(_SC_PAGESIZE);
    }
    if (memory < memory_enough) {
        return;
    }
    const int64_t now_ms = world_now_ms();
    if (now_ms >= end_ms) {
        end_ms = now_ms + END_EVERY_MS;
        still_end(now_ms, memory - memory_enough, !bounds_may_send());
    }
}

bool bounds_may_begin(void)
{
    return nopen < most_open && memory < memory_enough;
}

bool bounds_may_send(void)
{
    return memory < memory_most;
}
