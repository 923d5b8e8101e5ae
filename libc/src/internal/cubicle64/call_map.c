/*
 * Fresh pages. What the allocator names is not believed: it must be heap pages of this cubicle, which only
 * the monitor can say, and says where it is asked to change their rights. So nobody can have a stack or
 * variables taken for fresh memory.
 *
 * Bytes are counted for setrlimit(): what was mapped or reserved and not unmapped again.
 *
 * Where a shared mapping of a file was and ended by itself, pages that turn up are not used, and
 * cannot be: the program may still take them for the file.
 */
#include <errno.h>

#include "call_limits.h"
#include "call_shared.h"
#include "call_spare.h"
#include "syscall.h"

enum kind {
    MAP_FRESH,
    MAP_ROOM, /* with room behind it to grow */
    MAP_AGAIN /* perhaps with what this cubicle left in it */
};

static long map_ask(enum kind kind, unsigned long len)
{
    switch (kind) {
    case MAP_ROOM:
        return alloc_map_room(len, len, CALL_SELF);
    case MAP_AGAIN:
        return alloc_map_again(len, CALL_SELF);
    default:
        return alloc_map(len, CALL_SELF);
    }
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
    const int r = base >> 32 ? -EPERM
                             : cubicle_page_protect((void *)base, len, CUBICLE_WRITE);
    if (r == -EPERM || r == -EINVAL) { /* else the rights are what they were */
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
        const long r = cubicle_page_protect((void *)base, len, 0);
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

long __call_unmap(void *base, unsigned long len)
{
    const long r = __call_zero(alloc_unmap(base, len, CALL_SELF));
    if (r == 0) {
        __call_mapped -= len < __call_mapped ? len : __call_mapped;
    }
    return r;
}
