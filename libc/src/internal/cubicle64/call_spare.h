/*
 * One large block that malloc() has given back and may want again, so that a program which calls
 * malloc() and free() for a few megabytes over and over does not call the allocator each time.
 */
#ifndef CALL_SPARE_H
#define CALL_SPARE_H

#include <stddef.h>

#define CALL_HIDDEN __attribute__((__visibility__("hidden")))

/* Pages of exactly @len bytes for malloc(), with whatever they held; 0: there are none. */
void *__call_spare_take(size_t len) CALL_HIDDEN;

/* malloc() has been given these whole pages. */
void __call_spare_given(void *base, size_t len) CALL_HIDDEN;

/* Keeps these whole pages, which are to be unmapped, where it can. 1: it did; 0: unmap them. */
int __call_spare_put(void *base, size_t len) CALL_HIDDEN;

/* To be called before rights or mappings in the range change. */
void __call_spare_forget(const void *base, size_t len) CALL_HIDDEN;

/* Unmaps the block that is kept, for memory has run out. 0: there was none. */
int __call_spare_drop(void) CALL_HIDDEN;

#endif
