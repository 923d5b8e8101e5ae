/* Descriptor tables, one per calling cubicle, and its current directory. */
#include "core.h"

#include <stdlib.h>

#define FILES_FIRST 16
#define STREAMS 3

uint32_t core_visible = CLIENTS_MAX;
struct core core = {.visible_next = CLIENTS_MAX};

/** Whether an operation of @caller's may start; what is to be mended is, before. */
static bool client_may_start(int caller)
{
    if ((uint32_t)caller >= CLIENTS_MAX || core.in_provider) {
        return false;
    }
    if (core_visible == 0) {
        core_mend();
    }
    return true;
}

static struct client *client_meet(int caller)
{
    struct client *client = &core.clients[caller];
    if (!client->known) {
        client->known = true;
        client->umask = 022;
        client->limit = FD_SOFT;
        client->streams = (1 << STREAMS) - 1;
    }
    return client;
}

struct client *client_get_slow(int caller)
{
    if (!client_may_start(caller)) {
        return NULL;
    }
    struct client *client = client_meet(caller);
    name_trim();
    return client;
}

struct node *client_cwd(struct client *client)
{
    if (client->cwd == NULL && core.root != NULL) {
        client->cwd = core.root->root;
        node_get(client->cwd);
    }
    return client->cwd;
}

/** 64-bit words for a bit for each of @nfiles slots. */
static size_t words_of(uint32_t nfiles)
{
    return (nfiles + 63u) / 64;
}

/** @array of @count words as one of @more; the new ones are 0. NULL: no memory, and it is
 * as it was. */
static void *array_grow(void *array, size_t count, size_t more)
{
    char *grown = count == more ? array : realloc(array, more * sizeof(uint64_t));
    if (grown != NULL) {
        memset(grown + count * sizeof(uint64_t), 0, (more - count) * sizeof(uint64_t));
    }
    return grown;
}

static bool files_grow(struct client *client, uint32_t need)
{
    uint32_t nfiles = client->nfiles == 0 ? FILES_FIRST : client->nfiles;
    while (nfiles < need) {
        nfiles *= 2;
    }
    if (nfiles == client->nfiles) {
        return true;
    }
    /* What has grown before memory ran out is only longer than it need be. */
    const size_t before = words_of(client->nfiles), words = words_of(nfiles);
    uint64_t *used = array_grow(client->used, before, words);
    if (used == NULL) {
        return false;
    }
    client->used = used;
    uint64_t *close_on_exec = array_grow(client->close_on_exec, before, words);
    if (close_on_exec == NULL) {
        return false;
    }
    client->close_on_exec = close_on_exec;
    struct file **files = array_grow(client->files, client->nfiles, nfiles);
    if (files == NULL) {
        return false;
    }
    client->files = files;
    client->nfiles = nfiles;
    return true;
}

/** Descriptors 0 to 2 are the console's until they are closed; they are opened at their
 * first use. */
static bool stream_reserved(const struct client *client, uint32_t fd)
{
    return fd < STREAMS && (client->streams >> fd & 1) != 0;
}

/** @file is at @fd from now on; NULL: nothing is. */
static void slot_set(struct client *client, int fd, struct file *file)
{
    const uint64_t bit = (uint64_t)1 << fd % 64;
    client->files[fd] = file;
    if (file != NULL) {
        client->used[fd / 64] |= bit;
    } else {
        client->used[fd / 64] &= ~bit;
    }
}

static struct file *stream_open(struct client *client, int fd)
{
    static const char *const paths[STREAMS] = {"/dev/stdin", "/dev/stdout",
                                               "/dev/stderr"};
    struct file *file;
    if (!files_grow(client, STREAMS) ||
        file_open(client, AT_FDCWD, paths[fd], O_RDWR, 0, &file) != 0) {
        return NULL;
    }
    client->streams &= (uint8_t) ~(1 << fd);
    slot_set(client, fd, file);
    return file;
}

struct file *client_file_slow(int fd, int caller)
{
    return client_may_start(caller) ? client_file(client_meet(caller), fd) : NULL;
}

struct file *client_file(struct client *client, int fd)
{
    if (fd < 0) {
        return NULL;
    }
    if (stream_reserved(client, (uint32_t)fd)) {
        return stream_open(client, fd);
    }
    return (uint32_t)fd < client->nfiles ? client->files[fd] : NULL;
}

