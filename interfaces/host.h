/*
 * Host calls: the monitor's door to the host kernel. Only modules that the manifest names under `host` may
 * import these. Errors are negative errno values of the host. Ranges above 64 KiB are refused with -E2BIG.
 */
#ifndef CUBICLE_HOST_H
#define CUBICLE_HOST_H

#include <cubicle/interface.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

CUBICLE_INTERFACE(host);

/* What waits ends with -EINTR when a signal comes that the application catches (cubicle.h). */

/** Reads from standard input; blocks; 0 at the end. */
ssize_t host_console_read(CUBICLE_OUT(count, ret) void *buf, size_t count);

/** Writes to standard output (@stream 1) or standard error (2). */
ssize_t host_console_write(int stream, CUBICLE_IN(count) const void *buf, size_t count);

/** 1 when standard stream @stream (0, 1, 2) is a terminal, else 0; -EBADF. */
int host_console_isatty(int stream);

/** rows << 16 | columns of the terminal behind @stream, or -ENOTTY. */
int host_console_size(int stream);

/** 1 when standard input has something to read (or is at its end) within @timeout_ms (-1: for ever), else 0. */
int host_console_poll(int timeout_ms);

/** Copies boot parameter @index (0: the application's name, then its arguments), with its NUL.
 *  Returns its length with the NUL, -ENOENT past the last, -ERANGE buffer too small. */
ssize_t host_argument(int index, CUBICLE_OUT(count, ret) char *buf, size_t count);

/** The same for the environment, as NAME=value. */
ssize_t host_environment(int index, CUBICLE_OUT(count, ret) char *buf, size_t count);

/** Copies setting @name of the system manifest (for boot: "mounts", "application", "export"); as host_argument. */
ssize_t host_setting(CUBICLE_STRING(64) const char *name, CUBICLE_OUT(count, ret) char *buf, size_t count);

/** Nanoseconds of CLOCK_REALTIME (0), CLOCK_MONOTONIC (1) or CLOCK_PROCESS_CPUTIME_ID (2); -EINVAL. */
int64_t host_clock(int clock);

/** Sleeps; 0; -EINTR. */
int host_sleep(uint64_t timeout_ns);

/** Fills @buf with entropy of the host kernel, @count <= 256. @count or an error. */
ssize_t host_entropy(CUBICLE_OUT(count, ret) void *buf, size_t count);

/** Reads the initial root file system (a cpio newc stream) at @offset; 0 at its end or where none was given. */
ssize_t host_root_read(uint64_t offset, CUBICLE_OUT(count, ret) void *buf, size_t count);

/** Appends to the exported file system (a cpio newc stream); -ENODEV where no export was asked for. */
ssize_t host_export_write(CUBICLE_IN(count) const void *buf, size_t count);

/** Ends the system with exit status @status. */
void host_shutdown(int status) __attribute__((noreturn));

#endif
