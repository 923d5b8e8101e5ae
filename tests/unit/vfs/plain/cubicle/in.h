/*
 * Stands in for include/cubicle/in.h: these tests call plainly, so the bytes are there. A test can say from which on
 * they cannot be read.
 */
#ifndef CUBICLE_IN_H
#define CUBICLE_IN_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/** The first byte of a range that cannot be read; NULL: all can be. In stubs.c. */
extern const char *in_unreadable;

static inline bool cubicle_in_stands_for(const void *from)
{
    (void)from;
    return in_unreadable != NULL;
}

static inline int cubicle_in_copy(void *to, const void *from, size_t size)
{
    const char *start = from;
    if (in_unreadable != NULL && in_unreadable < start + size) {
        memcpy(to, from, in_unreadable > start ? (size_t)(in_unreadable - start) : 0);
        return -EFAULT;
    }
    memcpy(to, from, size);
    return 0;
}

#endif
