#include "host_files_table.h"
#include "base/thread.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

struct host_root host_roots[HOSTFILES_ROOTS_MAX];
size_t host_nroots;
struct host_identity host_identity;

/* Files that a cubicle has open; its row is that of the first root that it has. */
static struct host_file files[HOSTFILES_ROOTS_MAX][HOSTFILES_OPEN_MAX];

/* Whatever others do to the tree meanwhile (HF2). */
static const unsigned long long host_files_resolve =
    RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV;

int host_files_setup(const struct monitor_config *config)
{
    host_nroots = config->ndirectories < HOSTFILES_ROOTS_MAX ? config->ndirectories
                                                             : HOSTFILES_ROOTS_MAX;
    for (size_t i = 0; i < host_nroots; i++) {
        host_roots[i] = (struct host_root){.given = &config->directories[i]};
    }
    return 0;
}

void host_files_give(size_t index, unsigned id)
{
    if (index < host_nroots) {
        host_roots[index].owner = id;
    }
}

int host_files_openat(int dir, const char *path, unsigned long long flags,
                      unsigned mode)
{
    const struct open_how how = {
        .flags = flags | O_CLOEXEC | O_NOFOLLOW,
        .mode = mode,
        .resolve = host_files_resolve,
    };
    const long fd = syscall(SYS_openat2, dir, path, &how, sizeof(how));
    return fd >= 0 ? (int)fd : -errno;
}

struct host_file *host_file_mine(void)
{
    for (size_t i = 0; i < host_nroots; i++) {
        if (host_roots[i].owner == thread_self.running) {
            return files[i];
        }
    }
    return NULL;
}

int host_file_find(int number, struct host_file *file)
{
    const struct host_file *mine = host_file_mine();
    if (mine == NULL) {
        return -EBADF;
    }
    if (number >= 0) {
        if (number >= HOSTFILES_OPEN_MAX || !mine[number].open) {
            return -EBADF;
        }
        *file = mine[number];
        return 0;
    }
    const unsigned index = (unsigned)HOSTFILES_ROOT(number); /* its own inverse */
    if (index >= host_nroots || host_roots[index].owner != thread_self.running) {
        return -EBADF;
    }
    *file = (struct host_file){
        .open = true, .root = (uint8_t)index, .fd = host_roots[index].given->fd};
    return 0;
}

int host_file_change(int number, struct host_file *file)
{
    const int error = host_file_find(number, file);
    if (error == 0 && !host_roots[file->root].given->writable) {
        return -EROFS;
    }
    return error;
}

int host_file_place(int number, const char *name, struct host_file *dir)
{
    if (name[0] == '\0' || strchr(name, '/') != NULL || strcmp(name, ".") == 0 ||
        strcmp(name, "..") == 0) {
        return -EINVAL;
    }
    return host_file_change(number, dir);
}
