/* A cubicle that shares a file with its caller. */
#ifndef CUBICLE_TEST_SHARER_H
#define CUBICLE_TEST_SHARER_H

#include <cubicle/interface.h>
#include <stddef.h>
#include <stdint.h>

CUBICLE_INTERFACE(sharer);

/** Maps the first @size bytes of /tmp/shared, which it makes, in place of what it mapped before. The address, or a
 *  negative errno. */
int64_t sharer_map(size_t size);

/** Stores @byte at @at in that mapping; returns what was there. */
int sharer_store(size_t at, int byte);

#endif
