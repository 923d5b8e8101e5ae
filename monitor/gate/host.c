/*
 * Interface `host`: the host calls that the component next to the host may make. See
 * interfaces/host.h. Buffers are the monitor's own copies.
 */
#include "fault/signal_pending.h"
#include "fault/unwind.h"
#include "gate.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#define ENTROPY_MAX 256

static const struct monitor_config *config;

void host_setup(const struct monitor_config *given)
{
    config = given;
}

static ssize_t host_result(ssize_t n)
{
    return n >= 0 ? n : -errno;
}

/* Until the console has one of @events, or a signal for the application comes. 0 or a negative errno. */
static int host_console_wait(int stream, short events)
{
    const int ready = signal_wanted() ? signal_wait(stream, events, -1) : 0;
    return ready < 0 ? ready : 0;
}

static ssize_t host_console_read(void *buf, size_t count)
{
    const int error = host_console_wait(STDIN_FILENO, POLLIN);
    return error == 0 ? host_result(read(STDIN_FILENO, buf, count)) : error;
}

static ssize_t host_console_write(int stream, const void *buf, size_t count)
{
    if (stream != STDOUT_FILENO && stream != STDERR_FILENO) {
        return -EBADF;
    }
    const int error = host_console_wait(stream, POLLOUT);
    return error == 0 ? host_result(write(stream, buf, count)) : error;
}

static int host_console_isatty(int stream)
{
    return stream >= 0 && stream <= 2 ? isatty(stream) : -EBADF;
}

static int host_console_size(int stream)
{
    struct winsize size;
    if (stream < 0 || stream > 2 || ioctl(stream, TIOCGWINSZ, &size) != 0) {
        return -ENOTTY;
    }
    return (size.ws_row & 0x7fff) << 16 | size.ws_col;
}

static int host_console_poll(int timeout_ms)
{
    const int n = signal_wait(STDIN_FILENO, POLLIN,
                              timeout_ms < 0 ? -1 : (int64_t)timeout_ms * 1000000);
    return n > 0 ? 1 : n;
}

/* Copies @text with its NUL. */
static ssize_t host_copy_text(const char *text, char *buf, size_t count)
{
    const size_t len = strlen(text) + 1;
    if (len > count) {
        return -ERANGE;
    }
    memcpy(buf, text, len);
    return (ssize_t)len;
}

static ssize_t host_list_item(const char *const *list, int index, char *buf,
                              size_t count)
{
    for (int i = 0; index >= 0 && list != NULL && list[i] != NULL; i++) {
        if (i == index) {
            return host_copy_text(list[i], buf, count);
        }
    }
    return -ENOENT;
}

static ssize_t host_argument(int index, char *buf, size_t count)
{
    return host_list_item(config->arguments, index, buf, count);
}

static ssize_t host_environment(int index, char *buf, size_t count)
{
    return host_list_item(config->environment, index, buf, count);
}

static ssize_t host_setting(const char *name, char *buf, size_t count)
{
    for (size_t i = 0; i < config->nsettings; i++) {
        if (strcmp(config->settings[i].name, name) == 0) {
            return host_copy_text(config->settings[i].value, buf, count);
        }
    }
    return -ENOENT;
}

static int64_t host_clock(int clock)
{
    static const clockid_t clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC,
                                       CLOCK_PROCESS_CPUTIME_ID};
    struct timespec now;
    if (clock < 0 || clock > 2 || clock_gettime(clocks[clock], &now) != 0) {
        return -EINVAL;
    }
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int host_sleep(uint64_t timeout_ns)
{
    return signal_wait(-1, 0, timeout_ns < INT64_MAX ? (int64_t)timeout_ns : INT64_MAX);
}

static ssize_t host_entropy(void *buf, size_t count)
{
    return count <= ENTROPY_MAX ? host_result(getrandom(buf, count, 0)) : -EINVAL;
}

static ssize_t host_root_read(uint64_t offset, void *buf, size_t count)
{
    if (config->root_fd < 0) {
        return 0;
    }
    if (offset > INT64_MAX) {
        return -EINVAL;
    }
    return host_result(pread(config->root_fd, buf, count, (off_t)offset));
}

static ssize_t host_export_write(const void *buf, size_t count)
{
    if (config->export_fd < 0) {
        return -ENODEV;
    }
    return host_result(write(config->export_fd, buf, count));
}

/* Unwinds to the monitor's own call, as if it had returned @status. */
static void host_shutdown(int status)
{
    unwind_all(status);
}

const struct gate host_gates[] = {
    {"host_console_read", host_console_read, MONITOR_RIGHT_HOST},
    {"host_console_write", host_console_write, MONITOR_RIGHT_HOST},
    {"host_console_isatty", host_console_isatty, MONITOR_RIGHT_HOST},
    {"host_console_size", host_console_size, MONITOR_RIGHT_HOST},
    {"host_console_poll", host_console_poll, MONITOR_RIGHT_HOST},
    {"host_argument", host_argument, MONITOR_RIGHT_HOST},
    {"host_environment", host_environment, MONITOR_RIGHT_HOST},
    {"host_setting", host_setting, MONITOR_RIGHT_HOST},
    {"host_clock", host_clock, MONITOR_RIGHT_HOST},
    {"host_sleep", host_sleep, MONITOR_RIGHT_HOST},
    {"host_entropy", host_entropy, MONITOR_RIGHT_HOST},
    {"host_root_read", host_root_read, MONITOR_RIGHT_HOST},
    {"host_export_write", host_export_write, MONITOR_RIGHT_HOST},
    {"host_shutdown", host_shutdown, MONITOR_RIGHT_HOST},
};
const unsigned host_ngates = sizeof(host_gates) / sizeof(host_gates[0]);
