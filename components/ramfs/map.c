/*
 * Who has mapped what. A mapping lends a client pages of an area: each is one range of a
 * window of ours that is open to that client alone.
 *
 *  1. Mappings of one client do not overlap: where it maps pages again, the mapping is
 *     divided, and `count` says how often its pages were mapped. It ends with the last.
 *  2. What a window lends is what the mappings say, whenever a call returns.
 *  3. An area knows how many mappings it has, and so does a node.
 *
 * That a client may have a file at all is vfscore's to see to, as for reading. The monitor
 * takes back what was lent to a cubicle that ends; what is kept for it here goes where the
 * next operation starts, since the end may be told in the middle of one.
 */
#include "map.h"

#include <lifecycle.h>

bool map_stale;

static bool rights_valid(int rights)
{
    return rights == 0 || rights == CUBICLE_READ || rights == CUBICLE_WRITE;
}

/** Takes one count off the mappings of pages [@at, @end) of @area. Mappings begin at @at,
 *  and one ends at @end. */
static void map_uncount(struct client *client, const struct ramfs_area *area,
                        uint64_t at, uint64_t end)
{
    while (at < end) {
        struct map *map = map_find(client, area, at);
        at = map->at + map->npages;
        if (--map->count == 0) {
            map_end(client, map);
        }
    }
}

/** Adds a mapping where @client has none from page @at of @area on, up to @end at most.
 *  How far; 0: no memory or window. */
static uint64_t map_fresh(struct client *client, const struct map *like, uint64_t at,
                          uint64_t end)
{
    struct map wanted = *like;
    wanted.at = at;
    while (at < end && map_find(client, like->area, at) == NULL) {
        at++;
    }
    wanted.npages = at - wanted.at;
    return map_make(client, &wanted) != NULL ? at : 0;
}

/** Maps what @like says for @client; existing mappings do not cross its ends. */
static int map_cover(struct client *client, const struct map *like)
{
    const uint64_t end = like->at + like->npages;
    for (uint64_t at = like->at; at < end;) {
        struct map *map = map_find(client, like->area, at);
        if (map == NULL) {
            const uint64_t next = map_fresh(client, like, at, end);
            if (next == 0) {
                map_uncount(client, like->area, like->at, at);
                return -ENOMEM;
            }
            at = next;
            continue;
        }
        map->count++;
        map->limit |= like->limit;
        at = map->at + map->npages;
        if (map_set_rights(client, map, map->rights | like->rights) != 0) {
            map_uncount(client, like->area, like->at, at);
            return -ENOMEM;
        }
    }
    map_join_at(client, like->area, end);
    map_join_at(client, like->area, like->at);
    return 0;
}

/** Maps pages [@first, @first + @npages) of @node for @client. */
static int64_t map_pages(struct client *client, struct ramfs_node *node, uint64_t first,
                         struct map *like)
{
    int error = area_get(node, first, like->npages, &like->area);
    if (error != 0) {
        return error;
    }
    like->area->mapped++; /* whatever ends meanwhile, it stays */
    like->at = first - like->area->first;
    error = map_split(client, like->area, like->at);
    if (error == 0) {
        error = map_split(client, like->area, like->at + like->npages);
    }
    if (error == 0) {
        error = map_cover(client, like);
    }
    if (--like->area->mapped == 0) {
        area_idle(like->area);
    }
    return error != 0 ? error : (int64_t)(uintptr_t)map_base(like);
}

