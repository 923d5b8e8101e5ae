/*
 * A file system that lies: ramfs, and in front of it answers that no honest provider
 * gives. Mount option "lie=NAME". The first calls are honest, so that the system
 * starts.
 */
#undef fs_mount
#undef fs_create
#undef fs_symlink
#undef fs_lookup
#undef fs_read
#undef fs_write
#undef fs_getattr
#undef fs_readdir
#undef fs_readlink
#undef fs_statfs
#undef fs_poll
#undef fs_map
#undef fs_map_change
#undef fs_setattr
#include <cubicle.h>
#include <errno.h>
#include <fs.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

int ramfs_fs_mount(const char *options, struct fs_attr *root);
int ramfs_fs_lookup(uint64_t dir, const char *name, struct fs_attr *attr);
int ramfs_fs_create(uint64_t dir, const char *name, uint32_t mode, int64_t now_ns,
                    struct fs_attr *attr);
int ramfs_fs_symlink(uint64_t dir, const char *name, const char *target, int64_t now_ns,
                     struct fs_attr *attr);
ssize_t ramfs_fs_read(uint64_t node, uint64_t offset, void *buf, size_t count,
                      int caller);
ssize_t ramfs_fs_write(uint64_t node, uint64_t offset, const void *buf, size_t count);
int ramfs_fs_getattr(uint64_t node, struct fs_attr *attr);
ssize_t ramfs_fs_readdir(uint64_t dir, uint64_t cookie, void *buf, size_t count);
ssize_t ramfs_fs_readlink(uint64_t node, char *buf, size_t count);
int ramfs_fs_statfs(uint64_t node, struct fs_stat *stat);
int ramfs_fs_poll(uint64_t node, int timeout_ms);
int64_t ramfs_fs_map(uint64_t node, uint64_t offset, size_t size, int rights, int limit,
                     int client);
int ramfs_fs_map_change(void *base, size_t size, int rights, int client);
int ramfs_fs_setattr(uint64_t node, uint32_t which, const struct fs_attr *attr);

static char lie[32];

static int lies(const char *name)
{
    return strcmp(lie, name) == 0;
}

/* A number in place of a count of bytes. */
static ssize_t number(const char *function, size_t count, ssize_t honest)
{
    static const struct {
        const char *name;
        ssize_t value;
    } values[] = {
        {"minus-4096", -4096},  {"minus-max", INT64_MIN},
        {"max", INT64_MAX},     {"int-max", INT32_MAX},
        {"int-min", INT32_MIN}, {"errno-0x80000000", 0x80000000},
    };
    size_t len = strlen(function);
    if (strncmp(lie, function, len) != 0 || lie[len] != '-') {
        return honest;
    }
    if (strcmp(lie + len + 1, "more") == 0) {
        return (ssize_t)count + 1;
    }
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        if (strcmp(lie + len + 1, values[i].name) == 0) {
            return values[i].value;
        }
    }
    return honest;
}

static void spoil(struct fs_attr *attr)
{
    if (lies("size-max")) {
        attr->size = UINT64_MAX;
    } else if (lies("size-sign")) {
        attr->size = UINT64_C(1) << 63;
    } else if (lies("mode-zero")) {
        attr->mode = 0;
    } else if (lies("mode-ones")) {
        attr->mode = UINT32_MAX;
    } else if (lies("mode-link")) {
        attr->mode = S_IFLNK | 0777;
    } else if (lies("mode-directory")) {
        attr->mode = S_IFDIR | 0777;
    } else if (lies("node-zero")) {
        attr->node = 0;
    } else if (lies("node-max")) {
        attr->node = UINT64_MAX;
    } else if (lies("node-same")) {
        attr->node = 1;
    } else if (lies("flags")) {
        attr->flags = UINT32_MAX;
    } else if (lies("times")) {
        attr->atime_ns = attr->mtime_ns = attr->ctime_ns = INT64_MIN;
    }
}

int fs_mount(const char *options, struct fs_attr *root)
{
    int error = ramfs_fs_mount("", root);
    if (strncmp(options, "lie=", 4) == 0) {
        strncpy(lie, options + 4, sizeof lie - 1);
    }
    if (lies("root")) {
        memset(root, 0xff, sizeof *root);
    }
    return error;
}

int fs_lookup(uint64_t dir, const char *name, struct fs_attr *attr)
{
    if (strncmp(name, "lie", 3) != 0) {
        return ramfs_fs_lookup(dir, name, attr);
    }
    int error = ramfs_fs_lookup(dir, name, attr);
    spoil(attr);
    return (int)number("lookup", 1, error);
}

int fs_create(uint64_t dir, const char *name, uint32_t mode, int64_t now_ns,
              struct fs_attr *attr)
{
    int error = ramfs_fs_create(dir, name, mode, now_ns, attr);
    if (strncmp(name, "lie", 3) == 0) {
        spoil(attr);
    }
    return error;
}

