/*
 * What the components ask of the rest of the system, for tests that run them in one
 * process: a clock, random bytes, a console in memory, and the binding of the two file
 * systems.
 */
#include "stubs.h"
#include "stub_stack.h"

#include <clock.h>
#include <cubicle.h>
#include <cubicle/in.h>
#include <errno.h>
#include <fs_ops.h>
#include <plat.h>
#include <random.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <vfs.h>

const char *in_unreadable;

struct stub stub = {.clock_step_ns = 1000};

int64_t cubicle_clock(int id)
{
    stub.clock_calls++;
    if (stub.real_clock) {
        struct timespec ts;
        clock_gettime(id, &ts);
        return ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
    }
    stub.clock_ns += stub.clock_step_ns;
    return stub.clock_ns;
}

int64_t clock_resolution_ns(int id)
{
    (void)id;
    return 1;
}

int clock_sleep_ns(uint64_t duration_ns)
{
    stub.slept_ns += duration_ns;
    stub.clock_ns += (int64_t)duration_ns;
    return stub.interrupted ? -EINTR : 0;
}

ssize_t random_bytes(void *buf, size_t count)
{
    static uint64_t state = 88172645463325252u;
    unsigned char *to = buf;
    for (size_t i = 0; i < count; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        to[i] = (unsigned char)state;
    }
    return (ssize_t)count;
}

ssize_t plat_console_read(void *buf, size_t count)
{
    const size_t left = stub.input_len - stub.input_at;
    count = count < left ? count : left;
    memcpy(buf, stub.input + stub.input_at, count);
    stub.input_at += count;
    return (ssize_t)count;
}

ssize_t plat_console_write(int stream, const void *buf, size_t count)
{
    const size_t room = sizeof(stub.output) - stub.output_len;
    const size_t part = count < room ? count : room;
    memcpy(stub.output + stub.output_len, buf, part);
    stub.output_len += part;
    stub.last_stream = stream;
    return (ssize_t)count;
}

int plat_console_isatty(int stream)
{
    (void)stream;
    return stub.is_terminal;
}

int plat_console_size(int stream)
{
    (void)stream;
    return stub.is_terminal ? 24 << 16 | 80 : -ENOTTY;
}

int plat_console_poll(int timeout_ms)
{
    (void)timeout_ms;
    return stub.input_at < stub.input_len;
}

void cubicle_epoch_set(uint64_t epoch)
{
    stub.epoch = epoch;
}

uint64_t cubicle_epoch(int id)
{
    return id == STUB_SELF ? stub.epoch : 0;
}

/* clang-format off */
#define FUNCTIONS(F)                                                                   \
    F(mount) F(lookup) F(create) F(symlink) F(link) F(unlink) F(rename) F(readlink)    \
    F(hold) F(drop) F(read) F(write) F(getattr) F(setattr) F(readdir) F(sync)          \
    F(statfs) F(map) F(map_change) F(mapping) F(poll)
/* clang-format on */

/* devfs is compiled with its functions renamed. */
#define DECLARE(name) extern __typeof__(fs_##name) devfs_##name;
FUNCTIONS(DECLARE)

#define OF_RAMFS(name) .fs_##name = fs_##name,
#define OF_DEVFS(name) .fs_##name = devfs_##name,
static const struct fs_ops ramfs_ops = {FUNCTIONS(OF_RAMFS)};
static const struct fs_ops devfs_ops = {FUNCTIONS(OF_DEVFS)};

int cubicle_bind(const char *interface, uint64_t fingerprint, const char *provider,
                 void *table, size_t size)
{
    const struct fs_ops *ops = NULL;
    (void)fingerprint;
    if (strcmp(interface, "socket") == 0 && strcmp(provider, "stack") == 0 &&
        size == sizeof(stub_stack.ops)) {
        stub_stack_start();
        memcpy(table, &stub_stack.ops, size);
        return 0;
    }
    if (strcmp(interface, "fs") != 0 || size != sizeof(*ops)) {
        return -EINVAL;
    }
    if (strcmp(provider, "ramfs") == 0) {
        ops = &ramfs_ops;
    } else if (strcmp(provider, "devfs") == 0) {
        ops = &devfs_ops;
    } else if (strcmp(provider, "test") == 0) {
        ops = stub.provider;
    }
    if (ops == NULL) {
        return -ENOENT;
    }
    memcpy(table, ops, size);
    return 0;
}

static void must(int result, const char *what)
{
    if (result != 0) {
        fprintf(stderr, "%s: error %d\n", what, -result);
        exit(1);
    }
}

void stub_boot(void)
{
    must(vfs_mount("ramfs", "/", "", STUB_BOOT), "mount /");
    must(vfs_mkdirat(-100, "/dev", 0755, STUB_BOOT), "mkdir /dev");
    must(vfs_mount("devfs", "/dev", "", STUB_BOOT), "mount /dev");
}
