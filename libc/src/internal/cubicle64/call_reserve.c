/*
 * Parts of reserved space (call_map.c) that become memory, and memory that becomes reserved space
 * again. The monitor checks that what the allocator commits is heap of this cubicle.
 */
#include <errno.h>
#include <sys/mman.h>

#include "call_files.h"
#include "call_shared.h"
#include "call_spare.h"
#include "syscall.h"

long __call_commit(void *base, unsigned long len, int rights)
{
    long r;
    do {
        r = __call_zero(alloc_commit(base, len, CALL_SELF));
    } while (r == -ENOMEM && __call_spare_drop());
    if (r == 0) {
        r = cubicle_page_protect(base, len, rights);
        r = r == -EPERM ? -EIO : r;
    }
    return r;
}

/* MAP_FIXED: replaces the pages there. Their contents are lost, and this cubicle's windows on them
 * end. */
long __call_map_fixed(void *base, unsigned long len, int prot)
{
    if (__call_shared_at(base, len) != 0) {
        return -EINVAL;
    }
    __call_spare_forget(base, len);
    const long r = __call_zero(alloc_decommit(base, len, CALL_SELF));
    if (r == 0) {
        __call_file_forget((unsigned long)base, len);
    }
    if (r || prot == PROT_NONE) {
        return r ? r : (long)base;
    }
    const long error =
        __call_commit(base, len, prot & PROT_WRITE ? CUBICLE_WRITE : CUBICLE_READ);
    return error ? error : (long)base;
}

/* Calls @change for each piece of memory in the range, and not for reserved space. */
long __call_spans(char *base, unsigned long len, long (*change)(void *, unsigned long))
{
    while (len > 0) {
        const long span = alloc_span(base, len, CALL_SELF);
        if (span < 0) {
            return __call_lie(span);
        }
        const unsigned long size = span & ~1ul;
        if (size == 0 || size > len || size & 4095) {
            return -EIO;
        }
        const long r = span & 1 ? 0 : change(base, size);
        if (r) {
            return r;
        }
        base += size;
        len -= size;
    }
    return 0;
}
