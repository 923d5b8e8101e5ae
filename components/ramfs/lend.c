/*
 * Mappings and the windows that lend them: each is one range of a window of ours that is
 * open to its client alone (invariants: map.c).
 */
#include "map.h"

#include <stdlib.h>

struct client *map_clients;

/* ---- windows ---- */

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

/** Lends what @map says, in any window but @but. 0, or no window can. */
static int map_lend(struct client *client, struct map *map, int but)
{
    if (map->rights == 0 || client->own) {
        return 0;
    }
    for (unsigned i = 0; i < WINDOWS_MAX; i++) {
        const int window = window_get(client, i);
        if (window < 0) {
            return window;
        }
        if (window != but &&
            cubicle_window_add(window, map_base(map), map->npages * RAMFS_PAGE,
                               map->rights) == 0) {
            map->window = window;
            return 0;
        }
    }
    return -ENOMEM;
}

int map_set_rights(struct client *client, struct map *map, int rights)
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

struct client *client_find(int id)
{
    struct client *client = map_clients;
    while (client != NULL && client->id != id) {
        client = client->next;
    }
    return client;
}

struct client *client_get(int id)
{
    struct client *client = client_find(id);
    if (client == NULL) {
        client = calloc(1, sizeof(*client));
        if (client != NULL) {
            client->id = id;
            client->own = id == cubicle_self();
            client->next = map_clients;
            map_clients = client;
        }
    }
    return client;
}

void client_settle(struct client *client)
{
    struct client **at = &map_clients;
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

struct map *map_find(const struct client *client, const struct ramfs_area *area,
                     uint64_t at)
{
    struct map *map = client->maps;
    while (map != NULL && (map->area != area || at - map->at >= map->npages)) {
        map = map->next;
    }
    return map;
}

struct map *map_at(const struct client *client, const void *base)
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

struct map *map_make(struct client *client, const struct map *like)
{
    struct map *map = map_add(client, like);
    if (map != NULL && map_lend(client, map, 0) != 0) {
        map_forget(client, map);
        map = NULL;
    }
    return map;
}

void map_end(struct client *client, struct map *map)
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

int map_split(struct client *client, const struct ramfs_area *area, uint64_t at)
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

void map_join_at(struct client *client, const struct ramfs_area *area, uint64_t at)
{
    struct map *map = at > 0 ? map_find(client, area, at - 1) : NULL;
    struct map *next = map_find(client, area, at);
    if (map != NULL && next != NULL && map != next && map->count == next->count &&
        map->rights == next->rights && map->limit == next->limit) {
        map_join(client, map, next);
    }
}
