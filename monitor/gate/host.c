/*
 * Interface `host`: the host calls that the component next to the host may make. See
 * interfaces/host.h. Buffers are the monitor's own copies.
 */
#include "base/clock.h"
#include "fault/signal_pending.h"
#include "fault/unwind.h"
#include "gate.h"
#include "host_gates.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/types.h>
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

/* Until the console has one of @events, or a signal for the application comes. 0 or a negative
 * errno. */
static int host_console_wait(int stream, short events)
{
    const int ready = signal_wanted() ? signal_wait(stream, events, -1) : 0;
    return ready < 0 ? ready : 0;
}

ssize_t gate_host_console_read(void *buf, size_t count)
{
    const int error = host_console_wait(STDIN_FILENO, POLLIN);
    return error == 0 ? host_result(read(STDIN_FILENO, buf, count)) : error;
}

ssize_t gate_host_console_write(int stream, const void *buf, size_t count)
{
    if (stream != STDOUT_FILENO && stream != STDERR_FILENO) {
        return -EBADF;
    }
    const int error = host_console_wait(stream, POLLOUT);
    return error == 0 ? host_result(write(stream, buf, count)) : error;
}

int gate_host_console_isatty(int stream)
{
    return stream >= 0 && stream <= 2 ? isatty(stream) : -EBADF;
}

int gate_host_console_size(int stream)
{
    struct winsize size;
    if (stream < 0 || stream > 2 || ioctl(stream, TIOCGWINSZ, &size) != 0) {
        return -ENOTTY;
    }
    return (size.ws_row & 0x7fff) << 16 | size.ws_col;
}

int gate_host_console_poll(int timeout_ms)
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

ssize_t gate_host_argument(int index, char *buf, size_t count)
{
    return host_list_item(config->arguments, index, buf, count);
}

ssize_t gate_host_environment(int index, char *buf, size_t count)
{
    return host_list_item(config->environment, index, buf, count);
}

ssize_t gate_host_setting(const char *name, char *buf, size_t count)
{
    for (size_t i = 0; i < config->nsettings; i++) {
        if (strcmp(config->settings[i].name, name) == 0) {
            return host_copy_text(config->settings[i].value, buf, count);
        }
    }
    return -ENOENT;
}

int64_t gate_host_clock(int clock)
{
    static const clockid_t clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC,
                                       CLOCK_PROCESS_CPUTIME_ID};
    return clock < 0 || clock > 2 ? -EINVAL : clock_ns(clocks[clock]);
}

int gate_host_sleep(uint64_t timeout_ns)
{
    return signal_wait(-1, 0, timeout_ns < INT64_MAX ? (int64_t)timeout_ns : INT64_MAX);
}

ssize_t gate_host_entropy(void *buf, size_t count)
{
    return count <= ENTROPY_MAX ? host_result(getrandom(buf, count, 0)) : -EINVAL;
}

ssize_t gate_host_root_read(uint64_t offset, void *buf, size_t count)
{
    if (config->root_fd < 0) {
        return 0;
    }
    if (offset > INT64_MAX) {
        return -EINVAL;
    }
    return host_result(pread(config->root_fd, buf, count, (off_t)offset));
}

ssize_t gate_host_export_write(const void *buf, size_t count)
{
    if (config->export_fd < 0) {
        return -ENODEV;
    }
    return host_result(write(config->export_fd, buf, count));
}

/* Unwinds to the monitor's own call, as if it had returned @status. */
void gate_host_shutdown(int status)
{
    unwind_all(status);
}

#define GATE(function) {#function, gate_##function, MONITOR_RIGHT_HOST},
static const struct gate gates[] = {HOST_GATES(GATE)};
const struct gate_interface host_interface = {
    .name = "host",
    .fingerprint = HOST_FINGERPRINT,
    .gates = gates,
    .ngates = sizeof(gates) / sizeof(gates[0]),
};
