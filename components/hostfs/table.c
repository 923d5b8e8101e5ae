/* Nodes, by number and by file. */
#include "hostfs.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define BUCKETS_FIRST 256
#define NUMBER_OTHER (UINT64_C(1) << 62)

static struct node **by_number, **by_file;
static uint32_t nbuckets, count;
static uint64_t others; /* numbers that are no inodes */

static uint32_t bucket(uint64_t key, uint32_t size)
{
    return (uint32_t)(key * 0x9e3779b97f4a7c15u >> 32) & (size - 1);
}

static uint64_t file_key(int root, uint64_t inode)
{
    return inode + ((uint64_t)root << NUMBER_ROOT_SHIFT);
}

static void table_put(struct node *node, struct node **numbers, struct node **files,
                      uint32_t size)
{
    struct node **at = &numbers[bucket(node->number, size)];
    node->number_next = *at;
    *at = node;
    if (!node->lost) {
        at = &files[bucket(file_key(node->root, node->inode), size)];
        node->file_next = *at;
        *at = node;
    }
}

/* Doubles the tables; without memory the chains just grow longer. */
static void table_grow(void)
{
    const uint32_t size = nbuckets == 0 ? BUCKETS_FIRST : nbuckets * 2;
    struct node **numbers = calloc(size, sizeof(struct node *));
    struct node **files_ = calloc(size, sizeof(struct node *));
    if (numbers == NULL || files_ == NULL) {
        free(numbers);
        free(files_);
        return;
    }
    for (uint32_t i = 0; i < nbuckets; i++) {
        struct node *next;
        for (struct node *node = by_number[i]; node != NULL; node = next) {
            next = node->number_next;
            table_put(node, numbers, files_, size);
        }
    }
    free(by_number);
    free(by_file);
    by_number = numbers;
    by_file = files_;
    nbuckets = size;
}

static struct node *find_number(uint64_t number)
{
    if (nbuckets == 0) {
        return NULL;
    }
    struct node *node = by_number[bucket(number, nbuckets)];
    while (node != NULL && node->number != number) {
        node = node->number_next;
    }
    return node;
}

struct node *table_find(uint64_t number)
{
    struct node *node = find_number(number);
    return node != NULL && node->known ? node : NULL;
}

struct node *table_find_file(int root, const struct hostfiles_attr *attr)
{
    if (nbuckets == 0) {
        return NULL;
    }
    struct node *node = by_file[bucket(file_key(root, attr->inode), nbuckets)];
    while (node != NULL &&
           (node->inode != attr->inode || node->root != root ||
            node->device != attr->device || node->born_ns != attr->born_ns ||
            node->type != (attr->mode & S_IFMT))) {
        node = node->file_next;
    }
    return node;
}

/* The inode, where that is free: programs compare it with what they read in directories. */
static uint64_t number_new(int root, uint64_t inode)
{
    const uint64_t number = file_key(root, inode);
    if (inode != 0 && inode >> NUMBER_ROOT_SHIFT == 0 && find_number(number) == NULL) {
        return number;
    }
    return NUMBER_OTHER + ++others;
}

struct node *table_add(int root, const struct hostfiles_attr *attr)
{
    if (count >= nbuckets) {
        table_grow();
    }
    struct node *node = nbuckets == 0 ? NULL : calloc(1, sizeof(*node));
    if (node == NULL) {
        return NULL;
    }
    *node = (struct node){
        .number = number_new(root, attr->inode),
        .device = attr->device,
        .inode = attr->inode,
        .born_ns = attr->born_ns,
        .type = attr->mode & S_IFMT,
        .root = root,
        .known = true,
        .file = CLOSED,
    };
    table_put(node, by_number, by_file, nbuckets);
    count++;
    return node;
}

void table_lose(struct node *node)
{
    if (node->lost) {
        return;
    }
    struct node **at = &by_file[bucket(file_key(node->root, node->inode), nbuckets)];
    while (*at != node) {
        at = &(*at)->file_next;
    }
    *at = node->file_next;
    node->lost = true;
}

static void table_remove(struct node *node)
{
    table_lose(node);
    struct node **at = &by_number[bucket(node->number, nbuckets)];
    while (*at != node) {
        at = &(*at)->number_next;
    }
    *at = node->number_next;
    count--;
    file_close(node);
    free(node->name);
    free(node);
}

/* Frees @node and what was only kept for it. A loop, for paths can be long. */
static void table_release(struct node *node)
{
    while (node != NULL && !node->known && node->children == 0) {
        struct node *parent = node->parent;
        table_remove(node);
        if (parent != NULL) {
            parent->children--;
        }
        node = parent;
    }
}

int table_place(struct node *node, struct node *parent, const char *name)
{
    if (node->parent == parent && strcmp(node->name, name) == 0) {
        return 0;
    }
    /* Not below itself, as a host that moves directories meanwhile can make it look. */
    for (const struct node *above = parent; above != NULL; above = above->parent) {
        if (above == node) {
            return -ESTALE;
        }
    }
    char *copy = strdup(name);
    if (copy == NULL) {
        return -ENOMEM;
    }
    struct node *old = node->parent;
    free(node->name);
    node->name = copy;
    node->parent = parent;
    parent->children++;
    if (old != NULL) {
        old->children--;
        table_release(old);
    }
    return 0;
}

void table_forget(struct node *node)
{
    node->known = false;
    node->pinned = false;
    file_close(node);
    table_release(node);
}

void table_forget_all(int root)
{
    for (uint32_t i = 0; i < nbuckets; i++) {
        struct node *node = by_number[i];
        while (node != NULL) {
            if (node->known && node->root == root && node->parent != NULL) {
                table_forget(node); /* and others of this chain, perhaps */
                node = by_number[i];
            } else {
                node = node->number_next;
            }
        }
    }
}
