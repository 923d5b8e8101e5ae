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
#include "ramfs.h"

#include <cubicle.h>
#include <lifecycle.h>
#include <stdlib.h>

#define WINDOWS_MAX 4 /* of a client */

struct map {
    struct map *next; /* in no order */
    struct ramfs_area *area;
    uint64_t at, npages; /* pages of the area */
    uint32_t count;
    int rights, limit;
    int window; /* that lends it; 0: none does */
};

struct client {
    struct client *next;
    int id;
    bool own; /* it is in our cubicle: nothing is lent */
    bool ended;
    int windows[WINDOWS_MAX]; /* 0: not made yet */
    struct map *maps;
};

bool map_stale;
static struct client *clients;

/* ---- windows ---- */

static char *map_base(const struct map *map)
{
    return map->area->base + map->at * RAMFS_PAGE;
}

/** The window in slot @i, made if need be; or an error. */
static int window_get(struct client *client, unsigned i)
{
    if (client->windows[i] != 0) {
        return client->windows[i];
    }
    const int window = cubicle_window_init();
    if (window <= 0) {
        return -ENOMEM;
    }
    const int error = cubicle_window_open(window, client->id);
    if (error != 0) {
        cubicle_window_destroy(window);
        return error;
    }
    client->windows[i] = window;
    return window;
}

static void map_unlend(struct map *map)
{
    if (map->window != 0) {
        cubicle_window_remove(map->window, map_base(map));
        map->window = 0;
    }
}

/** Lends what @map says, in any window but @not. 0, or no window can. */
static int map_lend(struct client *client, struct map *map, int not )
{
    if (map->rights == 0 || client->own) {
        return 0;
    }
    for (unsigned i = 0; i < WINDOWS_MAX; i++) {
        const int window = window_get(client, i);
        if (window < 0) {
            return window;
        }
        if (window !=
            not &&cubicle_window_add(window, map_base(map), map->npages * RAMFS_PAGE,
                                     map->rights) == 0) {
            map->window = window;
            return 0;
        }
    }
    return -ENOMEM;
}

/** Lends @map anew with @rights. 0, -ENOMEM: it was not lent at all, and is not. */
static int map_set_rights(struct client *client, struct map *map, int rights)
{
    if (map->rights == rights) {
        return 0;
    }
    map_unlend(map);
    map->rights = rights;
    const int error = map_lend(client, map, 0);
    if (error != 0) {
        map->rights = 0;
    }
    return error;
}

/* ---- clients and their mappings ---- */

static struct client *client_find(int id)
{
    struct client *client = clients;
    while (client != NULL && client->id != id) {
        client = client->next;
    }
    return client;
}

static struct client *client_get(int id)
{
    struct client *client = client_find(id);
    if (client == NULL) {
        client = calloc(1, sizeof(*client));
        if (client != NULL) {
            client->id = id;
            client->own = id == cubicle_self();
            client->next = clients;
            clients = client;
        }
    }
    return client;
}

/** Frees @client if it has nothing mapped. */
static void client_settle(struct client *client)
{
    struct client **at = &clients;
    if (client->maps != NULL) {
        return;
    }
    for (unsigned i = 0; i < WINDOWS_MAX; i++) {
        if (client->windows[i] != 0) {
            cubicle_window_destroy(client->windows[i]);
        }
    }
    while (*at != client) {
        at = &(*at)->next;
    }
    *at = client->next;
    free(client);
}

/** The mapping of @client's with page @at of @area; or NULL. */
static struct map *map_find(const struct client *client, const struct ramfs_area *area,
                            uint64_t at)
{
    struct map *map = client->maps;
    while (map != NULL && (map->area != area || at - map->at >= map->npages)) {
        map = map->next;
    }
    return map;
}

/** The mapping of @client's at that address; or NULL. */
static struct map *map_at(const struct client *client, const void *base)
{
    struct map *map = client->maps;
    while (map != NULL &&
           (uintptr_t)base - (uintptr_t)map_base(map) >= map->npages * RAMFS_PAGE) {
        map = map->next;
    }
    return map;
}

static struct map *map_add(struct client *client, const struct map *like)
{
    struct map *map = malloc(sizeof(*map));
    if (map == NULL) {
        return NULL;
    }
    *map = *like;
    map->next = client->maps;
    map->window = 0;
    client->maps = map;
    map->area->mapped++;
    map->area->node->mapped++;
    return map;
}

/** Takes @map, which is not lent, off the list, and frees it. What it was a mapping of
 *  stays. */
static void map_forget(struct client *client, struct map *map)
{
    struct map **at = &client->maps;
    while (*at != map) {
        at = &(*at)->next;
    }
    *at = map->next;
    map->area->mapped--;
    map->area->node->mapped--;
    free(map);
}

static void map_end(struct client *client, struct map *map)
{
    struct ramfs_area *area = map->area;
    struct ramfs_node *node = area->node;
    map_unlend(map);
    map_forget(client, map);
    if (area->mapped == 0) {
        area_idle(area);
    }
    node_release(node);
}

/** Sees that a mapping begins at page @at of @area, if one has that page. 0, -ENOMEM. */
static int map_split(struct client *client, const struct ramfs_area *area, uint64_t at)
{
    struct map *map = map_find(client, area, at);
    if (map == NULL || map->at == at) {
        return 0;
    }
    struct map *rest = map_add(client, map);
    if (rest == NULL) {
        return -ENOMEM;
    }
    rest->npages = map->at + map->npages - at;
    rest->at = at;
    map_unlend(map);
    map->npages = at - map->at;
    (void)map_lend(client, map, 0); /* where it was, if nowhere else */
    const int error = map_lend(client, rest, 0);
    if (error != 0) {
        map_unlend(map);
        map->npages += rest->npages;
        map_forget(client, rest);
        (void)map_lend(client, map, 0);
    }
    return error;
}

/** Makes @map and @next, which follows it and is alike, one. No page is taken from the
 *  client meanwhile, so it goes on with what it has in its view. */
static void map_join(struct client *client, struct map *map, struct map *next)
{
    struct map joined = *map;
    joined.npages += next->npages;
    joined.window = 0;
    if (map_lend(client, &joined, map->window) != 0) {
        return;
    }
    map_unlend(map);
    map_unlend(next);
    map_forget(client, next);
    map->npages = joined.npages;
    map->window = joined.window;
}

/** Joins the mappings that meet at page @at of @area, where they are alike. */
static void map_join_at(struct client *client, const struct ramfs_area *area,
                        uint64_t at)
{
    struct map *map = at > 0 ? map_find(client, area, at - 1) : NULL;
    struct map *next = map_find(client, area, at);
    if (map != NULL && next != NULL && map != next && map->count == next->count &&
        map->rights == next->rights && map->limit == next->limit) {
        map_join(client, map, next);
    }
}

/* ---- the interface ---- */

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
    struct map *map = map_add(client, &wanted);
    if (map == NULL) {
        return 0;
    }
    if (map_lend(client, map, 0) != 0) {
        map_forget(client, map);
        return 0;
    }
    return at;
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
    for (struct client *client = clients; client != NULL;) {
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
