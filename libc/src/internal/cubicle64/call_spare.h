/*
 * One large block that malloc() has given back and may want again: between malloc() and free() of a
 * few megabytes lies no call of the allocator's.
 */
#ifndef CALL_SPARE_H
#define CALL_SPARE_H

#include <stddef.h>

#define CALL_HIDDEN __attribute__((__visibility__("hidden")))

/* Pages of exactly @len bytes for malloc(), with whatever they held; 0: there are none. */
void *__call_spare_take(size_t len) CALL_HIDDEN;

/* malloc() has been given these whole pages. */
void __call_spare_given(void *base, size_t len) CALL_HIDDEN;

/* 1 when these whole pages, which are to be unmapped, were kept instead. */
int __call_spare_put(void *base, size_t len) CALL_HIDDEN;

/* The rights or the length of something in the range are about to change. */
void __call_spare_forget(const void *base, size_t len) CALL_HIDDEN;

/* Unmaps what is kept: memory has run out. 0: there was nothing. */
int __call_spare_drop(void) CALL_HIDDEN;

#endif
