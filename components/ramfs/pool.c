/*
 * Pages come from chunks of 2 MiB that the allocator hands out zeroed and aligned, so
 * that the host can back each with one large page. The first page of a chunk describes
 * it. Pages freed last are used first (they are still in the cache); a chunk without
 * pages in use goes back, but for one that waits for the next file. Tables of pages come
 * from a chunk's end, so that the pages of a file that is written in one go follow one
 * another: they can be read as one piece.
 */
#include "ramfs.h"

#include <string.h>
#include <sys/mman.h>

#define CHUNK_SIZE ((size_t)2 << 20)
#define CHUNK_PAGES (CHUNK_SIZE / RAMFS_PAGE)

struct free_page {
    struct free_page *next;
};

struct chunk {
    struct chunk *next, *previous; /* in the list of chunks with pages to give */
    struct free_page *free;        /* given back: bytes undefined */
    uint32_t fresh, end;           /* pages [fresh, end) are not in use */
    uint32_t zero, zero_end;       /* pages [zero, zero_end) never were: zero */
    uint32_t used;
};

struct ramfs_pool ramfs_pool = {.limit = UINT64_MAX};
static struct chunk *pool_list;

static void *chunk_map(size_t size)
{
    void *base =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return base == MAP_FAILED ? NULL : base;
}

/** Where the allocator does not align (a host), the chunk is cut out of twice its size. */
static void *chunk_map_aligned(void)
{
    char *base = chunk_map(CHUNK_SIZE);
    if (base == NULL || ((uintptr_t)base & (CHUNK_SIZE - 1)) == 0) {
        return base;
    }
    munmap(base, CHUNK_SIZE);
    base = chunk_map(2 * CHUNK_SIZE);
    if (base == NULL) {
        return NULL;
    }
    const size_t before = -(uintptr_t)base & (CHUNK_SIZE - 1);
    if (before != 0) {
        munmap(base, before);
    }
    if (before != CHUNK_SIZE) {
        munmap(base + before + CHUNK_SIZE, CHUNK_SIZE - before);
    }
    return base + before;
}

static void list_insert(struct chunk *chunk)
{
    chunk->previous = NULL;
    chunk->next = pool_list;
    if (pool_list != NULL) {
        pool_list->previous = chunk;
    }
    pool_list = chunk;
}

static void list_remove(struct chunk *chunk)
{
    if (chunk->previous != NULL) {
        chunk->previous->next = chunk->next;
    } else {
        pool_list = chunk->next;
    }
    if (chunk->next != NULL) {
        chunk->next->previous = chunk->previous;
    }
}

static struct chunk *chunk_new(void)
{
    struct chunk *chunk = chunk_map_aligned();
    if (chunk == NULL) {
        return NULL;
    }
    chunk->fresh = chunk->zero = 1;
    chunk->end = chunk->zero_end = CHUNK_PAGES;
    ramfs_pool.chunks++;
    ramfs_pool.empty_chunks++;
    list_insert(chunk);
    return chunk;
}

static bool chunk_is_full(const struct chunk *chunk)
{
    return chunk->free == NULL && chunk->fresh == chunk->end;
}

/** A page of [fresh, end), which is not empty. */
static void *chunk_take(struct chunk *chunk, bool table, bool *zero)
{
    const uint32_t page = table ? --chunk->end : chunk->fresh++;
    *zero = page >= chunk->zero && page < chunk->zero_end;
    chunk->zero = chunk->fresh > chunk->zero ? chunk->fresh : chunk->zero;
    chunk->zero_end = chunk->end < chunk->zero_end ? chunk->end : chunk->zero_end;
    return (char *)chunk + page * RAMFS_PAGE;
}

/** A page, for data or for a @table; *@zero: its bytes are zero. NULL: no space. */
static void *pool_take(bool table, bool *zero)
{
    if (unlikely(ramfs_pool.used >= ramfs_pool.limit)) {
        return NULL;
    }
    struct chunk *chunk = pool_list;
    if (unlikely(chunk == NULL)) {
        chunk = chunk_new();
        if (chunk == NULL) {
            return NULL;
        }
    }
    void *page = chunk->free;
    *zero = false;
    if (page != NULL) {
        chunk->free = chunk->free->next;
    } else {
        page = chunk_take(chunk, table, zero);
    }
    ramfs_pool.empty_chunks -= chunk->used == 0;
    chunk->used++;
    ramfs_pool.used++;
    if (unlikely(chunk_is_full(chunk))) {
        list_remove(chunk);
    }
    return page;
}

void *pool_get(bool *zero)
{
    return pool_take(false, zero);
}

void *pool_get_zeroed(void)
{
    bool zero;
    void *page = pool_take(true, &zero);
    if (page != NULL && !zero) {
        memset(page, 0, RAMFS_PAGE);
    }
    return page;
}

void pool_put(void *page)
{
    struct chunk *chunk =
        (struct chunk *)((uintptr_t)page & ~(uintptr_t)(CHUNK_SIZE - 1));
    struct free_page *free_page = page;
    const bool was_full = chunk_is_full(chunk);

    free_page->next = chunk->free;
    chunk->free = free_page;
    chunk->used--;
    ramfs_pool.used--;
    if (was_full) {
        list_insert(chunk);
    }
    if (chunk->used != 0) {
        return;
    }
    if (ramfs_pool.empty_chunks > 0) {
        list_remove(chunk);
        ramfs_pool.chunks--;
        munmap(chunk, CHUNK_SIZE);
    } else {
        ramfs_pool.empty_chunks++;
        chunk->free = NULL; /* in order again */
        chunk->fresh = 1;
        chunk->end = CHUNK_PAGES;
    }
}
