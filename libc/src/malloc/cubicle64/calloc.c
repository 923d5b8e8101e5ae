/*
 * malloc() may return memory that the cubicle used before (__mmap.c). For calloc() it must not:
 * then pages that are mapped for one block alone are zero, and need not be written.
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
