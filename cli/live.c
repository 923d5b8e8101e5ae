#include "live.h"

#include "cli.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

int live_create(void)
{
    const int fd = memfd_create(COUNTERS_FILE, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd >= 0 && ftruncate(fd, sizeof(struct counters)) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

double live_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_BOOTTIME, &now); /* the one by which processes start */
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Field @index of /proc/PID/stat, counted from the process's state, which is 0; -1: there is none. */
static double stat_field(pid_t pid, unsigned index)
{
    char path[40], text[1024];

    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    FILE *in = fopen(path, "re");
    if (in == NULL) {
        return -1;
    }
    const size_t n = fread(text, 1, sizeof(text) - 1, in);
    fclose(in);
    text[n] = '\0';
    const char *at =
        strrchr(text, ')'); /* the name before it may have anything in it */
    for (at = at != NULL ? at + 1 : NULL; at != NULL && index > 0; index--) {
        at = strchr(at + 1, ' ');
    }
    return at != NULL ? strtod(at, NULL) : -1;
}

enum { STAT_PARENT = 1, STAT_USER = 11, STAT_SYSTEM = 12, STAT_START = 19 };

pid_t live_parent(pid_t pid)
{
    return (pid_t)stat_field(pid, STAT_PARENT);
}

void live_begin(struct live *live)
{
    live->start_s =
        stat_field(live->monitor, STAT_START) / (double)sysconf(_SC_CLK_TCK);
}

static double process_cpu_s(pid_t pid)
{
    const double user = stat_field(pid, STAT_USER);
    const double system = stat_field(pid, STAT_SYSTEM);

    return user >= 0 && system >= 0 ? (user + system) / (double)sysconf(_SC_CLK_TCK)
                                    : -1;
}

double live_cpu_s(const struct live *live)
{
    const double monitor = process_cpu_s(live->monitor);
    double all = monitor;

    for (uint32_t id = 1; id <= live->ncubicles; id++) {
        const int32_t process = live->counters->cubicles[id].process;
        const double more = process > 0 ? process_cpu_s(process) : 0;
        all += more > 0 ? more : 0; /* it may have ended just now */
    }
    return monitor >= 0 ? all : -1;
}

bool live_wait(const struct live *live, int timeout_ms)
{
    struct pollfd poller = {.fd = live->monitor_fd, .events = POLLIN};

    return poll(&poller, 1, timeout_ms) > 0 || live_has_ended(live);
}

bool live_has_ended(const struct live *live)
{
    struct pollfd poller = {.fd = live->monitor_fd, .events = POLLIN};

    return live->monitor_fd >= 0 ? poll(&poller, 1, 0) > 0
                                 : kill(live->monitor, 0) != 0 && errno == ESRCH;
}

void live_text(const char *from, char text[COUNTERS_NAME_SIZE])
{
    size_t n = 0;

    for (; n < COUNTERS_NAME_SIZE - 1 && from[n] != '\0'; n++) {
        text[n] = from[n] > ' ' && from[n] < 0x7f ? from[n] : '?';
    }
    if (n == 0) {
        text[n++] = '?';
    }
    text[n] = '\0';
}

void live_name(const struct live *live, uint32_t at, char text[COUNTERS_NAME_SIZE])
{
    char copy[COUNTERS_NAME_SIZE] = "";

    for (size_t n = 0; n < sizeof(copy) - 1 && at < COUNTERS_NAMES_SIZE - n; n++) {
        copy[n] = live->counters->names[at + n];
        if (copy[n] == '\0') {
            break;
        }
    }
    live_text(copy, text);
}
