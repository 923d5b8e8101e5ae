/* Reading, writing and resizing regular files. */
#include "ramfs.h"

#include <cubicle/in.h>
#include <cubicle/out.h>

#include <string.h>

static size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

/** Many transfers are a few bytes long: those are not worth a call. */
static inline void copy(char *to, const char *from, size_t count)
{
    uint64_t first, last;
    uint32_t first_half, last_half;
    if (count > 2 * sizeof(first)) {
        memcpy(to, from, count);
    } else if (count >= sizeof(first)) {
        memcpy(&first, from, sizeof(first));
        memcpy(&last, from + count - sizeof(last), sizeof(last));
        memcpy(to, &first, sizeof(first));
        memcpy(to + count - sizeof(last), &last, sizeof(last));
    } else if (count >= sizeof(first_half)) {
        memcpy(&first_half, from, sizeof(first_half));
        memcpy(&last_half, from + count - sizeof(last_half), sizeof(last_half));
        memcpy(to, &first_half, sizeof(first_half));
        memcpy(to + count - sizeof(last_half), &last_half, sizeof(last_half));
    } else {
        for (size_t i = 0; i < count; i++) {
            to[i] = from[i];
        }
    }
}

/** copy() from a writer's buffer, which may be one on demand. */
static inline int bring_in(char *to, const char *from, size_t count)
{
    if (cubicle_in_stands_for(from)) {
        return cubicle_in_copy(to, from, count);
    }
    copy(to, from, count);
    return 0;
}

static int regular_get(uint64_t number, struct ramfs_node **node)
{
    struct ramfs_node *found = node_get(number);
    if (unlikely(found == NULL)) {
        return -ESTALE;
    }
    if (unlikely(!S_ISREG(found->mode))) {
        return S_ISDIR(found->mode) ? -EISDIR : -EINVAL;
    }
    *node = found;
    return 0;
}

/** Bytes of a file where they lie, if there is a page for each and the pages follow one another. */
static const char *bytes_in_one_piece(const struct ramfs_node *node, uint64_t offset,
                                      size_t count)
{
    const uint64_t first = offset >> PAGE_SIZE_LOG;
    const size_t skip = offset & (RAMFS_PAGE - 1);
    const char *start = tree_find(node, first);
    for (size_t at = RAMFS_PAGE; start != NULL && at < skip + count; at += RAMFS_PAGE) {
        if (tree_find(node, first + (at >> PAGE_SIZE_LOG)) != start + at) {
            return NULL;
        }
    }
    return start == NULL ? NULL : start + skip;
}

ssize_t fs_read(uint64_t number, uint64_t offset, void *buf, size_t count, int caller)
{
    const bool may_name = cubicle_out_is_copy(caller);
    struct ramfs_node *node;
    const int error = regular_get(number, &node);
    if (unlikely(error != 0)) {
        return error;
    }
    if (offset >= node->size) {
        return 0;
    }
    if (count > node->size - offset) {
        count = node->size - offset;
    }
    const char *named = may_name ? bytes_in_one_piece(node, offset, count) : NULL;
    if (named != NULL) {
        cubicle_out_from(buf,
                         named); /* nothing is copied here: the trampoline does it */
        return (ssize_t)count;
    }
    char *to = buf;
    for (size_t left = count; left > 0;) {
        const size_t skip = offset & (RAMFS_PAGE - 1);
        const size_t part = min_size(left, RAMFS_PAGE - skip);
        const char *page = tree_find(node, offset >> PAGE_SIZE_LOG);
        if (likely(page != NULL)) {
            copy(to, page + skip, part);
        } else {
            memset(to, 0, part);
        }
        to += part;
        offset += part;
        left -= part;
    }
    return (ssize_t)count;
}

/** A page for a hole or past the end: [@skip, @skip + @part) is about to be written,
 * the rest must read as zero. */
