/*
 * Areas: parts of a file that lie in one piece. A file gets one where it is first mapped:
 * its pages there move into it, and what is missing is filled with zeros. While it is
 * mapped it has room behind, so that a file that grows can be mapped further: an area that
 * is mapped cannot move. Areas come from the allocator page by page, not from the pool: their pages are
 * lent, and go back to it when the file goes.
 */
#include "ramfs.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Pages of room: as much again as was asked for, within these. */
#define ROOM_MIN 16
#define ROOM_MAX 4096

static uint64_t min_page(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t max_page(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static uint64_t area_end(const struct ramfs_area *area)
{
    return area->first + area->npages;
}

static uint64_t file_end(uint64_t size)
{
    return (size + RAMFS_PAGE - 1) >> PAGE_SIZE_LOG;
}

bool area_has(const struct ramfs_node *node, const void *page)
{
    for (const struct ramfs_area *area = node->areas; area != NULL; area = area->next) {
        if ((uintptr_t)page - (uintptr_t)area->base < area->npages * RAMFS_PAGE) {
            return true;
        }
    }
    return false;
}

static char *area_at(const struct ramfs_area *area, uint64_t index)
{
    return area->base + (index - area->first) * RAMFS_PAGE;
}

char *area_page(const struct ramfs_node *node, uint64_t index)
{
    for (const struct ramfs_area *area = node->areas; area != NULL; area = area->next) {
        if (index - area->first < area->npages) {
            return area_at(area, index);
        }
    }
    return NULL;
}

/** Memory for an area of at most *@npages pages, at least @least: sets *@npages. */
static char *area_memory(uint64_t least, uint64_t *npages)
{
    while (*npages >= least) {
        if (ramfs_pool.used <= ramfs_pool.limit &&
            *npages <= ramfs_pool.limit - ramfs_pool.used &&
            *npages <= UINT32_MAX >> PAGE_SIZE_LOG) {
            char *base = mmap(NULL, *npages * RAMFS_PAGE, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            if (base != MAP_FAILED) {
                ramfs_pool.used += *npages;
                return base;
            }
        }
        if (*npages == least) {
            return NULL;
        }
        *npages = least;
    }
    return NULL;
}

/** False: the allocator would rather have them stay. */
static bool area_give(char *base, uint64_t npages)
{
    if (npages > 0 && munmap(base, npages * RAMFS_PAGE) != 0) {
        return false;
    }
    ramfs_pool.used -= npages;
    return true;
}

/** Takes @area off its node's list; its memory stays. */
static void area_unlink(const struct ramfs_area *area)
{
    struct ramfs_area **at = &area->node->areas;
    while (*at != area) {
        at = &(*at)->next;
    }
    *at = area->next;
}

static void area_free(struct ramfs_area *area)
{
    area_unlink(area);
    area_give(area->base, area->npages);
    free(area);
}

/** The unmapped areas that overlap pages [*@first, *@end) are to become one with them.
 *  -ENOMEM: a mapped one does. */
static int area_widen(const struct ramfs_node *node, uint64_t *first, uint64_t *end)
{
    const struct ramfs_area *area = node->areas;
    while (area != NULL) {
        if (area->first >= *end || area_end(area) <= *first) {
            area = area->next;
            continue;
        }
        if (area->mapped > 0) {
            return -ENOMEM;
        }
        const bool wider = area->first < *first || area_end(area) > *end;
        *first = min_page(area->first, *first);
        *end = max_page(area_end(area), *end);
        area = wider ? node->areas : area->next;
    }
    return 0;
}

/** How many pages of room there are to be behind [@first, @end): up to the next area. */
static uint64_t area_room(const struct ramfs_node *node, uint64_t first, uint64_t end)
{
    uint64_t room = min_page(max_page(end - first, ROOM_MIN), ROOM_MAX);
    for (const struct ramfs_area *area = node->areas; area != NULL; area = area->next) {
        if (area->first >= end) {
            room = min_page(room, area->first - end);
        }
    }
    return room;
}

/** Makes slots for pages [@first, @end) of the file. */
static int area_slots(struct ramfs_node *node, uint64_t first, uint64_t end)
{
    for (uint64_t i = first; i < end; i++) {
        if (tree_slot(node, i) == NULL) {
            return -ENOMEM;
        }
    }
    return 0;
}

/** Moves the file's pages to @area, whose memory is zero; the slots are there. */
static void area_fill(struct ramfs_node *node, const struct ramfs_area *area)
{
    const uint64_t end = min_page(file_end(node->size), area_end(area));
    for (uint64_t i = area->first; i < end; i++) {
        void **slot = tree_slot(node, i);
        char *page = area_at(area, i);
        if (*slot != NULL) {
            memcpy(page, *slot, RAMFS_PAGE);
            tree_page_put(node, *slot);
        } else {
            node->pages++;
        }
        *slot = page;
    }
    const size_t tail = node->size & (RAMFS_PAGE - 1);
    const uint64_t last = node->size >> PAGE_SIZE_LOG;
    if (tail != 0 && last - area->first < area->npages) {
        memset(area_at(area, last) + tail, 0, RAMFS_PAGE - tail);
    }
}

/** Puts @area in the place of those that it overlaps, which nothing names any more. */
static void area_link(struct ramfs_node *node, struct ramfs_area *area)
{
    for (struct ramfs_area *old = node->areas; old != NULL;) {
        struct ramfs_area *next = old->next;
        if (old->first < area_end(area) && area_end(old) > area->first) {
            area_free(old);
        }
        old = next;
    }
    area->next = node->areas;
    node->areas = area;
}

static int area_new(struct ramfs_node *node, uint64_t first, uint64_t end,
                    struct ramfs_area **result)
{
    const uint64_t least = end - first;
    struct ramfs_area *area = malloc(sizeof(*area));
    if (area == NULL) {
        return -ENOMEM;
    }
    *area = (struct ramfs_area){
        .node = node, .first = first, .npages = least + area_room(node, first, end)};
    area->base = area_memory(least, &area->npages);
    if (area->base == NULL) {
        free(area);
        return -ENOMEM;
    }
    if (area_slots(node, first, min_page(file_end(node->size), area_end(area))) != 0) {
        area_give(area->base, area->npages);
        free(area);
        return -ENOMEM;
    }
    area_fill(node, area);
    area_link(node, area);
    *result = area;
    return 0;
}

int area_get(struct ramfs_node *node, uint64_t first, uint64_t npages,
             struct ramfs_area **result)
{
    uint64_t end = first + npages;
    for (struct ramfs_area *area = node->areas; area != NULL; area = area->next) {
        if (first >= area->first && end <= area_end(area)) {
            *result = area;
            return 0;
        }
    }
    const int error = area_widen(node, &first, &end);
    return error != 0 ? error : area_new(node, first, end, result);
}

int area_grow(struct ramfs_node *node, uint64_t end)
{
    const uint64_t from = file_end(node->size);
    for (const struct ramfs_area *area = node->areas; area != NULL; area = area->next) {
        const uint64_t area_to = min_page(end, area_end(area));
        for (uint64_t i = max_page(from, area->first); i < area_to; i++) {
            void **slot = tree_slot(node, i);
            if (slot == NULL) {
                return -ENOSPC;
            }
            *slot = memset(area_at(area, i), 0, RAMFS_PAGE);
            node->pages++;
        }
    }
    return 0;
}

/** Clears what @area has of the file's bytes [@from, @to). */
static void area_clear(const struct ramfs_area *area, uint64_t from, uint64_t to)
{
    const uint64_t start = area->first << PAGE_SIZE_LOG;
    const uint64_t end = area_end(area) << PAGE_SIZE_LOG;
    from = max_page(from, start);
    to = min_page(to, end);
    if (from < to) {
        memset(area->base + (from - start), 0, to - from);
    }
}

/** Gives back what @area, which is not mapped, has past the file's end. */
static void area_trim(struct ramfs_area *area, uint64_t end)
{
    if (end <= area->first) {
        area_free(area);
    } else if (end < area_end(area) &&
               area_give(area_at(area, end), area_end(area) - end)) {
        area->npages = end - area->first;
    }
}

void area_idle(struct ramfs_area *area)
{
    area_trim(area, file_end(area->node->size));
}

void area_shrink(struct ramfs_node *node, uint64_t old_size)
{
    const uint64_t end = file_end(node->size);
    const uint64_t old_end = file_end(old_size) << PAGE_SIZE_LOG;
    for (struct ramfs_area *area = node->areas; area != NULL;) {
        struct ramfs_area *next = area->next;
        if (area->mapped > 0) {
            area_clear(area, node->size, old_end);
        } else {
            area_trim(area, end);
        }
        area = next;
    }
}

void area_free_all(struct ramfs_node *node)
{
    while (node->areas != NULL) {
        area_free(node->areas);
    }
}