int64_t fs_map(uint64_t number, uint64_t offset, size_t size, int rights, int limit,
               int id)
{
    map_settle();
    struct ramfs_node *node = node_get(number);
    if (node == NULL) {
        return -ESTALE;
    }
    if (!S_ISREG(node->mode)) {
        return -ENODEV;
    }
    if (offset % RAMFS_PAGE != 0 || size == 0 || offset > INT64_MAX || id <= 0 ||
        !rights_valid(rights) || !rights_valid(limit) || (rights & ~limit) != 0) {
        return -EINVAL;
    }
    if (size > INT64_MAX - offset || size > SIZE_MAX / 2) {
        return -ENOMEM;
    }
    struct client *client = client_get(id);
    if (client == NULL) {
        return -ENOMEM;
    }
    struct map like = {.npages = (size + RAMFS_PAGE - 1) >> PAGE_SIZE_LOG,
                       .count = 1,
                       .rights = rights,
                       .limit = limit};
    const int64_t result = map_pages(client, node, offset >> PAGE_SIZE_LOG, &like);
    client_settle(client);
    return result;
}

/** Whether pages [@at, @end) of @area are all mapped for @client, and may have @rights.
 *  0, -EINVAL, -EACCES. */
static int map_check(const struct client *client, const struct ramfs_area *area,
                     uint64_t at, uint64_t end, int rights)
{
    int error = 0;
    while (at < end) {
        const struct map *map = map_find(client, area, at);
        if (map == NULL) {
            return -EINVAL;
        }
        if (rights != FS_UNMAP && (rights & ~map->limit) != 0) {
            error = -EACCES;
        }
        at = map->at + map->npages;
    }
    return error;
}

static int map_change(struct client *client, const struct ramfs_area *area, uint64_t at,
                      uint64_t end, int rights)
{
    int error = map_check(client, area, at, end, rights);
    if (error == 0) {
        error = map_split(client, area, at);
    }
    if (error == 0) {
        error = map_split(client, area, end);
    }
    if (error != 0) {
        return error;
    }
    if (rights == FS_UNMAP) {
        map_uncount(client, area, at, end);
        return 0;
    }
    while (at < end && error == 0) {
        struct map *map = map_find(client, area, at);
        error = map_set_rights(client, map, rights);
        at = map->at + map->npages;
    }
    return error;
}

int fs_map_change(void *base, size_t size, int rights, int id)
{
    map_settle();
    struct client *client = client_find(id);
    const struct map *map = client == NULL ? NULL : map_at(client, base);
    if (map == NULL || (uintptr_t)base % RAMFS_PAGE != 0 || size == 0 ||
        size > SIZE_MAX / 2 || (rights != FS_UNMAP && !rights_valid(rights))) {
        return -EINVAL;
    }
    const struct ramfs_area *area = map->area;
    const uint64_t at = (uint64_t)((const char *)base - area->base) >> PAGE_SIZE_LOG;
    const uint64_t npages = (size + RAMFS_PAGE - 1) >> PAGE_SIZE_LOG;
    const int error = map_change(client, area, at, at + npages, rights);
    client_settle(client);
    return error;
}

int fs_mapping(const void *base, int id, struct fs_mapping *mapping)
{
    map_settle();
    const struct client *client = client_find(id);
    const struct map *map = client == NULL ? NULL : map_at(client, base);
    if (map == NULL) {
        return -EINVAL;
    }
    *mapping = (struct fs_mapping){
        .node = node_number(map->area->node),
        .offset = (map->area->first << PAGE_SIZE_LOG) +
                  (uint64_t)((const char *)base - map->area->base),
        .rights = (uint32_t)map->rights,
        .limit = (uint32_t)map->limit,
    };
    return 0;
}

/* ---- cubicles that end ---- */

int lifecycle_ended(int cubicle)
{
    struct client *client = client_find(cubicle);
    if (client != NULL) {
        client->ended = true;
        map_stale = true;
    }
    return 0;
}

int lifecycle_restarted(int cubicle)
{
    (void)cubicle;
    return 0; /* it maps anew what it needs */
}

void map_mend(void)
{
    map_stale = false;
    for (struct client *client = map_clients; client != NULL;) {
        struct client *next = client->next;
        if (client->ended) {
            while (client->maps != NULL) {
                map_end(client, client->maps);
            }
            client_settle(client);
        }
        client = next;
    }
}
