/* Page extents with a quota per cubicle. malloc is libc's, inside each cubicle. */
#ifndef CUBICLE_ALLOC_H
#define CUBICLE_ALLOC_H

#include <cubicle/interface.h>
#include <stddef.h>
#include <stdint.h>

CUBICLE_INTERFACE(alloc);

/** Zeroed pages for the caller: at least @size bytes, whole pages; 2 MiB-aligned from 2 MiB up.
 *  Returns the address (< 2^32) or a negative errno: -EINVAL size 0, -ENOMEM quota or space. */
int64_t alloc_map(size_t size, CUBICLE_CALLER int caller);

/**
 * Gives back [@base, @base + @size), whole pages that came from alloc_map, in part or in whole. When it returns nobody
 * else can reach them, whatever windows there were. A few stay the caller's, and count for its quota, until it gets
 * them again or needs the quota; all that has been given back is not to be touched.
 * 0, -EINVAL, -ENOMEM the caller's pages would lie too scattered.
 */
int alloc_unmap(CUBICLE_OPAQUE void *base, size_t size, CUBICLE_CALLER int caller);

#endif
