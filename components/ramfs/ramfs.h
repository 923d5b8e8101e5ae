/*
 * A file system in memory. Private to this component.
 *
 * Invariants:
 *  1. A node number is generation << 32 | index; a number that was ever freed names
 *     nothing again.
 *  2. A page is in one file's tree, in the pool, or in an area. A file has no page past
 *     its size; the bytes of its last page past its size are undefined, and are cleared
 *     when the size grows over them without a write.
 *  3. A node lives while it has a name (nlink > 0), is held (holds > 0) or mapped
 *     (mapped > 0).
 *  4. Directory entries lie in the order of their cookies; a cookie is given once.
 *  5. Where a file has an area, its tree names the area's pages, all of them up to the
 *     file's size. The areas of a file do not overlap, and one that is mapped does not
 *     move. So reads, writes and mappings are of the same bytes.
 */
#ifndef RAMFS_H
#define RAMFS_H

#include <errno.h>
#include <fs.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#define PAGE_SIZE_LOG 12
#define RAMFS_PAGE ((size_t)1 << PAGE_SIZE_LOG)
#define RAMFS_DIRECT 8     /* pages a node names by itself */
#define RAMFS_FANOUT_LOG 9 /* a table is one page of 512 pointers */
#define RAMFS_FANOUT (1u << RAMFS_FANOUT_LOG)
#define RAMFS_LEVELS_MAX 6 /* 512^6 pages cover every offset of 63 bits */
#define RAMFS_LINK_MAX 127000
#define RAMFS_NAME_MAX 255

struct ramfs_dir;
struct ramfs_area;

struct ramfs_node {
    uint32_t index, generation;
    uint32_t mode, nlink, holds;
    uint32_t mapped; /* mappings of it (map.c) */
    uint32_t uid, gid;
    uint8_t live, levels; /* levels of tables over the pages; 0: direct */
    uint64_t size, pages;
    union {
        void *direct[RAMFS_DIRECT];
        void **root;
        struct ramfs_dir *dir;
        char *target;
        struct ramfs_node *next_free;
    };
    struct ramfs_node *parent; /* of a directory */
    struct ramfs_area *areas;
    int64_t atime_ns, mtime_ns, ctime_ns;
};

/* pool.c: pages */
extern struct ramfs_pool {
    uint64_t used, limit; /* pages */
    uint64_t chunks, empty_chunks;
} ramfs_pool;
/** A page; *@zero: its bytes are zero, else they are undefined. NULL: no space. */
void *pool_get(bool *zero);
/** A zeroed page for a table. */
void *pool_get_zeroed(void);
void pool_put(void *page);

/* node.c */
extern uint64_t ramfs_nodes_used, ramfs_nodes_limit;
struct ramfs_node *node_alloc(uint32_t mode, int64_t now_ns);
/** Frees the node where nothing keeps it (invariant 3). */
void node_release(struct ramfs_node *node);
/** Nobody holds a node any more. */
void node_drop_all(void);
void node_attr(const struct ramfs_node *node, struct fs_attr *attr);

static inline uint64_t node_number(const struct ramfs_node *node)
{
    return (uint64_t)node->generation << 32 | node->index;
}

#define RAMFS_BLOCK_NODES 64
extern struct ramfs_node **ramfs_blocks;
extern uint32_t ramfs_nodes_end; /* indexes at or above were never given */

/** The live node of that number, or NULL. */
static inline struct ramfs_node *node_get(uint64_t number)
{
    const uint32_t index = (uint32_t)number;
    if (unlikely(index >= ramfs_nodes_end)) {
        return NULL;
    }
    struct ramfs_node *node =
        &ramfs_blocks[index / RAMFS_BLOCK_NODES][index % RAMFS_BLOCK_NODES];
    if (unlikely(node->generation != number >> 32 || !node->live)) {
        return NULL;
    }
    return node;
}

/* tree.c: which page holds which part of a file */
/** Pages that @levels levels of tables can name, as a shift. */
static inline unsigned level_shift(unsigned levels)
{
    return levels * RAMFS_FANOUT_LOG;
}

