/*
 * Fresh pages. What the allocator names is not believed: it must be heap pages of this cubicle, which only
 * the monitor can say, and says where it is asked to change their rights. So nobody can have a stack or
 * variables taken for fresh memory.
 */
#include <errno.h>

#include "syscall.h"

long __call_map(unsigned long len)
{
    const long base = alloc_map(len, CALL_SELF);
    if (base < 0) {
        return __call_lie(base);
    }
    const int r = base >> 32 ? -EPERM
                             : cubicle_page_protect((void *)base, len, CUBICLE_WRITE);
    return r == -EPERM || r == -EINVAL ? -EIO : base; /* else the rights are what they were */
}
