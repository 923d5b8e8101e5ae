#include <stdint.h>
#include <sys/mman.h>

#include "call_shared.h"
#include "syscall.h"

int __munmap(void *start, size_t len)
{
    if ((uintptr_t)start & 4095 || len == 0 || len > UINT32_MAX) {
        return __syscall_ret(-EINVAL);
    }
    len = (len + 4095) & -4096UL;
    const struct call_shared *shared = __call_shared_at(start, len);
    return __syscall_ret(shared != 0 ? shared->unmap((unsigned long)start, len)
                                     : __call_unmap(start, len));
}

weak_alias(__munmap, munmap);
