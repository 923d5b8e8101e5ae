/*
 * The platform: hands the monitor's host calls on to the other components. It holds no
 * state; its one job is to be the only component that may call the host.
 *
 * The monitor refuses ranges above 64 KiB. For streams a shorter transfer than asked
 * for is a valid answer, so longer requests are cut, never refused.
 */
#include <host.h>
#include <plat.h>

#define PLAT_HOST_MAX (64u * 1024)

static size_t plat_cut(size_t count)
{
    return count < PLAT_HOST_MAX ? count : PLAT_HOST_MAX;
}

ssize_t plat_console_read(void *buf, size_t count)
{
    return host_console_read(buf, plat_cut(count));
}

ssize_t plat_console_write(int stream, const void *buf, size_t count)
{
    return host_console_write(stream, buf, plat_cut(count));
}

int plat_console_isatty(int stream)
{
    return host_console_isatty(stream);
}

int plat_console_size(int stream)
{
    return host_console_size(stream);
}

int plat_console_poll(int timeout_ms)
{
    return host_console_poll(timeout_ms);
}

ssize_t plat_argument(int index, char *buf, size_t count)
{
    return host_argument(index, buf, plat_cut(count));
}

ssize_t plat_environment(int index, char *buf, size_t count)
{
    return host_environment(index, buf, plat_cut(count));
}

ssize_t plat_setting(const char *name, char *buf, size_t count)
{
    return host_setting(name, buf, plat_cut(count));
}

int64_t plat_clock(int clock)
{
    return host_clock(clock);
}

int plat_sleep(uint64_t timeout_ns)
{
    return host_sleep(timeout_ns);
}

ssize_t plat_entropy(void *buf, size_t count)
{
    return host_entropy(buf, count);
}

ssize_t plat_root_read(uint64_t offset, void *buf, size_t count)
{
    return host_root_read(offset, buf, plat_cut(count));
}

ssize_t plat_export_write(const void *buf, size_t count)
{
    return host_export_write(buf, plat_cut(count));
}

void plat_shutdown(int status)
{
    host_shutdown(status);
}
