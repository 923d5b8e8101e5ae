/* The platform: console, boot parameters, clock and entropy sources, shutdown. The component next to the host. */
#ifndef CUBICLE_PLAT_H
#define CUBICLE_PLAT_H

#include <cubicle/interface.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

CUBICLE_INTERFACE(plat);
CUBICLE_ROLE(host);

ssize_t plat_console_read(CUBICLE_OUT(count, ret) void *buf, size_t count);
ssize_t plat_console_write(int stream, CUBICLE_IN(count) const void *buf, size_t count);
int plat_console_isatty(int stream);
int plat_console_size(int stream);
int plat_console_poll(int timeout_ms);
ssize_t plat_argument(int index, CUBICLE_OUT(count, ret) char *buf, size_t count);
ssize_t plat_environment(int index, CUBICLE_OUT(count, ret) char *buf, size_t count);
CUBICLE_BOOT_ONLY ssize_t plat_setting(CUBICLE_STRING(64) const char *name, CUBICLE_OUT(count, ret) char *buf, size_t count);
int64_t plat_clock(int clock);
int plat_sleep(uint64_t timeout_ns);
ssize_t plat_entropy(CUBICLE_OUT(count, ret) void *buf, size_t count);
CUBICLE_BOOT_ONLY ssize_t plat_root_read(uint64_t offset, CUBICLE_OUT(count, ret) void *buf, size_t count);
CUBICLE_BOOT_ONLY ssize_t plat_export_write(CUBICLE_IN(count) const void *buf, size_t count);
CUBICLE_BOOT_ONLY void plat_shutdown(int status) __attribute__((noreturn));

#endif
