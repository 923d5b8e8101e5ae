/*
 * Free extents of a space of pages: which runs of pages are free, found by size in
 * constant time (lists by size class, as TLSF keeps them for bytes) and merged with
 * their neighbours in constant time (boundary tags). Pages are numbered from 0.
 *
 * All memory is static: this is what malloc itself stands on.
 */
#ifndef COMPONENTS_ALLOC_EXTENT_H
#define COMPONENTS_ALLOC_EXTENT_H

#include <stdbool.h>
#include <stdint.h>

#define EXTENT_MAX_PAGES (512u * 1024) /* 2 GiB: all of the heap space */

/** Where a run of free pages was found. */
struct extent_run {
    uint32_t extent; /* first page of the free extent */
    uint32_t page;   /* first page of the run in it */
};

/** Forgets everything; then pages [0, @npages) are one free extent. */
void extent_init(uint32_t npages);

/**
 * Finds @npages (> 0) free pages in a row that begin at a multiple of @align, a power
 * of two. Takes nothing. When space is scarce it may miss a run that needs alignment or
 * that hides behind many others of nearly its size.
 */
bool extent_find(uint32_t npages, uint32_t align, struct extent_run *run);

/** As extent_find() at the start of an extent that @wanted(@context, page) accepts;
 * looks at a few extents only. */
bool extent_find_where(uint32_t npages, bool (*wanted)(uint32_t context, uint32_t page),
                       uint32_t context, struct extent_run *run);

/** How many pages are free. */
uint32_t extent_total(void);

/** How many pages are free from @page on, if it is the first of a free extent; else 0. */
uint32_t extent_free_at(uint32_t page);

/** Takes the @npages pages from @run->page on. */
void extent_take(const struct extent_run *run, uint32_t npages);

/** Makes [@page, @page + @npages) free; none of it may be. Returns the first page of
 * the free extent that it is now part of. */
uint32_t extent_give(uint32_t page, uint32_t npages);

#endif
