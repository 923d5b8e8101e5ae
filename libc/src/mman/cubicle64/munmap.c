#include <stdint.h>
#include <sys/mman.h>

#include "call_shared.h"
#include "cubicle64/call_files.h"
#include "cubicle64/call_spare.h"
#include "syscall.h"

int __munmap(void *start, size_t len)
{
    if ((uintptr_t)start & 4095 || len == 0 || len > UINT32_MAX) {
        return __syscall_ret(-EINVAL);
    }
    len = (len + 4095) & -4096UL;
    const struct call_shared *shared = __call_shared_at(start, len);
    if (shared != 0) {
        return __syscall_ret(shared->unmap((unsigned long)start, len));
    }
    if (__call_spare_put(start, len)) {
        return 0;
    }
    const long r = __call_unmap(start, len);
    if (r == 0) {
        __call_file_forget((uintptr_t)start, len);
    }
    return __syscall_ret(r);
}

weak_alias(__munmap, munmap);