/** The page, or NULL for a hole. */
static inline void *tree_find(const struct ramfs_node *node, uint64_t page)
{
    const unsigned levels = node->levels;
    if (levels == 0) {
        return page < RAMFS_DIRECT ? node->direct[page] : NULL;
    }
    if (page >> level_shift(levels) != 0) {
        return NULL;
    }
    void **table = node->root;
    for (unsigned shift = level_shift(levels - 1); shift != 0;
         shift -= RAMFS_FANOUT_LOG) {
        table = (void **)table[page >> shift & (RAMFS_FANOUT - 1)];
        if (table == NULL) {
            return NULL;
        }
    }
    return table[page & (RAMFS_FANOUT - 1)];
}

/** The slot of @page, with its tables made; NULL: no space. */
void **tree_slot(struct ramfs_node *node, uint64_t page);
/** Frees every page from @keep on. */
void tree_cut(struct ramfs_node *node, uint64_t keep);

/** Gives up a page that the tree no longer names. */
void tree_page_put(const struct ramfs_node *node, void *page);

/* area.c: parts of a file that lie in one piece, so that they can be mapped */
struct ramfs_area {
    struct ramfs_area *next; /* of the same node */
    struct ramfs_node *node;
    char *base;
    uint64_t first;  /* which page of the file lies at @base */
    uint64_t npages; /* some may lie past the file's size */
    uint32_t mapped; /* mappings in it */
};

/** An area with these pages of the file: one that there is, or a new one. 0, -ENOMEM. */
int area_get(struct ramfs_node *node, uint64_t first, uint64_t npages,
             struct ramfs_area **area);
/** The page of an area that is to hold page @index of the file; NULL: none. */
char *area_page(const struct ramfs_node *node, uint64_t index);
bool area_has(const struct ramfs_node *node, const void *page);
/** Makes the areas' pages from the file's size up to page @end (not included) part of the
 *  file, zero. 0, -ENOSPC: then tree_cut() is to follow. */
int area_grow(struct ramfs_node *node, uint64_t end);
/** The size has shrunk from @old_size: what was cut off reads as zero where it is mapped,
 *  and goes where it is not. */
void area_shrink(struct ramfs_node *node, uint64_t old_size);
/** Nothing of @area is mapped any more: what lies past the file's size goes. */
void area_idle(struct ramfs_area *area);
/** The tree is empty and nothing is mapped. */
void area_free_all(struct ramfs_node *node);

/* map.c and lend.c: who has mapped what */
extern bool map_stale;
/** Ends the mappings of cubicles that have ended. */
void map_mend(void);
/** Where an operation starts that wants memory back. */
static inline void map_settle(void)
{
    if (unlikely(map_stale)) {
        map_mend();
    }
}

/* data.c */
int data_resize(struct ramfs_node *node, uint64_t size);

/* dir.c */
struct ramfs_entry;
struct ramfs_dir *dir_alloc(void);
void dir_free(struct ramfs_dir *dir);
uint32_t dir_live(const struct ramfs_dir *dir);
/** A name that was checked. */
struct ramfs_key {
    const char *text;
    uint32_t hash;
    uint8_t len;
};
/** 0, -EINVAL (empty, a slash, "." or ".."), -ENAMETOOLONG. */
int key_make(const char *name, struct ramfs_key *key);
/** Where the name is, for the functions below until the directory changes; -1: nowhere. */
int64_t dir_find(const struct ramfs_dir *dir, const struct ramfs_key *key);
/** Node number there; 0 for -1. */
uint64_t dir_node(const struct ramfs_dir *dir, int64_t position);
/** The name must be new. 0, -ENOSPC. */
int dir_add(struct ramfs_dir *dir, const struct ramfs_key *key, uint64_t node,
            uint8_t type);
/** Makes the name there mean another node. */
void dir_set(struct ramfs_dir *dir, int64_t position, uint64_t node, uint8_t type);
void dir_remove(struct ramfs_dir *dir, int64_t position);
ssize_t dir_read(const struct ramfs_dir *dir, uint64_t cookie, char *buf, size_t count);

/** The directory of that number: *@node; 0, -ESTALE, -ENOTDIR, -ENOENT (removed). */
int directory_get(uint64_t number, struct ramfs_node **node);

static inline uint8_t mode_type(uint32_t mode)
{
    return (uint8_t)((mode & S_IFMT) >> 12); /* S_IF* and DT_* differ by this shift */
}

#endif
