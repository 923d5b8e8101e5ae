/* Nodes lie in blocks that never move; a freed node keeps its index and gets a new
 * generation. */
#include "ramfs.h"

#include <stdlib.h>
#include <string.h>

struct ramfs_node **ramfs_blocks;
uint32_t ramfs_nodes_end = 1; /* index 0 is never given: number 0 means none */
uint64_t ramfs_nodes_used, ramfs_nodes_limit = UINT32_MAX - RAMFS_BLOCK_NODES;
static struct ramfs_node *free_nodes;
static uint32_t blocks, blocks_capacity;

static bool block_add(void)
{
    if (blocks == blocks_capacity) {
        const uint32_t capacity = blocks_capacity == 0 ? 16 : blocks_capacity * 2;
        struct ramfs_node **grown = realloc(ramfs_blocks, capacity * sizeof(*grown));
        if (grown == NULL) {
            return false;
        }
        ramfs_blocks = grown;
        blocks_capacity = capacity;
    }
    ramfs_blocks[blocks] = calloc(RAMFS_BLOCK_NODES, sizeof(struct ramfs_node));
    if (ramfs_blocks[blocks] == NULL) {
        return false;
    }
    blocks++;
    return true;
}

static struct ramfs_node *node_take(void)
{
    struct ramfs_node *node = free_nodes;
    if (node != NULL) {
        free_nodes = node->next_free;
        return node;
    }
    if (ramfs_nodes_end >= blocks * RAMFS_BLOCK_NODES && !block_add()) {
        return NULL;
    }
    const uint32_t index = ramfs_nodes_end++;
    node = &ramfs_blocks[index / RAMFS_BLOCK_NODES][index % RAMFS_BLOCK_NODES];
    node->index = index;
    return node;
}

struct ramfs_node *node_alloc(uint32_t mode, int64_t now_ns)
{
    if (ramfs_nodes_used >= ramfs_nodes_limit) {
        return NULL;
    }
    struct ramfs_node *node = node_take();
    if (node == NULL) {
        return NULL;
    }
    const uint32_t index = node->index;
    const uint32_t generation = node->generation;
    memset(node, 0, sizeof(*node));
    node->index = index;
    node->generation = generation;
    node->live = 1;
    node->mode = mode;
    node->atime_ns = node->mtime_ns = node->ctime_ns = now_ns;
    if (S_ISDIR(mode)) {
        node->dir = dir_alloc();
        if (node->dir == NULL) {
            node->live = 0;
            node->next_free = free_nodes;
            free_nodes = node;
            return NULL;
        }
    }
    ramfs_nodes_used++;
    return node;
}

void node_release(struct ramfs_node *node)
{
    if (node->nlink > 0 || node->holds > 0 || node->mapped > 0) {
        return;
    }
    if (S_ISREG(node->mode)) {
        tree_cut(node, 0);
        area_free_all(node);
    } else if (S_ISDIR(node->mode)) {
        dir_free(node->dir);
    } else if (S_ISLNK(node->mode)) {
        free(node->target);
    }
    node->live = 0;
    ramfs_nodes_used--;
    /* A generation that would come round again retires the index (invariant 1). */
    if (++node->generation != 0) {
        node->next_free = free_nodes;
        free_nodes = node;
    }
}

void node_drop_all(void)
{
    for (uint32_t index = 1; index < ramfs_nodes_end; index++) {
        struct ramfs_node *node =
            &ramfs_blocks[index / RAMFS_BLOCK_NODES][index % RAMFS_BLOCK_NODES];
        if (node->live && node->holds > 0) {
            node->holds = 0;
            node_release(node);
        }
    }
}

void node_attr(const struct ramfs_node *node, struct fs_attr *attr)
{
    const bool is_dir = S_ISDIR(node->mode);
    *attr = (struct fs_attr){
        .node = node_number(node),
        .size = is_dir ? 40 + 20 * (uint64_t)dir_live(node->dir) : node->size,
        .blocks = node->pages * (RAMFS_PAGE / 512),
        .atime_ns = node->atime_ns,
        .mtime_ns = node->mtime_ns,
        .ctime_ns = node->ctime_ns,
        .mode = node->mode,
        .nlink = node->nlink,
        .uid = node->uid,
        .gid = node->gid,
        .flags = FS_NODE_CACHED | (node->mapped > 0 ? FS_NODE_MAPPED : 0),
    };
}
