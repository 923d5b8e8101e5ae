/*
 * Fresh pages. What the allocator names is not believed: it must be heap pages of this cubicle, which only
 * the monitor can say, and says where it is asked to change their rights. So nobody can have a stack or
 * variables taken for fresh memory.
 *
 * Where a shared mapping of a file was and ended by itself, pages that turn up are not used, and
 * cannot be: the program may still take them for the file.
 */
#include <errno.h>

#include "call_shared.h"
#include "syscall.h"

static long map_fresh(unsigned long len)
{
    const long base = alloc_map(len, CALL_SELF);
    if (base < 0) {
        return __call_lie(base);
    }
    const int r = base >> 32 ? -EPERM
                             : cubicle_page_protect((void *)base, len, CUBICLE_WRITE);
    return r == -EPERM || r == -EINVAL ? -EIO : base; /* else the rights are what they were */
}

long __call_map(unsigned long len)
{
    for (;;) {
        const long base = map_fresh(len);
        if (base < 0 || __call_shared_at((void *)base, len) == 0) {
            return base;
        }
        const long r = cubicle_page_protect((void *)base, len, 0);
        if (r < 0) {
            return r;
        }
    }
}
