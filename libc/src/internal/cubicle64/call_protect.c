#include <errno.h>
#include <sys/mman.h>

#include "call_shared.h"
#include "call_spare.h"
#include "syscall.h"

static long protect_none(void *base, unsigned long len)
{
    return cubicle_page_protect(base, len, 0);
}

/* Part of the range is no memory. It may be reserved space, which becomes memory if @rights allow
 * access. */
static long protect_reserved(void *base, unsigned long len, int rights)
{
    const long r = rights ? __call_commit(base, len, rights)
                          : __call_spans(base, len, protect_none);
    return r == -EINVAL ? -EPERM : r;
}

/* Pages are never executable; a page that can be written can be read. */
long __call_protect(void *base, unsigned long len, int prot)
{
    if ((unsigned long)base & 4095 || prot & ~(PROT_READ | PROT_WRITE | PROT_EXEC)) {
        return -EINVAL;
    }
    if (prot & PROT_EXEC) {
        return -EACCES;
    }
    if (len == 0) {
        return 0;
    }
    if (len > -4096ul) {
        return -ENOMEM;
    }
    len = (len + 4095) & -4096ul;
    const struct call_shared *shared = __call_shared_at(base, len);
    if (shared != 0) {
        return shared->protect((unsigned long)base, len, prot);
    }
    __call_spare_forget(base, len);
    const int rights = prot & PROT_WRITE  ? CUBICLE_WRITE
                       : prot & PROT_READ ? CUBICLE_READ
                                          : 0;
    const long r = cubicle_page_protect(base, len, rights);
    return r == -EPERM ? protect_reserved(base, len, rights) : r;
}
