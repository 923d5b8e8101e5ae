#include <stdint.h>
#include <sys/mman.h>

#include "cubicle64/call_files.h"
#include "syscall.h"

int __munmap(void *start, size_t len)
{
    if ((uintptr_t)start & 4095 || len == 0 || len > UINT32_MAX) {
        return __syscall_ret(-EINVAL);
    }
    len = (len + 4095) & -4096UL;
    const long r = __call_zero(alloc_unmap(start, len, CALL_SELF));
    if (r == 0) {
        __call_file_forget((uintptr_t)start, len);
    }
    return __syscall_ret(r);
}

weak_alias(__munmap, munmap);
