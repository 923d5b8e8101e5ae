#include "view_map.h"
#include "base/layout.h"
#include "base/page.h"

#include <errno.h>
#include <stddef.h>
#include <sys/mman.h>

#define RIGHTS (PAGE_READ | PAGE_WRITE)

/* places[id * PAGE_COUNT + page]: rights and VIEW_ bits. */
static uint8_t *places;
static uint32_t
    differ[CUBICLE_MAX + 1]; /* pages that differ from the page before them */

int view_map_init(void)
{
    places = mmap(NULL, (size_t)(CUBICLE_MAX + 1) * PAGE_COUNT, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return places != MAP_FAILED ? 0 : -ENOMEM;
}

/* Before the first page and behind the last nothing is ever mapped. */
static uint8_t view_map_at(unsigned id, uint32_t page)
{
    return page < PAGE_COUNT ? places[(size_t)id * PAGE_COUNT + page] : 0;
}

/* What @place becomes: a place in the file stays there (VM1). */
static uint8_t view_map_next(uint8_t place, unsigned rights, unsigned how)
{
    return (uint8_t)((rights & RIGHTS) | (place & VIEW_FILE) | how);
}

/* Pages inside of the range that are alike stay so: only its two ends can differ anew. */
bool view_map_may(unsigned id, uint32_t page, uint32_t npages, unsigned rights,
                  unsigned how)
{
    const uint32_t end = page + npages;
    const uint8_t before = view_map_at(id, page - 1);
    const uint8_t first = view_map_at(id, page);
    const uint8_t last = view_map_at(id, end - 1);
    const uint8_t behind = view_map_at(id, end);
    const unsigned ends = (first != before) + (behind != last);
    const unsigned ends_then = (view_map_next(first, rights, how) != before) +
                               (behind != view_map_next(last, rights, how));
    return ends_then <= ends ||
           view_map_count(id) + ends_then - ends <= page_mapping_limit();
}

void view_map_set(unsigned id, uint32_t page, uint32_t npages, unsigned rights,
                  unsigned how)
{
    const uint32_t end = page + npages;
    uint8_t before = view_map_at(id, page - 1);
    uint8_t before_then = before;
    for (uint32_t p = page; p <= end && p < PAGE_COUNT; p++) {
        uint8_t *place = &places[(size_t)id * PAGE_COUNT + p];
        const uint8_t then = p < end ? view_map_next(*place, rights, how) : *place;
        differ[id] += (uint32_t)(then != before_then) - (uint32_t)(*place != before);
        before = *place;
        before_then = then;
        *place = then;
    }
}

bool view_map_is_gap(unsigned id, uint32_t page)
{
    return view_map_at(id, page) == 0;
}

bool view_map_is_file(unsigned id, uint32_t page)
{
    return (view_map_at(id, page) & VIEW_FILE) != 0;
}

bool view_map_is_lent(unsigned id, uint32_t page)
{
    return (view_map_at(id, page) & VIEW_LENT) != 0;
}

uint32_t view_map_count(unsigned id)
{
    return differ[id] + 1;
}
