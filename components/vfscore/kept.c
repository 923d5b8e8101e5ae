/*
 * Small files that are sent again and again, as servers do: their bytes are kept here, and an answer takes no call of the
 * file system.
 *
 * 1. The bytes are the file's for as long as node->kept says so: whatever changes a node's bytes, or may do so without a
 *    call, forgets them first or right after.
 * 2. Only files that vfscore alone changes are kept.
 */
#include "core.h"

#include <stdlib.h>

#define KEPT_FILES 64u
#define KEPT_SIZE 16384 /* bytes of a file; longer ones gain little */

static struct {
    struct node *node; /* NULL: none */
    size_t size;
    size_t room; /* at @bytes, which stay for the next file */
    char *bytes;
} kept[KEPT_FILES];
static unsigned next; /* to be used */

static bool may_keep(const struct node *node)
{
    return S_ISREG(node->st.st_mode) && (node->stale & STALE_ALWAYS) == 0 &&
           !node_is_mapped(node) && node->st.st_size > 0 &&
           node->st.st_size <= KEPT_SIZE;
}

void kept_forget_at(struct node *node)
{
    kept[node->kept - 1].node = NULL;
    node->kept = 0;
}

/** Sees that @slot has room for @size bytes. False: there is no memory. */
static bool make_room(unsigned slot, size_t size)
{
    if (kept[slot].room < size) {
        free(kept[slot].bytes);
        kept[slot].bytes = malloc(size);
        kept[slot].room = kept[slot].bytes != NULL ? size : 0;
    }
    return kept[slot].room >= size;
}

const char *kept_bytes(struct node *node, size_t *size)
{
    if (node->kept != 0) {
        *size = kept[node->kept - 1].size;
        return kept[node->kept - 1].bytes;
    }
    if (!may_keep(node)) {
        return NULL;
    }
    *size = (size_t)node->st.st_size;
    const unsigned slot = next++ % KEPT_FILES;
    ssize_t result;
    if (kept[slot].node != NULL) {
        kept_forget_at(kept[slot].node);
    }
    if (!make_room(slot, *size)) {
        return NULL;
    }
    PROVIDER(result, node->ops->fs_read(node->number, 0, kept[slot].bytes, *size, 0));
    if (result != (ssize_t)*size || !may_keep(node)) {
        return NULL; /* a read will say why */
    }
    kept[slot].node = node;
    kept[slot].size = *size;
    node->kept = (uint8_t)(slot + 1);
    return kept[slot].bytes;
}
