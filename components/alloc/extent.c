/*
 * Invariants, for every page p of the space:
 *   1. tags[p] != 0 exactly if p is the first or the last page of a free extent: its
 * length, with TAG_LAST at a last page that is not the first too.
 *   2. No two free extents touch.
 *   3. A free extent of n pages is on the list of class_of(n), linked through its first
 * page.
 *   4. Bit c of class_map is set exactly if the list of class c is not empty.
 */
#include "extent.h"

#include <stddef.h>
#include <string.h>

/* Eight classes for each power of two, one for each length below eight. */
#define CLASS_BITS 3u
#define CLASS_COUNT 144u
#define CLASS_WORDS ((CLASS_COUNT + 63) / 64)

/* How many extents of one class a search looks at. */
#define EXTENT_LOOK 16u

#define EXTENT_END UINT32_MAX
#define TAG_LAST (1u << 31)

struct extent_links {
    uint32_t next, prev;
};

static uint32_t space_npages;
static uint32_t tags[EXTENT_MAX_PAGES];
static struct extent_links links[EXTENT_MAX_PAGES];
static uint32_t class_heads[CLASS_COUNT];
static uint64_t class_map[CLASS_WORDS];
static uint32_t total; /* free pages */

static uint32_t class_of(uint32_t npages)
{
    if (npages < 1u << CLASS_BITS) {
        return npages;
    }
    const uint32_t log = 31u - (uint32_t)__builtin_clz(npages);
    const uint32_t low = npages >> (log - CLASS_BITS) & ((1u << CLASS_BITS) - 1);
    return ((log - CLASS_BITS + 1) << CLASS_BITS) + low;
}

_Static_assert(EXTENT_MAX_PAGES == 1u << 19,
               "CLASS_COUNT holds class_of(1 << 19) = 136");

/* The first class from @class on that has an extent, or CLASS_COUNT. */
static uint32_t class_next(uint32_t class)
{
    for (uint32_t word = class / 64; word < CLASS_WORDS; word++) {
        uint64_t bits = class_map[word];
        if (word == class / 64) {
            bits &= ~UINT64_C(0) << (class % 64);
        }
        if (bits != 0) {
            return word * 64 + (uint32_t)__builtin_ctzll(bits);
        }
    }
    return CLASS_COUNT;
}

static void extent_insert(uint32_t page, uint32_t npages)
{
    const uint32_t class = class_of(npages);
    const uint32_t head = class_heads[class];

    total += npages;
    tags[page + npages - 1] = npages | TAG_LAST;
    tags[page] = npages;
    links[page] = (struct extent_links){.next = head, .prev = EXTENT_END};
    if (head != EXTENT_END) {
        links[head].prev = page;
    }
    class_heads[class] = page;
    class_map[class / 64] |= UINT64_C(1) << (class % 64);
}

static void extent_remove(uint32_t page, uint32_t npages)
{
    const uint32_t class = class_of(npages);
    const struct extent_links at = links[page];

    if (at.prev != EXTENT_END) {
        links[at.prev].next = at.next;
    } else {
        class_heads[class] = at.next;
        if (at.next == EXTENT_END) {
            class_map[class / 64] &= ~(UINT64_C(1) << (class % 64));
        }
    }
    if (at.next != EXTENT_END) {
        links[at.next].prev = at.prev;
    }
    total -= npages;
    tags[page] = 0;
    tags[page + npages - 1] = 0;
}

void extent_init(uint32_t npages)
{
    /* At first there are no tags, and 2 MiB of memory need not be touched to say so. */
    memset(tags, 0, sizeof(*tags) * space_npages);
    space_npages = npages < EXTENT_MAX_PAGES ? npages : EXTENT_MAX_PAGES;
    memset(class_map, 0, sizeof(class_map));
    for (uint32_t class = 0; class < CLASS_COUNT; class ++) {
        class_heads[class] = EXTENT_END;
    }
    total = 0;
    if (space_npages > 0) {
        extent_insert(0, space_npages);
    }
}

static bool extent_fits(uint32_t extent, uint32_t npages, uint32_t align,
                        uint32_t *page)
{
    const uint32_t first = (extent + align - 1) & ~(align - 1);

    if (first - extent > tags[extent] || tags[extent] - (first - extent) < npages) {
        return false;
    }
    *page = first;
    return true;
}

bool extent_find(uint32_t npages, uint32_t align, struct extent_run *run)
{
    /* Smallest classes first: what fits tightly leaves the long extents whole. */
    for (uint32_t class = class_next(class_of(npages)); class < CLASS_COUNT;
         class = class_next(class + 1)) {
        uint32_t extent = class_heads[class];
        for (uint32_t i = 0; i < EXTENT_LOOK && extent != EXTENT_END; i++) {
            if (extent_fits(extent, npages, align, &run->page)) {
                run->extent = extent;
                return true;
            }
            extent = links[extent].next;
        }
    }
    return false;
}

bool extent_find_where(uint32_t npages, bool (*wanted)(uint32_t context, uint32_t page),
                       uint32_t context, struct extent_run *run)
{
    uint32_t looked = 0;

    for (uint32_t class = class_next(class_of(npages)); class < CLASS_COUNT;
         class = class_next(class + 1)) {
        for (uint32_t extent = class_heads[class]; extent != EXTENT_END;
             extent = links[extent].next) {
            if (tags[extent] >= npages && wanted(context, extent)) {
                *run = (struct extent_run){.extent = extent, .page = extent};
                return true;
            }
            if (++looked == EXTENT_LOOK) {
                return false;
            }
        }
    }
    return false;
}

uint32_t extent_total(void)
{
    return total;
}

uint32_t extent_free_at(uint32_t page)
{
    if (page >= space_npages || tags[page] == 0) {
        return 0;
    }
    return tags[page] & TAG_LAST ? 0 : tags[page];
}

void extent_take(const struct extent_run *run, uint32_t npages)
{
    const uint32_t extent = run->extent;
    const uint32_t length = tags[extent];
    const uint32_t before = run->page - extent;
    const uint32_t after = length - before - npages;

    extent_remove(extent, length);
    if (before > 0) {
        extent_insert(extent, before);
    }
    if (after > 0) {
        extent_insert(run->page + npages, after);
    }
}

uint32_t extent_give(uint32_t page, uint32_t npages)
{
    if (page > 0 && tags[page - 1] != 0) {
        const uint32_t length = tags[page - 1] & ~TAG_LAST;
        page -= length;
        npages += length;
        extent_remove(page, length);
    }
    if (page + npages < space_npages && tags[page + npages] != 0) {
        const uint32_t length = tags[page + npages];
        extent_remove(page + npages, length);
        npages += length;
    }
    extent_insert(page, npages);
    return page;
}
