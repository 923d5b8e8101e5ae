/*
 * A small file names its pages in the node; a larger one through tables of 512, as many
 * levels as its last page needs. Growing adds a level on top and moves no data. A
 * missing table or page is a hole.
 */
#include "ramfs.h"

#include <string.h>

/** Puts one more level on top. */
static bool tree_raise(struct ramfs_node *node)
{
    void **table = pool_get_zeroed();
    if (table == NULL) {
        return false;
    }
    if (node->levels == 0) {
        memcpy(table, node->direct, sizeof(node->direct));
        memset(node->direct, 0, sizeof(node->direct));
    } else {
        table[0] = node->root;
    }
    node->root = table;
    node->levels++;
    return true;
}

void **tree_slot(struct ramfs_node *node, uint64_t page)
{
    if (node->levels == 0 && page < RAMFS_DIRECT) {
        return &node->direct[page];
    }
    while (node->levels == 0 || page >> level_shift(node->levels) != 0) {
        if (node->levels == RAMFS_LEVELS_MAX || !tree_raise(node)) {
            return NULL;
        }
    }
    void **table = node->root;
    for (unsigned shift = level_shift(node->levels - 1); shift != 0;
         shift -= RAMFS_FANOUT_LOG) {
        void **slot = &table[page >> shift & (RAMFS_FANOUT - 1)];
        if (*slot == NULL) {
            *slot = pool_get_zeroed();
            if (*slot == NULL) {
                return NULL;
            }
        }
        table = *slot;
    }
    return &table[page & (RAMFS_FANOUT - 1)];
}

void tree_page_put(const struct ramfs_node *node, void *page)
{
    if (likely(node->areas == NULL) || !area_has(node, page)) {
        pool_put(page);
    }
}

/** Frees what @table (of @levels levels) names from its page @keep on. At most
 * RAMFS_LEVELS_MAX deep. */
static void table_cut(struct ramfs_node *node, void **table, unsigned levels,
                      uint64_t keep)
{
    const unsigned shift = level_shift(levels - 1);
    for (uint64_t i = keep >> shift; i < RAMFS_FANOUT; i++) {
        if (table[i] == NULL) {
            continue;
        }
        const uint64_t inside = keep > i << shift ? keep - (i << shift) : 0;
        if (levels == 1) {
            node->pages--;
            tree_page_put(node, table[i]);
            table[i] = NULL;
            continue;
        }
        table_cut(node, table[i], levels - 1, inside);
        if (inside == 0) {
            pool_put(table[i]);
            table[i] = NULL;
        }
    }
}

void tree_cut(struct ramfs_node *node, uint64_t keep)
{
    if (node->levels == 0) {
        for (uint64_t i = keep; i < RAMFS_DIRECT; i++) {
            if (node->direct[i] != NULL) {
                tree_page_put(node, node->direct[i]);
                node->direct[i] = NULL;
                node->pages--;
            }
        }
        return;
    }
    if (keep >> level_shift(node->levels) != 0) {
        return;
    }
    table_cut(node, node->root, node->levels, keep);
    if (keep == 0) {
        pool_put(node->root);
        memset(node->direct, 0, sizeof(node->direct));
        node->levels = 0;
    }
}
