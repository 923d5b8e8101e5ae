/* Reading, writing and resizing regular files. */
#include "ramfs.h"

#include <string.h>

static size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
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

ssize_t fs_read(uint64_t number, uint64_t offset, void *buf, size_t count)
{
    struct ramfs_node *node;
    const int error = regular_get(number, &node);
    if (unlikely(error != 0)) {
        return error;
    }
    if (offset >= node->size) {
        return 0;
    }
    count = min_size(count, SSIZE_MAX);
    if (count > node->size - offset) {
        count = node->size - offset;
    }
    char *to = buf;
    for (size_t left = count; left > 0;) {
        const size_t skip = offset & (RAMFS_PAGE - 1);
        const size_t part = min_size(left, RAMFS_PAGE - skip);
        const char *page = tree_find(node, offset >> PAGE_SIZE_LOG);
        if (likely(page != NULL)) {
            memcpy(to, page + skip, part);
        } else {
            memset(to, 0, part);
        }
        to += part;
        offset += part;
        left -= part;
    }
    return (ssize_t)count;
}

/** The page @index of which @part bytes are about to be written. */
static char *page_for_write(struct ramfs_node *node, uint64_t index, size_t part)
{
    char *page = tree_find(node, index);
    if (likely(page != NULL)) {
        return page;
    }
    void **slot = tree_slot(node, index);
    if (slot == NULL) {
        return NULL;
    }
    page = part == RAMFS_PAGE ? pool_get() : pool_get_zeroed();
    if (page != NULL) {
        *slot = page;
        node->pages++;
    }
    return page;
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
    while (left > 0) {
        const size_t skip = offset & (RAMFS_PAGE - 1);
        const size_t part = min_size(left, RAMFS_PAGE - skip);
        char *page = page_for_write(node, offset >> PAGE_SIZE_LOG, part);
        if (unlikely(page == NULL)) {
            break;
        }
        memcpy(page + skip, from, part);
        from += part;
        offset += part;
        left -= part;
        if (offset > node->size) {
            node->size = offset;
        }
    }
    if (unlikely(left == count && count > 0)) {
        return -ENOSPC;
    }
    return (ssize_t)(count - left);
}

int data_resize(struct ramfs_node *node, uint64_t size)
{
    if (size > INT64_MAX) {
        return -EFBIG;
    }
    if (size < node->size) {
        tree_cut(node, (size + RAMFS_PAGE - 1) >> PAGE_SIZE_LOG);
        const size_t keep = size & (RAMFS_PAGE - 1);
        char *page = keep == 0 ? NULL : tree_find(node, size >> PAGE_SIZE_LOG);
        if (page != NULL) {
            memset(page + keep, 0, RAMFS_PAGE - keep);
        }
    }
    node->size = size;
    return 0;
}
