#include <errno.h>
#include <sys/mman.h>

#include "call_shared.h"
#include "syscall.h"

const struct call_shared *__call_shared;

/* msync(): memory that is not shared with a file has no file to be written to. */
long __call_msync(void *base, unsigned long len, int flags)
{
    const int both = MS_ASYNC | MS_SYNC;
    if ((unsigned long)base & 4095 || flags & ~(both | MS_INVALIDATE) ||
        (flags & both) == both) {
        return -EINVAL;
    }
    const struct call_shared *shared = __call_shared_at(base, len);
    return shared != 0 && len != 0 ? shared->sync((unsigned long)base, (len + 4095) & -4096UL)
                                   : 0;
}