static char *page_new(struct ramfs_node *node, uint64_t index, size_t skip, size_t part)
{
    void **slot = tree_slot(node, index);
    bool zero = true;
    char *page = NULL;
    if (slot != NULL && unlikely(node->areas != NULL)) {
        page = area_page(node, index);
    }
    if (unlikely(page != NULL)) {
        memset(page, 0, RAMFS_PAGE);
    } else if (slot != NULL) {
        page = pool_get(&zero);
    }
    if (page == NULL) {
        return NULL;
    }
    const uint64_t start = index << PAGE_SIZE_LOG;
    const size_t end =
        node->size > start ? min_size(RAMFS_PAGE, node->size - start) : 0;
    if (!zero) {
        memset(page, 0, skip);
        if (end > skip + part) {
            memset(page + skip + part, 0, end - skip - part);
        }
    }
    *slot = page;
    node->pages++;
    return page;
}

/** The page that page_new() made is not to be part of the file after all. */
static void page_give_back(struct ramfs_node *node, uint64_t index)
{
    void **slot = tree_slot(node, index);
    tree_page_put(node, *slot);
    *slot = NULL;
    node->pages--;
}

/** How many pages @size bytes take. */
static uint64_t pages_of(uint64_t size)
{
    return (size + RAMFS_PAGE - 1) >> PAGE_SIZE_LOG;
}

/** The file is about to reach from its size to @offset without a write: clears what the
 * last page has there, and has its areas' pages up to page @end. 0, -ENOSPC. */
static int gap_clear(struct ramfs_node *node, uint64_t offset, uint64_t end)
{
    const size_t from = node->size & (RAMFS_PAGE - 1);
    char *page = from == 0 ? NULL : tree_find(node, node->size >> PAGE_SIZE_LOG);
    if (page != NULL) {
        memset(page + from, 0, min_size(RAMFS_PAGE - from, offset - node->size));
    }
    return likely(node->areas == NULL) ? 0 : area_grow(node, end);
}

/** A change of the size has failed: what came to the tree past it goes. */
static int grow_undo(struct ramfs_node *node, int error)
{
    if (node->areas != NULL) {
        tree_cut(node, pages_of(node->size));
    }
    return error;
}

ssize_t fs_write(uint64_t number, uint64_t offset, const void *buf, size_t count)
{
    struct ramfs_node *node;
    const int error = regular_get(number, &node);
    if (unlikely(error != 0)) {
        return error;
    }
    if (unlikely(offset > INT64_MAX || count > INT64_MAX - offset)) {
        return -EFBIG;
    }
    const char *from = buf;
    size_t left = count;
    int failed = 0;
    if (unlikely(offset > node->size && count > 0)) {
        failed = gap_clear(node, offset, offset >> PAGE_SIZE_LOG);
        if (failed != 0) {
            return grow_undo(node, failed);
        }
    }
    while (left > 0) {
        const size_t skip = offset & (RAMFS_PAGE - 1);
        const size_t part = min_size(left, RAMFS_PAGE - skip);
        char *page = tree_find(node, offset >> PAGE_SIZE_LOG);
        const bool is_new = page == NULL;
        if (unlikely(is_new)) {
            page = page_new(node, offset >> PAGE_SIZE_LOG, skip, part);
            if (page == NULL) {
                failed = -ENOSPC;
                break;
            }
        }
        failed = bring_in(page + skip, from, part);
        if (unlikely(failed != 0)) {
            if (is_new) {
                page_give_back(node, offset >> PAGE_SIZE_LOG);
            }
            break;
        }
        from += part;
        offset += part;
        left -= part;
        if (offset > node->size) {
            node->size = offset;
        }
    }
    return unlikely(left == count) ? grow_undo(node, failed) : (ssize_t)(count - left);
}

int data_resize(struct ramfs_node *node, uint64_t size)
{
    if (size > INT64_MAX) {
        return -EFBIG;
    }
    const uint64_t old_size = node->size;
    if (size > old_size) {
        const int error = gap_clear(node, size, pages_of(size));
        if (error != 0) {
            return grow_undo(node, error);
        }
    }
    node->size = size;
    if (size < old_size) {
        tree_cut(node, pages_of(size));
        if (unlikely(node->areas != NULL)) {
            area_shrink(node, old_size);
        }
    }
    return 0;
}