void client_set_close_on_exec(struct client *client, int fd, bool on)
{
    const uint64_t bit = (uint64_t)1 << fd % 64;
    if (on) {
        client->close_on_exec[fd / 64] |= bit;
    } else {
        client->close_on_exec[fd / 64] &= ~bit;
    }
}

bool client_close_on_exec(const struct client *client, int fd)
{
    return (client->close_on_exec[fd / 64] >> fd % 64 & 1) != 0;
}

/** The first slot from @fd on that is free, perhaps behind the table. */
static uint32_t slot_free(const struct client *client, uint32_t fd)
{
    const size_t words = words_of(client->nfiles);
    uint64_t below = ((uint64_t)1 << fd % 64) - 1; /* not to be looked at */
    for (size_t word = fd / 64;; word++, below = 0) {
        uint64_t taken = below | (word == 0 ? client->streams : 0);
        taken |= word < words ? client->used[word] : 0;
        if (~taken != 0) {
            return (uint32_t)(word * 64) + (uint32_t)__builtin_ctzll(~taken);
        }
    }
}

int client_vacant(struct client *client, int from)
{
    const uint32_t fd =
        slot_free(client, (uint32_t)from > client->first_free ? (uint32_t)from
                                                              : client->first_free);
    if (fd >= client->limit) {
        return -EMFILE;
    }
    return files_grow(client, fd + 1) ? (int)fd : -ENOMEM;
}

int client_install(struct client *client, int from, struct file *file,
                   bool close_on_exec)
{
    const int fd = client_vacant(client, from);
    if (fd < 0) {
        return fd;
    }
    slot_set(client, fd, file);
    client_set_close_on_exec(client, fd, close_on_exec);
    if ((uint32_t)from <= client->first_free) {
        client->first_free = (uint32_t)fd + 1;
    }
    return fd;
}

int client_replace(struct client *client, int fd, struct file *file, bool close_on_exec)
{
    if (fd < 0 || (uint32_t)fd >= client->limit) {
        return -EBADF;
    }
    if (!files_grow(client, (uint32_t)fd + 1)) {
        return -ENOMEM;
    }
    if (stream_reserved(client, (uint32_t)fd)) {
        client->streams &= (uint8_t) ~(1 << fd);
    } else if (client->files[fd] != NULL) {
        client_close(client, fd, client->files[fd]);
    }
    slot_set(client, fd, file);
    client_set_close_on_exec(client, fd, close_on_exec);
    return fd;
}

void client_close(struct client *client, int fd, struct file *file)
{
    slot_set(client, fd, NULL);
    if ((uint32_t)fd < client->first_free) {
        client->first_free = (uint32_t)fd;
    }
    if (file->node->nlocks != 0) {
        lock_drop(file->node, client_id(client));
    }
    file_put(file);
}

int vfs_close(int fd, int caller)
{
    struct file *file = file_of(fd, caller);
    if (unlikely(file == NULL)) {
        return -EBADF;
    }
    client_close(&core.clients[caller], fd, file);
    return 0;
}

void client_end(struct client *client)
{
    for (uint32_t fd = 0; fd < client->nfiles; fd++) {
        if (client->files[fd] != NULL) {
            client_close(client, (int)fd, client->files[fd]);
        }
    }
    if (client->cwd != NULL) {
        node_put(client->cwd);
    }
    free(client->files);
    free(client->used);
    free(client->close_on_exec);
    *client = (struct client){.known = false};
}

void clients_close(const struct special *special)
{
    for (uint32_t i = 0; i < CLIENTS_MAX; i++) {
        struct client *client = &core.clients[i];
        for (uint32_t fd = 0; fd < client->nfiles; fd++) {
            if (client->files[fd] != NULL && client->files[fd]->special == special) {
                client_close(client, (int)fd, client->files[fd]);
            }
        }
    }
}

int vfs_umask(uint32_t mask, int caller)
{
    struct client *client = client_get(caller);
    if (client == NULL) {
        return -EDEADLK;
    }
    const uint32_t old = client->umask;
    client->umask = mask & 0777;
    return (int)old;
}

int vfs_limit(int limit, int caller)
{
    struct client *client = client_get(caller);
    if (client == NULL) {
        return -EDEADLK;
    }
    if (limit < 0 || limit > FD_MAX) {
        return -EINVAL;
    }
    client->limit = (uint32_t)limit;
    return 0;
}
