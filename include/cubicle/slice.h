/* A piece of memory that is named, not copied: the caller's own, or lent to it by a window. */
#ifndef CUBICLE_SLICE_H
#define CUBICLE_SLICE_H

#include <stdint.h>

struct cubicle_slice {
    uint64_t
        base; /* a pointer as the owner sees it: only its low 32 bits mean anything */
    uint64_t size; /* bytes */
};

#endif
