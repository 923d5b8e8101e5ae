#include <stdint.h>
#include <sys/mman.h>

#include "syscall.h"

int __munmap(void *start, size_t len)
{
    if ((uintptr_t)start & 4095 || len == 0 || len > UINT32_MAX) {
        return __syscall_ret(-EINVAL);
    }
    return __syscall_ret(__call_unmap(start, (len + 4095) & -4096UL));
}

weak_alias(__munmap, munmap);
