/* Random bytes: ChaCha20 keyed by the host's entropy. */
#ifndef CUBICLE_RANDOM_H
#define CUBICLE_RANDOM_H

#include <cubicle/interface.h>
#include <stddef.h>
#include <sys/types.h>

CUBICLE_INTERFACE(random);

/** Fills @buf. Returns @count, or -EFAULT. */
ssize_t random_bytes(CUBICLE_OUT(count, ret) void *buf, size_t count);

#endif
