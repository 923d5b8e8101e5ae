/*
 * Fresh pages. What the allocator names is not believed: it must be heap pages of this cubicle, which only
 * the monitor can say, and says where it is asked to change their rights. So nobody can have a stack or
 * variables taken for fresh memory.
 */
#include <errno.h>

#include "syscall.h"

static long call_mapped(long base, unsigned long len)
{
    if (base < 0) {
        return __call_lie(base);
    }
    const int r = base >> 32 ? -EPERM
                             : cubicle_page_protect((void *)base, len, CUBICLE_WRITE);
    return r == -EPERM || r == -EINVAL ? -EIO : base; /* else the rights are what they were */
}

long __call_map(unsigned long len)
{
    return call_mapped(alloc_map(len, CALL_SELF), len);
}

long __call_map_room(unsigned long len)
{
    return call_mapped(alloc_map_room(len, len, CALL_SELF), len);
}

long __call_map_again(unsigned long len)
{
    return call_mapped(alloc_map_again(len, CALL_SELF), len);
}
