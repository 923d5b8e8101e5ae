#include "page.h"

#include <errno.h>

static struct page_info pages[PAGE_COUNT];

struct page_info page_get(uint32_t page)
{
    return pages[page & (PAGE_COUNT - 1)];
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
        if (pages[page + i].kind != PAGE_FREE) {
            return -EBUSY;
        }
    }
    for (uint32_t i = 0; i < npages; i++) {
        pages[page + i] = (struct page_info){
            .owner = (uint16_t)owner,
            .kind = (uint8_t)kind,
            .rights = (uint8_t)(rights & 3u),
        };
    }
    return 0;
}

void page_free(uint32_t page, uint32_t npages)
{
    if (!page_range_ok(page, npages)) {
        return;
    }
    for (uint32_t i = 0; i < npages; i++) {
        pages[page + i] = (struct page_info){0};
    }
}

void page_set_rights(uint32_t page, uint32_t npages, unsigned rights)
{
    if (!page_range_ok(page, npages)) {
        return;
    }
    for (uint32_t i = 0; i < npages; i++) {
        pages[page + i].rights = (uint8_t)(rights & 3u);
    }
}

void page_set_flag(uint32_t page, unsigned flag)
{
    pages[page & (PAGE_COUNT - 1)].flags |= (uint8_t)(flag & 0x3fu);
}

bool page_all(uint32_t page, uint32_t npages, unsigned owner, enum page_kind kind)
{
    if (!page_range_ok(page, npages)) {
        return false;
    }
    for (uint32_t i = 0; i < npages; i++) {
        if (pages[page + i].owner != owner || pages[page + i].kind != kind) {
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
