#include "slab.h"

#include <stdlib.h>

#define SLAB_OBJECTS 32

void *slab_alloc_slow(struct slab *slab)
{
    char *block = malloc(slab->size * SLAB_OBJECTS);
    if (block == NULL) {
        return NULL;
    }
    for (size_t i = 1; i < SLAB_OBJECTS; i++) {
        slab_release(slab, block + i * slab->size);
    }
    return block;
}
