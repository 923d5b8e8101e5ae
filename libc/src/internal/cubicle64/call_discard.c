#include <errno.h>

#include "call_files.h"
#include "call_shared.h"
#include "syscall.h"

static long discard_memory(void *base, unsigned long len)
{
    return cubicle_page_discard(base, len);
}

/* MADV_DONTNEED: memory is zero from now on. Reserved space in the range holds nothing to discard.
 */
long __call_discard(void *base, unsigned long len)
{
    if ((unsigned long)base & 4095 || len > -4096ul) {
        return -EINVAL;
    }
    if (len == 0) {
        return 0;
    }
    len = (len + 4095) & -4096ul;
    if (__call_shared_at(base, len) != 0) {
        return 0; /* the contents are the file's, and stay */
    }
    if (__call_file_is((unsigned long)base, len)) {
        return -EINVAL; /* the file would have to be read again */
    }
    const long r = cubicle_page_discard(base, len);
    return r == -EPERM ? __call_spans(base, len, discard_memory) : r;
}