int fs_symlink(uint64_t dir, const char *name, const char *target, int64_t now_ns,
               struct fs_attr *attr)
{
    int error = ramfs_fs_symlink(dir, name, target, now_ns, attr);
    if (strncmp(name, "lie", 3) == 0) {
        spoil(attr);
    }
    return error;
}

ssize_t fs_read(uint64_t node, uint64_t offset, void *buf, size_t count, int caller)
{
    return number("read", count, ramfs_fs_read(node, offset, buf, count, caller));
}

ssize_t fs_write(uint64_t node, uint64_t offset, const void *buf, size_t count)
{
    return number("write", count, ramfs_fs_write(node, offset, buf, count));
}

int fs_getattr(uint64_t node, struct fs_attr *attr)
{
    int error = ramfs_fs_getattr(node, attr);
    spoil(attr);
    return (int)number("getattr", 1, error);
}

ssize_t fs_readlink(uint64_t node, char *buf, size_t count)
{
    if (lies("readlink-loop") && count > 8) {
        memcpy(buf, "/lie-link", 9);
        return 9;
    }
    if (lies("readlink-full")) {
        memset(buf, 'x', count);
        return (ssize_t)count;
    }
    return number("readlink", count, ramfs_fs_readlink(node, buf, count));
}

/* Records {uint64_t node; uint64_t next_cookie; uint16_t reclen; uint8_t type; char
 * name[]}. */
ssize_t fs_readdir(uint64_t dir, uint64_t cookie, void *buf, size_t count)
{
    ssize_t n = ramfs_fs_readdir(dir, cookie, buf, count);
    unsigned char *record = buf;
    uint16_t reclen;
    if (n > 19) {
        memcpy(&reclen, record + 16, 2);
        if (lies("reclen-zero")) {
            reclen = 0;
        } else if (lies("reclen-small")) {
            reclen = 3;
        } else if (lies("reclen-large")) {
            reclen = 65535;
        } else if (lies("name-endless")) {
            memset(record + 19, 'n', (size_t)n - 19);
        } else if (lies("name-slash")) {
            record[19] = '/';
        } else if (lies("name-empty")) {
            record[19] = 0;
        } else if (lies("cookie-back")) {
            memset(record + 8, 0, 8);
        }
        memcpy(record + 16, &reclen, 2);
    }
    return number("readdir", count, n);
}

int fs_statfs(uint64_t node, struct fs_stat *stat)
{
    int error = ramfs_fs_statfs(node, stat);
    if (lies("statfs")) {
        memset(stat, 0xff, sizeof *stat);
    }
    return error;
}

int fs_poll(uint64_t node, int timeout_ms)
{
    return (int)number("poll", 1, ramfs_fs_poll(node, timeout_ms));
}

/* ---- mappings ---- */

static char *lent;
static size_t lent_size;

static int is_mapped; /* a client has asked for a mapping */

/* Pages of the liar's own, lent to @client as a file's would be. */
static int64_t lend(size_t size, int client)
{
    const int window = cubicle_window_init();
    lent = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    lent_size = size;
    if (lent == MAP_FAILED ||
        cubicle_window_add(window, lent, size, CUBICLE_WRITE) != 0 ||
        cubicle_window_open(window, client) != 0) {
        return -ENOMEM;
    }
    return (int64_t)(uintptr_t)lent;
}

int64_t fs_map(uint64_t node, uint64_t offset, size_t size, int rights, int limit,
               int client)
{
    static int64_t first;
    if (lies("map-offset")) {
        return (int64_t)offset;
    }
    if (lies("map-gone")) {
        return lend(size, client);
    }
    if (lies("map-grown") && first != 0) {
        return first + (int64_t)offset;
    }
    if (lies("map-same") && first != 0) {
        return first;
    }
    is_mapped = 1;
    const int64_t base = ramfs_fs_map(node, offset, lies("map-short") ? 4096 : size,
                                      lies("map-weak") ? 1 : rights, limit, client);
    first = first == 0 ? base : first;
    if (lies("map-ended")) {
        ramfs_fs_map_change((void *)(uintptr_t)base, size, FS_UNMAP, client);
    }
    return lies("map-odd")    ? base + 1
           : lies("map-high") ? base | (int64_t)1 << 32
                              : number("map", 0, base);
}

int fs_map_change(void *base, size_t size, int rights, int client)
{
    return ramfs_fs_map_change(base, size, rights, client);
}

int fs_setattr(uint64_t node, uint32_t which, const struct fs_attr *attr)
{
    if (lies("map-crash") && is_mapped) {
        __builtin_trap();
    }
    if (lies("map-gone") && lent != NULL) {
        munmap(lent, lent_size);
        lent = NULL;
    }
    return ramfs_fs_setattr(node, which, attr);
}
