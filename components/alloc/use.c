#include "use.h"
#include "extent.h"

#include <string.h>

/* Caller ids are at most 256 (a page that is free is 0 whoever asks). */
#define KIND_SHIFT 12u

static uint16_t uses[EXTENT_MAX_PAGES];
static uint32_t space_npages;

static uint16_t use_value(int caller, enum use_kind kind)
{
    const unsigned id = (unsigned)caller & ((1u << KIND_SHIFT) - 1);
    return kind == USE_FREE ? 0 : (uint16_t)((unsigned)kind << KIND_SHIFT | id);
}

void use_init(uint32_t npages)
{
    memset(uses, 0, sizeof(*uses) * space_npages);
    space_npages = npages;
}

void use_set(uint32_t page, uint32_t npages, int caller, enum use_kind kind)
{
    const uint16_t value = use_value(caller, kind);
    for (uint32_t p = page; p < page + npages; p++) {
        uses[p] = value;
    }
}

bool use_is(uint32_t page, int caller, enum use_kind kind)
{
    return uses[page] == use_value(caller, kind);
}

uint32_t use_run(uint32_t page, uint32_t end)
{
    uint32_t next = page + 1;
    while (next < end && uses[next] == uses[page]) {
        next++;
    }
    return next - page;
}
