/*
 * Copies between the monitor, or one view, and another view, which may trap. Where a byte cannot
 * be read or written with the rights of that view, the fault handler maps the page if an open
 * window covers it, and ends the copy with -EFAULT if none does.
 */
#ifndef MONITOR_COPY_H
#define MONITOR_COPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Chooses the routine for this CPU. Call once, before any copy. */
void copy_init(void);

typedef int copy_routine(void *to, const void *from, size_t size)
    __attribute__((warn_unused_result));

/** Copies @size bytes, ascending. Where the ranges overlap, the result is any bytes of the
 *  two. 0, or -EFAULT with some of it done. */
extern copy_routine *copy_bytes;

/** Bytes of the string at @from with its NUL; -EFAULT; -ENAMETOOLONG when the first
 * @max bytes hold no NUL. */
int64_t string_size(const void *from, size_t max) __attribute__((warn_unused_result));

/** True when @address is an instruction of the routines above. */
bool copy_in_progress(uint64_t address);

/** Where the handler continues a copy that it ends. */
extern const char copy_fault[];

#endif
