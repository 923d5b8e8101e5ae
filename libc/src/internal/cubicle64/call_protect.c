#include <sys/mman.h>

#include "call_shared.h"
#include "syscall.h"

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
    len = (len + 4095) & -4096UL;
    const struct call_shared *shared = __call_shared_at(base, len);
    if (shared != 0) {
        return shared->protect((unsigned long)base, len, prot);
    }
    return cubicle_page_protect(base, len,
                                prot & PROT_WRITE  ? CUBICLE_WRITE
                                : prot & PROT_READ ? CUBICLE_READ
                                                   : 0);
}
