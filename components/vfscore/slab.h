/* Objects of one size from blocks that are kept: allocation and release are a few
 * instructions. */
#ifndef VFSCORE_SLAB_H
#define VFSCORE_SLAB_H

#include <stddef.h>

struct slab_free {
    struct slab_free *next;
};

struct slab {
    size_t size;
    struct slab_free *free;
};

#define SLAB_INIT(type)                           \
    {                                             \
        .size = (sizeof(type) + 15) & ~(size_t)15 \
    }

/** An object, its bytes undefined; NULL: no memory. */
void *slab_alloc_slow(struct slab *slab);

static inline void *slab_alloc(struct slab *slab)
{
    struct slab_free *object = slab->free;
    if (__builtin_expect(object == NULL, 0)) {
        return slab_alloc_slow(slab);
    }
    slab->free = object->next;
    return object;
}

static inline void slab_release(struct slab *slab, void *object)
{
    struct slab_free *freed = object;
    freed->next = slab->free;
    slab->free = freed;
}

#endif
