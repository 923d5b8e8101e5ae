/* The rest of the system, as the tests of vfscore, ramfs and devfs see and steer it. */
#ifndef STUBS_H
#define STUBS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stub_windows.h"

#define STUB_BOOT 7 /* id of the cubicle that may mount */

struct fs_ops;

extern struct stub {
    /* clock: steps by this at each reading, or is the real one */
    bool interrupted; /* sleeps and waits end with -EINTR */
    bool real_clock;
    int64_t clock_ns, clock_step_ns;
    uint64_t clock_calls, slept_ns;
    /* console */
    bool is_terminal;
    const char *input;
    size_t input_len, input_at;
    char output[4096];
    size_t output_len;
    int last_stream;
    /* vfscore's epoch */
    uint64_t epoch;
    /* a file system that a test provides as "test" */
    const struct fs_ops *provider;
} stub;

/** Mounts ramfs on / and devfs on /dev. */
void stub_boot(void);

#endif
