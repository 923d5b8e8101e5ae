/* Page extents with a quota per cubicle. malloc is libc's, inside each cubicle. */
#ifndef CUBICLE_ALLOC_H
#define CUBICLE_ALLOC_H

#include <cubicle/interface.h>
#include <stddef.h>
#include <stdint.h>

CUBICLE_INTERFACE(alloc);
CUBICLE_ROLE(allocator);

/*
 * An extent is memory, or reserved: space that is the caller's and costs nothing. @base is a multiple of 4096, sizes are
 * rounded up to one. Each function fails with -EINVAL, before it has changed anything, where part of the range is not
 * the caller's, or not of the kind that it is for.
 */

/** Zeroed pages for the caller: at least @size bytes, whole pages; 2 MiB-aligned from 2 MiB up.
 *  Returns the address (< 2^32) or a negative errno: -EINVAL size 0, -ENOMEM quota or space. */
int64_t alloc_map(size_t size, CUBICLE_CALLER int caller);

/** As alloc_map(), where there is space for it with @room bytes behind that nobody else is given
 *  while there is other space: alloc_grow() has them. */
int64_t alloc_map_room(size_t size, size_t room, CUBICLE_CALLER int caller);

/** Pages that the caller gave back before, with what it left there: for a malloc() that need not be zero. Costs the host
 *  nothing. As alloc_map(); -ENOENT there are none of that size. */
int64_t alloc_map_again(size_t size, CUBICLE_CALLER int caller);

/** Makes memory [@base, @base + @old_size) @new_size bytes long, where it is: zeroed pages behind it.
 *  0; -EINVAL also where @new_size is not more pages; -ENOMEM space behind it, or the quota: nothing has changed. */
int alloc_grow(CUBICLE_OPAQUE void *base, size_t old_size, size_t new_size, CUBICLE_CALLER int caller);

/**
 * Gives back [@base, @base + @size), memory and reserved alike, in part or in whole. When it returns nobody
 * else can reach them, whatever windows there were. Up to 16 MiB stay the caller's, and count for its quota, until it
 * gets them again or somebody needs the quota or the space; all that has been given back is not to be touched.
 * 0, -EINVAL, -ENOMEM the caller's pages would lie too scattered.
 */
int alloc_unmap(CUBICLE_OPAQUE void *base, size_t size, CUBICLE_CALLER int caller);

/** Space for @size bytes, without memory: not to be touched before alloc_commit(). 2 MiB-aligned from 2 MiB up.
 *  Returns the address or a negative errno: -EINVAL size 0, -ENOMEM space: a caller has at most 1 GiB reserved, and 512 MiB
 *  stay free for memory. */
int64_t alloc_reserve(size_t size, CUBICLE_CALLER int caller);

/** Makes what is reserved in the range zeroed memory; memory in it stays as it is.
 *  0, -EINVAL, -ENOMEM quota or the host: part of it may be memory then. */
int alloc_commit(CUBICLE_OPAQUE void *base, size_t size, CUBICLE_CALLER int caller);

/** Makes memory in the range reserved: what it held is gone, for whoever could reach it, and does not count any more.
 *  0, -EINVAL, -ENOMEM as alloc_unmap() and alloc_reserve(): part of it may be reserved then. */
int alloc_decommit(CUBICLE_OPAQUE void *base, size_t size, CUBICLE_CALLER int caller);

/** How many bytes from @base on are alike, at most @size, whole pages; and 1 more where they are reserved. */
int64_t alloc_span(CUBICLE_OPAQUE const void *base, size_t size, CUBICLE_CALLER int caller);

#endif
