/*
 * A directory is an array of entries in the order of their creation, which is the order
 * of their cookies, so that a reader finds its place again while names come and go;
 * and, from a few names on, a hash table of array positions. A removed entry leaves a
 * hole; the holes close when the array is full.
 */
#include "ramfs.h"

#include <stdlib.h>
#include <string.h>

#define INLINE_NAME 40
#define SCAN_MAX 8 /* so many entries are searched without a table */
#define SLOT_FREE 0u
#define ENTRIES_MAX (1u << 24)

struct ramfs_entry {
    uint64_t cookie;
    uint64_t node; /* 0: removed */
    uint32_t hash;
    uint8_t len, type;
    union {
        char text[INLINE_NAME];
        char *long_text;
    };
};

struct ramfs_dir {
    struct ramfs_entry *entries;
    uint32_t count, capacity, live; /* count: with holes */
    uint32_t slots;                 /* of the table; 0: none; a power of 2 */
    uint32_t *table;                /* position + 1, or SLOT_FREE; linear probing */
    uint64_t next_cookie;
};

struct ramfs_dir *dir_alloc(void)
{
    struct ramfs_dir *dir = calloc(1, sizeof(*dir));
    if (dir != NULL) {
        dir->next_cookie = 1;
    }
    return dir;
}

uint32_t dir_live(const struct ramfs_dir *dir)
{
    return dir->live;
}

int key_make(const char *name, struct ramfs_key *key)
{
    uint64_t hash = 0;
    size_t len = 0;
    for (unsigned char c = (unsigned char)name[0]; c != '\0';
         c = (unsigned char)name[++len]) {
        if (c == '/') {
            return -EINVAL;
        }
        if (len == RAMFS_NAME_MAX) {
            return -ENAMETOOLONG;
        }
        hash = (hash << 5 | hash >> 59) ^ c;
    }
    if (len == 0 || (name[0] == '.' && (len == 1 || (len == 2 && name[1] == '.')))) {
        return -EINVAL;
    }
    key->text = name;
    key->hash = (uint32_t)(hash * 0x9e3779b97f4a7c15u >> 32);
    key->len = (uint8_t)len;
    return 0;
}

static const char *entry_name(const struct ramfs_entry *entry)
{
    return entry->len > INLINE_NAME ? entry->long_text : entry->text;
}

static bool entry_is(const struct ramfs_entry *entry, const struct ramfs_key *key)
{
    return entry->hash == key->hash && entry->node != 0 && entry->len == key->len &&
           memcmp(entry_name(entry), key->text, key->len) == 0;
}

static void entry_clear(struct ramfs_entry *entry)
{
    if (entry->len > INLINE_NAME) {
        free(entry->long_text);
    }
    entry->node = 0;
    entry->len = 0;
}

void dir_free(struct ramfs_dir *dir)
{
    for (uint32_t i = 0; i < dir->count; i++) {
        entry_clear(&dir->entries[i]);
    }
    free(dir->entries);
    free(dir->table);
    free(dir);
}

int64_t dir_find(const struct ramfs_dir *dir, const struct ramfs_key *key)
{
    if (dir->slots == 0) {
        for (uint32_t i = 0; i < dir->count; i++) {
            if (entry_is(&dir->entries[i], key)) {
                return i;
            }
        }
        return -1;
    }
    const uint32_t mask = dir->slots - 1;
    for (uint32_t i = key->hash & mask; dir->table[i] != SLOT_FREE;
         i = (i + 1) & mask) {
        if (entry_is(&dir->entries[dir->table[i] - 1], key)) {
            return dir->table[i] - 1;
        }
    }
    return -1;
}

uint64_t dir_node(const struct ramfs_dir *dir, int64_t position)
{
    return position < 0 ? 0 : dir->entries[position].node;
}

static void table_insert(struct ramfs_dir *dir, uint32_t position)
{
    if (dir->slots == 0) {
        return;
    }
    const uint32_t mask = dir->slots - 1;
    uint32_t i = dir->entries[position].hash & mask;
    while (dir->table[i] != SLOT_FREE) {
        i = (i + 1) & mask;
    }
    dir->table[i] = position + 1;
}

/** Frees an entry's slot and moves up whatever was pushed past it, so that no search
 * ends early. */
static void table_remove(struct ramfs_dir *dir, uint32_t position)
{
    if (dir->slots == 0) {
        return;
    }
    const uint32_t mask = dir->slots - 1;
    uint32_t slot = dir->entries[position].hash & mask;
    while (dir->table[slot] != position + 1) {
        slot = (slot + 1) & mask;
    }
    for (uint32_t i = (slot + 1) & mask; dir->table[i] != SLOT_FREE;
         i = (i + 1) & mask) {
        const uint32_t home = dir->entries[dir->table[i] - 1].hash & mask;
        if (((i - home) & mask) >= ((i - slot) & mask)) {
            dir->table[slot] = dir->table[i];
            slot = i;
        }
    }
    dir->table[slot] = SLOT_FREE;
}

