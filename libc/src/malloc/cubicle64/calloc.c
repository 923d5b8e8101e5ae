/*
 * malloc() may answer with memory that was used before (__mmap.c), and must not for
 * calloc(): what is mapped for one block alone is then zero without being written.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dynlink.h"
#include "syscall.h"

void *calloc(size_t count, size_t each)
{
    size_t size;
    if (__builtin_mul_overflow(count, each, &size)) {
        errno = ENOMEM;
        return 0;
    }
    __call_map_zeroed = 1;
    void *p = malloc(size);
    __call_map_zeroed = 0;
    if (p && (__malloc_replaced || !__malloc_allzerop(p))) {
        memset(p, 0, size);
    }
    return p;
}
