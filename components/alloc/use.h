/*
 * What each page of the space is used for, and by which caller. The monitor decides who owns memory;
 * this table also has space that is reserved or kept as room, without memory.
 */
#ifndef COMPONENTS_ALLOC_USE_H
#define COMPONENTS_ALLOC_USE_H

#include <stdbool.h>
#include <stdint.h>

enum use_kind {
    USE_FREE,
    USE_MEMORY,   /* assigned to the caller */
    USE_KEPT,     /* assigned to the caller, who has given it back (kept.h) */
    USE_RESERVED, /* the caller's space, assigned to nobody */
    USE_ROOM,     /* behind memory that grows (place.h), assigned to nobody */
};

/** All pages become free. */
void use_init(uint32_t npages);

void use_set(uint32_t page, uint32_t npages, int caller, enum use_kind kind);

/** Is @page used by @caller for that? */
bool use_is(uint32_t page, int caller, enum use_kind kind);

/** How many pages from @page on, before @end, are used as @page is, and by the same. */
uint32_t use_run(uint32_t page, uint32_t end);

#endif
