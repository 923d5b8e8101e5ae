/*
 * Fresh pages, and space without memory. The allocator is not trusted: the pages that it names must
 * be heap pages of this cubicle. The monitor knows whether they are, and tells when it is asked to
 * change their rights. So no allocator can pass off a stack or variables as fresh memory. About
 * reserved space, which holds nothing, the allocator is believed.
 *
 * The bytes that were mapped or reserved, and not unmapped again, are counted for setrlimit().
 *
 * Fresh pages at an address where a shared mapping of a file has ended by itself are never used,
 * for the program may still take that address for the file. They lose their rights, and the
 * allocator is asked again.
 */
#include <errno.h>

#include "call_limits.h"
#include "call_shared.h"
#include "call_spare.h"
#include "syscall.h"

enum kind {
    MAP_FRESH,
    MAP_ROOM, /* with space behind it, in which it can grow */
    MAP_AGAIN, /* may still hold what this cubicle left there */
    MAP_SPACE  /* reserved space, without memory */
};

static long map_ask(enum kind kind, unsigned long len)
{
    switch (kind) {
    case MAP_ROOM:
        return alloc_map_room(len, len, CALL_SELF);
    case MAP_AGAIN:
        return alloc_map_again(len, CALL_SELF);
    case MAP_SPACE:
        return alloc_reserve(len, CALL_SELF);
    default:
        return alloc_map(len, CALL_SELF);
    }
}

/* Asks the monitor for the rights that fresh memory has anyway: it refuses what is not heap of this
 * cubicle. */
static int map_is_heap(long base, unsigned long len)
{
    const int r = base >> 32 ? -EPERM
                             : cubicle_page_protect((void *)base, len, CUBICLE_WRITE);
    return r != -EPERM && r != -EINVAL;
}

static long map_checked(enum kind kind, unsigned long len)
{
    if (!__call_mapped_may(len)) {
        return -ENOMEM;
    }
    const long base = map_ask(kind, len);
    if (base < 0) {
        return __call_lie(base);
    }
    if (kind == MAP_SPACE ? base >> 32 || base & 4095 : !map_is_heap(base, len)) {
        return -EIO;
    }
    __call_mapped += len;
    return base;
}

static long map_apart(enum kind kind, unsigned long len)
{
    for (;;) {
        const long base = map_checked(kind, len);
        if (base == -ENOMEM && __call_spare_drop()) {
            continue;
        }
        if (base < 0 || __call_shared_at((void *)base, len) == 0) {
            return base;
        }
        const long r =
            kind == MAP_SPACE ? 0 : cubicle_page_protect((void *)base, len, 0);
        if (r < 0) {
            return r;
        }
    }
}

long __call_map(unsigned long len)
{
    return map_apart(MAP_FRESH, len);
}

long __call_map_room(unsigned long len)
{
    return map_apart(MAP_ROOM, len);
}

long __call_map_again(unsigned long len)
{
    return map_apart(MAP_AGAIN, len);
}

long __call_reserve(unsigned long len)
{
    return map_apart(MAP_SPACE, len);
}

long __call_unmap(void *base, unsigned long len)
{
    const long r = __call_zero(alloc_unmap(base, len, CALL_SELF));
    if (r == 0) {
        __call_mapped -= len < __call_mapped ? len : __call_mapped;
    }
    return r;
}
