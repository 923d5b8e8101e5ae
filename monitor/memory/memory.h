/*
 * Memory of cubicles: assigning pages, taking them back, and changing their rights, within the
 * quota and with old contents zeroed. Ranges are whole pages of the offset space.
 */
#ifndef MONITOR_MEMORY_H
#define MONITOR_MEMORY_H

#include "base/cubicle.h"
#include "base/page.h"

/** Keeps the host from placing anything below 4 GiB. 0 or a negative errno: -EEXIST something
 *  is there already. */
int memory_init(void) __attribute__((warn_unused_result));

/**
 * Takes the next run of heap pages away from @cubicle, which is not live: *@page is its first.
 * Their number; 0 there are none left (from cubicle->reclaimed on); or a negative errno.
 */
int64_t memory_reclaim(struct cubicle *cubicle, uint32_t *page)
    __attribute__((warn_unused_result));

/** Makes pages of @kind that @cubicle owns zero, and takes them out of every window. 0; -EPERM
 *  @cubicle does not own all of them; another negative errno: the host has no memory, and the
 *  pages may be unmapped. */
int memory_clear(struct cubicle *cubicle, uint32_t page, uint32_t npages,
                 enum page_kind kind) __attribute__((warn_unused_result));

/** Divides the mappings that the host allows among @ncubicles (P5). */
void memory_divide_mappings(size_t ncubicles);

/**
 * Gives @cubicle fresh zero pages, readable and writable. -EBUSY not free, -ENOMEM
 * quota, host memory or P5. Nothing has changed on failure.
 */
int memory_give(struct cubicle *cubicle, uint32_t page, uint32_t npages,
                enum page_kind kind) __attribute__((warn_unused_result));

/** Takes @cubicle's heap pages out of every window and every view but its own, and notes that
 * they have been given back (PAGE_KEPT). -EPERM not its heap. */
int memory_recall(struct cubicle *cubicle, uint32_t page, uint32_t npages)
    __attribute__((warn_unused_result));

/** Makes heap pages of @cubicle as memory_give() gives them: zero, writable, not lent. 0; -EBUSY
 *  not all are its heap; -ENOMEM as memory_protect(), or the host has taken some away. */
int memory_renew(struct cubicle *cubicle, uint32_t page, uint32_t npages)
    __attribute__((warn_unused_result));

/** Undoes memory_recall(), with the contents as they were. 0; -EPERM not all are heap pages of
 *  @cubicle that have been recalled. */
int memory_resume(struct cubicle *cubicle, uint32_t page, uint32_t npages)
    __attribute__((warn_unused_result));

/** Makes heap pages of @cubicle zero, in every view, and leaves rights and windows as they are.
 *  0; -EPERM not its heap, or given back; or the host's error. */
int memory_discard(struct cubicle *cubicle, uint32_t page, uint32_t npages)
    __attribute__((warn_unused_result));

/** The rights (PAGE_* bits) that @cubicle has on all of its heap pages [page, page + npages).
 * -EPERM not its heap, or given back; -EINVAL not the same on all. */
int memory_rights(const struct cubicle *cubicle, uint32_t page, uint32_t npages)
    __attribute__((warn_unused_result));

/** Takes heap pages back: all mappings end, the contents are gone. -EPERM not its heap;
 * -ENOMEM the cubicle's pages would lie too scattered (P5). */
int memory_take(struct cubicle *cubicle, uint32_t page, uint32_t npages)
    __attribute__((warn_unused_result));

/** Changes the owner's rights on its heap pages (or, while loading, on its data).
 * Errors as above. */
int memory_protect(struct cubicle *cubicle, uint32_t page, uint32_t npages,
                   enum page_kind kind, unsigned rights)
    __attribute__((warn_unused_result));

/** The heap space that allocators may hand out: [HEAP_START, memory_heap_end()). */
uint32_t memory_heap_end(void);

/** Takes @npages from the top of the heap space for good (stacks); 0 when it is full. */
uint32_t memory_reserve_top(uint32_t npages);

#endif
