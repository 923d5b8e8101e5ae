/* What map.c and lend.c share: clients, and their mappings. */
#ifndef RAMFS_MAP_H
#define RAMFS_MAP_H

#include "ramfs.h"

#include <cubicle.h>

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

extern struct client *map_clients;

struct client *client_find(int id);
/** The client of that id, known from now on; NULL: no memory. client_settle() is to follow. */
struct client *client_get(int id);
/** Frees @client if it has nothing mapped. */
void client_settle(struct client *client);

/** The mapping of @client's with page @at of @area; or NULL. */
struct map *map_find(const struct client *client, const struct ramfs_area *area,
                     uint64_t at);
/** The mapping of @client's at that address; or NULL. */
struct map *map_at(const struct client *client, const void *base);
/** A further mapping of @client's, lent as @like says; NULL: no memory or window. */
struct map *map_make(struct client *client, const struct map *like);
/** Takes @map back from the client, and frees it, with what is left of its file if it was
 *  the last. */
void map_end(struct client *client, struct map *map);
/** Lends @map anew with @rights. 0, -ENOMEM: it was not lent at all, and is not. */
int map_set_rights(struct client *client, struct map *map, int rights);
/** Sees that a mapping begins at page @at of @area, if one has that page. 0, -ENOMEM. */
int map_split(struct client *client, const struct ramfs_area *area, uint64_t at);
/** Joins the mappings that meet at page @at of @area, where they are alike. */
void map_join_at(struct client *client, const struct ramfs_area *area, uint64_t at);

static inline char *map_base(const struct map *map)
{
    return map->area->base + map->at * RAMFS_PAGE;
}

#endif
