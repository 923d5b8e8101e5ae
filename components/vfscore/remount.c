/*
 * File systems that were begun anew. The new mount takes the old one's place, with the
 * same provider and options; the old one's operations become those of stale.c, and the
 * structure lives on while a node of it is in use, so that its nodes are never taken
 * for nodes of the new one (invariant 7).
 */
#include "core.h"

#include <stdlib.h>

/** Notes where in the file system below, which is being lost, @mount is. "": nowhere
 * that could be named. */
static void place_note(struct mount *mount)
{
    size_t at = sizeof(mount->place);
    const struct node *const top = mount->below->root;
    mount->place[--at] = '\0';
    for (const struct node *dir = mount->covered; dir != top; dir = dir->parent) {
        if (dir->parent == NULL || dir->name == NULL || at < dir->name->len + 1u) {
            mount->place[0] = '\0';
            return;
        }
        at -= dir->name->len;
        memcpy(mount->place + at, dir->name->text, dir->name->len);
        mount->place[--at] = '/';
    }
    memmove(mount->place, mount->place + at, sizeof(mount->place) - at);
}

static bool mount_has_place(const struct mount *mount)
{
    return mount->covered == NULL || mount->covered->mount == mount->below;
}

static void mount_lose(struct mount *lost)
{
    for (struct mount *mount = core.mounts; mount != NULL; mount = mount->next) {
        if (mount->below == lost && mount_has_place(mount)) {
            place_note(mount);
        }
    }
    absent_forget();
    lost->ops = stale_ops;
    lost->lost = true;
    lost->cached = false;
    node_lose_all(lost);
    name_forget_all(lost);
}

/** Asks the file system whether it still knows its root. False: it cannot say yet. */
static bool mount_ask(struct mount *mount)
{
    struct fs_attr attr;
    const uint64_t root = mount->root->number;
    int error;
    PROVIDER(error, mount->ops.fs_getattr(root, &attr));
    if (error == -ESTALE || error == -ECONNRESET ||
        (error == 0 && (attr.node != root || !S_ISDIR(attr.mode)))) {
        mount_lose(mount);
    }
    return error != -EAGAIN;
}

/** Current directories at the root of @old are at the root of @mount now. */
static void roots_move(const struct mount *old, const struct mount *mount)
{
    for (uint32_t i = 0; i < CLIENTS_MAX; i++) {
        struct client *client = &core.clients[i];
        if (client->cwd != NULL && client->cwd == old->root) {
            node_put(client->cwd);
            client->cwd = mount->root;
            node_get(client->cwd);
        }
    }
}

/** Mounts what lost mount **@at was once more, in its place. */
static bool mount_again(struct mount **at)
{
    struct mount *old = *at;
    struct mount *mount = mount_new(old->provider, old->options);
    if (mount == NULL) {
        return false;
    }
    if (mount_bind(mount) != 0) {
        free(mount);
        return false;
    }
    mount->covered = old->covered;
    mount->below = old->below;
    memcpy(mount->place, old->place, sizeof(mount->place));
    mount->next = old->next;
    *at = mount;
    if (mount->covered != NULL) {
        mount->covered->mounted = mount;
    } else {
        core.root = mount;
    }
    for (struct mount *other = core.mounts; other != NULL; other = other->next) {
        if (other->below == old) {
            other->below = mount;
        }
    }
    roots_move(old, mount);
    node_put(old->root);
    old->root = NULL;
    if (old->nodes == 0) {
        free(old);
    }
    return true;
}

/** The directory named by the component at @text of @dir, made if need be; or NULL. */
static struct node *directory_make(struct node *dir, const char *text, size_t len,
                                   uint32_t hash, mode_t mode)
{
    struct name *name = name_find(dir, text, len, hash);
    if (name == NULL && name_lookup(dir, text, len, hash, &name) != 0) {
        return NULL;
    }
    if (name->node == NULL && create_node(name, S_IFDIR | mode, NULL) != 0) {
        return NULL;
    }
    return name->node != NULL && S_ISDIR(name->node->st.st_mode) ? name->node : NULL;
}

/** Gives @mount its place in a file system that is empty again. False: not yet. */
static bool place_make(struct mount *mount)
{
    struct node *old = mount->covered;
    struct node *dir = mount->below->root;
    if (mount->below->lost) {
        return false;
    }
    if (mount->place[0] == '\0') {
        return true; /* there is none */
    }
    for (const char *path = mount->place; *path == '/';) {
        uint32_t hash;
        const char *text = path + 1;
        const size_t len = span(text, &hash);
        path = text + len;
        dir = directory_make(dir, text, len, hash,
                             *path == '\0' ? old->st.st_mode & 07777 : 0755);
        if (dir == NULL) {
            return false;
        }
    }
    if (dir->mounted != NULL) {
        return false;
    }
    absent_forget();
    node_get(dir);
    dir->mounted = mount;
    mount->covered = dir;
    old->mounted = NULL;
    node_put(old);
    return true;
}

bool mount_mend_all(void)
{
    bool all = true;
    for (struct mount *mount = core.mounts; mount != NULL; mount = mount->next) {
        if (!mount->lost && !mount_ask(mount)) {
            all = false;
        }
    }
    for (struct mount **at = &core.mounts; *at != NULL; at = &(*at)->next) {
        if ((*at)->lost && !mount_again(at)) {
            all = false;
        }
    }
    for (struct mount *mount = core.mounts; mount != NULL; mount = mount->next) {
        if (!mount_has_place(mount) && !place_make(mount)) {
            all = false;
        }
    }
    return all;
}
