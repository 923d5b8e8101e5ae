/*
 * Bytes of a CUBICLE_ON_DEMAND range. The pointer that the function is given may be an address of the bytes (in a plain
 * call, and where they were few, or more than CUBICLE_IN_SIZE), or one that only stands for them.
 */
#ifndef CUBICLE_IN_H
#define CUBICLE_IN_H

#include <cubicle.h>
#include <cubicle/abi.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/** Whether @from only stands for bytes: cubicle_in_copy() is the only way to them. */
static inline bool cubicle_in_stands_for(const void *from)
{
    return (uintptr_t)from - CUBICLE_IN_START < CUBICLE_IN_SIZE;
}

/**
 * Copies @size bytes from @from, which lies in a range on demand, to @to. Valid until the function that was given the
 * range returns. 0; -EFAULT the caller's memory cannot be read: @to may have been written in part. That can happen at any
 * time, whatever was brought in before, and must leave nothing half-done.
 */
static inline int cubicle_in_copy(void *to, const void *from, size_t size)
{
    if (cubicle_in_stands_for(from)) {
        return cubicle_fetch(to, (uintptr_t)from - CUBICLE_IN_START, size);
    }
    memcpy(to, from, size);
    return 0;
}

#endif
