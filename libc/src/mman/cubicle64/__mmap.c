/*
 * Anonymous memory, for malloc and mmap(). Kept apart from mmap() so that a module that
 * only uses malloc does not import vfs.
 */
#include <errno.h>
#include <stdint.h>
#include <sys/mman.h>

#include "syscall.h"

void *__mmap(void *start, size_t len, int prot, int flags, int fd, off_t off)
{
    if (len == 0 || off & 4095 || !(flags & MAP_ANON) || flags & MAP_FIXED) {
        return (void *)__syscall_ret(-EINVAL);
    }
    if (len > UINT32_MAX) {
        return (void *)__syscall_ret(-ENOMEM);
    }
    len = (len + 4095) & -4096UL;
    const long base = __call_map(len);
    if (base > 0 && (prot & (PROT_WRITE | PROT_EXEC)) != PROT_WRITE) {
        const long r = __call_protect((void *)base, len, prot);
        if (r) {
            __call_unmap((void *)base, len);
            return (void *)__syscall_ret(r);
        }
    }
    return (void *)__syscall_ret(base);
}

/* For __init_tls.c, which does without where no module code maps memory. */
hidden void *__tls_map(size_t size)
{
    const long base = __call_map((size + 4095) & -4096UL);
    return base < 0 ? 0 : (void *)base;
}
