/*
 * Anonymous memory, for malloc and mmap(). Kept apart from mmap() so that a module that
 * only uses malloc does not import vfs.
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "cubicle64/call_spare.h"
#include "syscall.h"

/* From this size on, pages without access are only reserved. malloc's own few pages are memory at
 * once. */
#define RESERVE_MIN (1ul << 20)

/* From this size on malloc() maps pages for one block alone, which need not be zero but for
 * malloc's own data at both ends. Groups of blocks, which must be zero, are smaller than 1 MiB + 1
 * page. */
#define AGAIN_MIN (2ul << 20)
#define AGAIN_ENDS 64

/* Set while calloc() is in malloc(): see calloc.c. */
int __call_map_zeroed;

static long map_memory(size_t len, int prot)
{
    const long base = __call_map(len);
    if (base > 0 && (prot & PROT_WRITE) == 0) {
        const long r = __call_protect((void *)base, len, prot);
        if (r) {
            __call_unmap((void *)base, len);
            return r;
        }
    }
    return base;
}

hidden void *__map_anonymous(void *start, size_t len, int prot, int flags, off_t off)
{
    if (len == 0 || off & 4095 || prot & ~(PROT_READ | PROT_WRITE | PROT_EXEC)) {
        return (void *)__syscall_ret(-EINVAL);
    }
    if (prot & PROT_EXEC) {
        return (void *)__syscall_ret(-EACCES);
    }
    if (len > UINT32_MAX - 4095) {
        return (void *)__syscall_ret(-ENOMEM);
    }
    len = (len + 4095) & -4096UL;
    if (flags & MAP_FIXED) {
        return (void *)__syscall_ret(__call_map_fixed(start, len, prot));
    }
    return (void *)__syscall_ret(prot == PROT_NONE && len >= RESERVE_MIN
                                     ? __call_reserve(len)
                                     : map_memory(len, prot));
}

/* A block of pages that the cubicle gave back earlier. 0: there is none of this length. */
static char *map_again(size_t len)
{
    char *base = __call_spare_take(len);
    if (base == 0) {
        const long again = __call_map_again(len);
        if (again < 0) {
            return 0;
        }
        base = (char *)again;
        __call_spare_given(base, len);
    }
    memset(base + len - AGAIN_ENDS, 0, AGAIN_ENDS);
    return memset(base, 0, AGAIN_ENDS);
}

/* malloc() calls this. */
void *__mmap(void *start, size_t len, int prot, int flags, int fd, off_t off)
{
    const size_t whole = (len + 4095) & -4096UL;
    const int is_block = len >= AGAIN_MIN && len <= UINT32_MAX - 4095 &&
                         prot == (PROT_READ | PROT_WRITE);
    char *base = is_block && !__call_map_zeroed ? map_again(whole) : 0;
    if (base == 0) {
        base = __map_anonymous(start, len, prot, flags, off);
        if (is_block && base != MAP_FAILED) {
            __call_spare_given(base, whole);
        }
    }
    return base;
}

/* For __init_tls.c, which has an empty function instead where the module maps no memory. */
hidden void *__tls_map(size_t size)
{
    const long base = __call_map((size + 4095) & -4096UL);
    return base < 0 ? 0 : (void *)base;
}