/** Closes the holes; cookies keep their order (invariant 4). The caller rebuilds the
 * table. */
static void dir_compact(struct ramfs_dir *dir)
{
    uint32_t to = 0;
    for (uint32_t i = 0; i < dir->count; i++) {
        if (dir->entries[i].node != 0) {
            dir->entries[to++] = dir->entries[i];
        }
    }
    dir->count = to;
}

/** Makes room for one more entry. The table has twice the slots of the array's
 * capacity: never full. */
static int dir_make_room(struct ramfs_dir *dir)
{
    uint32_t capacity = dir->capacity;
    if (capacity == 0 || dir->live > capacity - capacity / 4) {
        capacity = capacity == 0 ? SCAN_MAX : capacity * 2;
    }
    if (capacity > ENTRIES_MAX) {
        return -ENOSPC;
    }
    const uint32_t slots = capacity <= SCAN_MAX ? 0 : capacity * 2;
    uint32_t *table = dir->table;
    if (slots != dir->slots) {
        table = calloc(slots, sizeof(*table));
        if (table == NULL) {
            return -ENOSPC;
        }
    }
    if (capacity != dir->capacity) {
        struct ramfs_entry *grown = realloc(dir->entries, capacity * sizeof(*grown));
        if (grown == NULL) {
            if (table != dir->table) {
                free(table);
            }
            return -ENOSPC;
        }
        dir->entries = grown;
        dir->capacity = capacity;
    }
    if (table != dir->table) {
        free(dir->table);
        dir->table = table;
        dir->slots = slots;
    } else if (slots != 0) {
        memset(table, 0, slots * sizeof(*table));
    }
    dir_compact(dir);
    for (uint32_t i = 0; i < dir->count; i++) {
        table_insert(dir, i);
    }
    return 0;
}

int dir_add(struct ramfs_dir *dir, const struct ramfs_key *key, uint64_t node,
            uint8_t type)
{
    if (dir->count == dir->capacity) {
        const int error = dir_make_room(dir);
        if (error != 0) {
            return error;
        }
    }
    struct ramfs_entry *entry = &dir->entries[dir->count];
    char *text = entry->text;
    if (key->len > INLINE_NAME) {
        text = malloc(key->len);
        if (text == NULL) {
            return -ENOSPC;
        }
        entry->long_text = text;
    }
    memcpy(text, key->text, key->len);
    entry->cookie = dir->next_cookie++;
    entry->node = node;
    entry->hash = key->hash;
    entry->len = key->len;
    entry->type = type;
    table_insert(dir, dir->count);
    dir->count++;
    dir->live++;
    return 0;
}

void dir_set(struct ramfs_dir *dir, int64_t position, uint64_t node, uint8_t type)
{
    dir->entries[position].node = node;
    dir->entries[position].type = type;
}

void dir_remove(struct ramfs_dir *dir, int64_t position)
{
    table_remove(dir, (uint32_t)position);
    entry_clear(&dir->entries[position]);
    dir->live--;
    while (dir->count > 0 && dir->entries[dir->count - 1].node == 0) {
        dir->count--;
    }
}

/** First position whose cookie is above @cookie. */
static uint32_t cookie_position(const struct ramfs_dir *dir, uint64_t cookie)
{
    uint32_t low = 0, high = dir->count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (dir->entries[middle].cookie <= cookie) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

ssize_t dir_read(const struct ramfs_dir *dir, uint64_t cookie, char *buf, size_t count)
{
    size_t done = 0;
    for (uint32_t i = cookie_position(dir, cookie); i < dir->count; i++) {
        const struct ramfs_entry *entry = &dir->entries[i];
        if (entry->node == 0) {
            continue;
        }
        const size_t head = offsetof(struct fs_dirent, name);
        const size_t reclen = (head + entry->len + 1 + 7) & ~(size_t)7;
        if (reclen > count - done) {
            return done == 0 ? -EINVAL : (ssize_t)done;
        }
        struct fs_dirent record = {entry->node, entry->cookie, (uint16_t)reclen,
                                   entry->type};
        memset(buf + done, 0, reclen);
        memcpy(buf + done, &record, head);
        memcpy(buf + done + head, entry_name(entry), entry->len);
        done += reclen;
    }
    return (ssize_t)done;
}
