#include "page.h"

#include <errno.h>

struct page_info page_table[PAGE_COUNT];
static uint32_t runs[CUBICLE_MAX + 1];
static uint32_t run_limit = UINT32_MAX;

/* Must the host have a mapping of its owner's that begins with @page? */
static bool page_begins_run(uint32_t page)
{
    const struct page_info here = page_table[page];
    const struct page_info before =
        page > 0 ? page_table[page - 1] : (struct page_info){0};
    return here.owner != 0 &&
           (here.owner != before.owner || here.rights != before.rights ||
            ((here.flags ^ before.flags) & PAGE_SHARED) != 0);
}

/* Adds the runs that begin in the range or right behind it, or with @sign -1 takes them
 * off: what a change of the range can change. */
static void page_count_runs(uint32_t page, uint32_t npages, int sign)
{
    for (uint32_t p = page; p <= page + npages && p < PAGE_COUNT; p++) {
        if (page_begins_run(p)) {
            runs[page_table[p].owner] += (uint32_t)sign;
        }
    }
}

static bool page_range_ok(uint32_t page, uint32_t npages)
{
    return npages > 0 && page < PAGE_COUNT && npages <= PAGE_COUNT - page;
}

int page_claim(uint32_t page, uint32_t npages, unsigned owner, enum page_kind kind,
               unsigned rights)
{
    if (!page_range_ok(page, npages) || owner > CUBICLE_MAX || kind == PAGE_FREE) {
        return -EINVAL;
    }
    for (uint32_t i = 0; i < npages; i++) {
        if (page_table[page + i].kind != PAGE_FREE) {
            return -EBUSY;
        }
    }
    page_count_runs(page, npages, -1);
    for (uint32_t i = 0; i < npages; i++) {
        page_table[page + i] = (struct page_info){
            .owner = (uint16_t)owner,
            .kind = (uint8_t)kind,
            .rights = (uint8_t)(rights & 3u),
        };
    }
    page_count_runs(page, npages, 1);
    return 0;
}

void page_free(uint32_t page, uint32_t npages)
{
    if (!page_range_ok(page, npages)) {
        return;
    }
    page_count_runs(page, npages, -1);
    for (uint32_t i = 0; i < npages; i++) {
        page_table[page + i] = (struct page_info){0};
    }
    page_count_runs(page, npages, 1);
}

void page_set_rights(uint32_t page, uint32_t npages, unsigned rights)
{
    if (!page_range_ok(page, npages)) {
        return;
    }
    page_count_runs(page, npages, -1);
    for (uint32_t i = 0; i < npages; i++) {
        page_table[page + i].rights = (uint8_t)(rights & 3u);
    }
    page_count_runs(page, npages, 1);
}

void page_set_flag(uint32_t page, unsigned flag)
{
    page &= PAGE_COUNT - 1;
    page_count_runs(page, 1, -1);
    page_table[page].flags |= (uint8_t)(flag & 0x3fu);
    page_count_runs(page, 1, 1);
}

/* No run begins or ends with this flag. */
void page_set_kept(uint32_t page, uint32_t npages, bool kept)
{
    if (!page_range_ok(page, npages)) {
        return;
    }
    for (uint32_t p = page; p < page + npages; p++) {
        page_table[p].flags &= (uint8_t)(0x3fu & ~PAGE_KEPT);
        page_table[p].flags |= kept ? PAGE_KEPT : 0;
    }
}

bool page_all_kept(uint32_t page, uint32_t npages)
{
    if (!page_range_ok(page, npages)) {
        return false;
    }
    for (uint32_t p = page; p < page + npages; p++) {
        if ((page_table[p].flags & PAGE_KEPT) == 0) {
            return false;
        }
    }
    return true;
}

void page_limit_runs(uint32_t limit)
{
    run_limit = limit;
}

uint32_t page_run_limit(void)
{
    return run_limit;
}

uint32_t page_mapping_limit(void)
{
    return run_limit <= UINT32_MAX / PAGE_RUN_MAPPINGS ? run_limit * PAGE_RUN_MAPPINGS
                                                       : UINT32_MAX;
}

bool page_may_split(unsigned owner, uint32_t more)
{
    return runs[owner] <= run_limit && more <= run_limit - runs[owner];
}

bool page_all(uint32_t page, uint32_t npages, unsigned owner, enum page_kind kind)
{
    if (!page_range_ok(page, npages)) {
        return false;
    }
    for (uint32_t i = 0; i < npages; i++) {
        if (page_table[page + i].owner != owner || page_table[page + i].kind != kind) {
            return false;
        }
    }
    return true;
}

const char *page_kind_name(enum page_kind kind)
{
    static const char *const names[] = {
        [PAGE_FREE] = "free",   [PAGE_CODE] = "code",  [PAGE_RODATA] = "rodata",
        [PAGE_DATA] = "data",   [PAGE_HEAP] = "heap",  [PAGE_STACK] = "stack",
        [PAGE_GUARD] = "guard", [PAGE_STUB] = "stubs",
    };
    return (unsigned)kind < sizeof(names) / sizeof(names[0]) ? names[kind] : "?";
}
