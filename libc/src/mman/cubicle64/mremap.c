/*
 * Memory grows where it is, if the allocator has space behind it. Else it is copied to a place
 * with as much space behind it as it is long, so that memory which grows in small steps is
 * seldom copied. Bytes are moved, not pages: windows on the old place end, as with munmap().
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "call_shared.h"
#include "cubicle64/call_files.h"
#include "cubicle64/call_limits.h"
#include "cubicle64/call_spare.h"
#include "syscall.h"

/* Sets the rights of the range. The monitor refuses unless all of it is heap of this cubicle. */
static long mremap_set_rights(char *base, size_t len, int rights)
{
    const long r = cubicle_page_protect(base, len, rights);
    return r == -EPERM || r == -EINVAL ? -EIO : r;
}

static long mremap_move(char *old, size_t old_len, size_t new_len, int rights)
{
    const long base = __call_map_room(new_len);
    if (base < 0) {
        return base;
    }
    long r = rights ? 0 : mremap_set_rights(old, old_len, CUBICLE_READ);
    if (r == 0) {
        memcpy((char *)base, old, old_len);
        r = mremap_set_rights((char *)base, new_len, rights);
    }
    if (r) {
        __call_unmap((char *)base, new_len);
        return r;
    }
    /* An error is of no interest: the new place is good, whatever becomes of the old one. */
    __call_unmap(old, old_len);
    return base;
}

/* Is none of the range in use by the cubicle? The allocator is not trusted to know that it is free:
 * the pages that it adds are heap of the cubicle afterwards, and must not have been so before. */
static int mremap_is_unused(char *at, size_t len)
{
    if ((uintptr_t)at + len > UINT32_MAX) {
        return 0;
    }
    for (size_t done = 0; done < len; done += 4096) {
        if (cubicle_page_rights(at + done, 4096) != -EPERM) {
            return 0;
        }
    }
    return 1;
}

static long mremap_grow(char *old, size_t old_len, size_t new_len, int rights, int flags)
{
    char *const end = old + old_len;
    const size_t more = new_len - old_len;
    /* Nothing grows into a place where a shared mapping has ended by itself. */
    const int is_free = __call_mapped_may(more) && __call_shared_at(end, more) == 0 &&
                        mremap_is_unused(end, more);
    long r = is_free ? __call_zero(alloc_grow(old, old_len, new_len, CALL_SELF)) : -ENOMEM;
    if (r == 0) {
        __call_mapped += more;
        r = cubicle_page_rights(end, more) == CUBICLE_WRITE
                ? mremap_set_rights(end, more, rights)
                : -EIO;
        return r ? r : (long)old;
    }
    return r == -ENOMEM && flags & MREMAP_MAYMOVE
               ? mremap_move(old, old_len, new_len, rights)
               : r;
}

static long mremap_range(char *old, size_t old_len, size_t new_len, int flags)
{
    if ((uintptr_t)old & 4095 || old_len == 0 || new_len == 0 ||
        flags & ~MREMAP_MAYMOVE) {
        return -EINVAL;
    }
    if (old_len > UINT32_MAX - 4095) {
        return -EFAULT;
    }
    if (new_len > UINT32_MAX - 4095) {
        return -ENOMEM;
    }
    old_len = (old_len + 4095) & -4096ul;
    new_len = (new_len + 4095) & -4096ul;
    const struct call_shared *shared = __call_shared_at(old, old_len);
    if (shared != 0) {
        return shared->resize((uintptr_t)old, old_len, new_len);
    }
    __call_spare_forget(old, old_len);
    const int rights = cubicle_page_rights(old, old_len);
    if (rights < 0 || (new_len > old_len && __call_file_is((uintptr_t)old, old_len))) {
        return -EFAULT; /* not all of it is anonymous memory of the cubicle with equal rights */
    }
    if (new_len > old_len) {
        return mremap_grow(old, old_len, new_len, rights, flags);
    }
    return new_len < old_len && munmap(old + new_len, old_len - new_len) ? -errno : (long)old;
}

void *__mremap(void *old, size_t old_len, size_t new_len, int flags, ...)
{
    return (void *)__syscall_ret(mremap_range(old, old_len, new_len, flags));
}

weak_alias(__mremap, mremap);
