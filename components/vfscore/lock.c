/*
 * Byte-range locks of POSIX: they belong to the calling cubicle, and all of a file's go
 * with the first descriptor of it that the cubicle closes. The records of one owner do
 * not overlap, and touch only where their types differ. Nobody else runs while a call
 * waits, so a wait could never end: it is answered EDEADLK.
 */
#include "core.h"

#include <stdlib.h>

#define LOCKS_MAX 16384

struct range {
    int64_t start, last;
};

static int range_get(struct file *file, int whence, int64_t start, int64_t len,
                     struct range *range)
{
    int64_t base = 0;
    if (unlikely(whence != SEEK_SET)) {
        if (whence != SEEK_CUR && whence != SEEK_END) {
            return -EINVAL;
        }
        const int error = whence == SEEK_END ? node_stat(file->node) : 0;
        if (error != 0) {
            return error;
        }
        base = whence == SEEK_CUR ? file->offset : file->node->st.st_size;
    }
    if (__builtin_add_overflow(base, start, &start)) {
        return start < 0 ? -EOVERFLOW : -EINVAL;
    }
    if (start < 0) {
        return -EINVAL;
    }
    int64_t last = INT64_MAX;
    if (len > 0) {
        if (len - 1 > INT64_MAX - start) {
            return -EOVERFLOW;
        }
        last = start + (len - 1);
    } else if (len < 0) {
        if (start + len < 0) {
            return -EINVAL;
        }
        last = start - 1;
        start += len;
    }
    range->start = start;
    range->last = last;
    return 0;
}

/** The first lock of others that keeps @owner from @type on the range, or NULL. */
static const struct lock *lock_conflict(const struct node *node, int owner, int type,
                                        const struct range *range)
{
    const struct lock *first = NULL;
    for (uint32_t i = 0; i < node->nlocks; i++) {
        const struct lock *lock = &node->locks[i];
        if (likely(lock->owner == owner)) {
            continue;
        }
        if (lock->start <= range->last && lock->last >= range->start &&
            (type == F_WRLCK || lock->type == F_WRLCK) &&
            (first == NULL || lock->start < first->start)) {
            first = lock;
        }
    }
    return first;
}

/** Room for two more: a lock that is split, and the new one. */
static bool locks_reserve(struct node *node)
{
    if (likely(node->nlocks + 2 <= node->locks_capacity)) {
        return true;
    }
    const uint32_t capacity = node->locks_capacity * 2;
    if (capacity > LOCKS_MAX) {
        return false;
    }
    const bool inside = node->locks == node->inline_locks;
    struct lock *locks =
        realloc(inside ? NULL : node->locks, capacity * sizeof(*locks));
    if (locks == NULL) {
        return false;
    }
    if (inside) {
        memcpy(locks, node->inline_locks, sizeof(node->inline_locks));
    }
    node->locks = locks;
    node->locks_capacity = capacity;
    return true;
}

/** Makes @owner's locks on the range be of @type; F_UNLCK: none. Room was reserved. */
static void lock_apply(struct node *node, int owner, int type, struct range range)
{
    const struct range asked = range;
    struct lock *const locks = node->locks;
    uint32_t count = node->nlocks;
    for (uint32_t i = 0; i < count;) {
        struct lock *lock = &locks[i];
        if (lock->owner != owner) {
            i++;
            continue;
        }
        if (lock->type == type) {
            if (lock->start > asked.last + (asked.last != INT64_MAX) ||
                lock->last < asked.start - 1) {
                i++;
                continue;
            }
            /* Touches: becomes part of the new one. */
            range.start = lock->start < range.start ? lock->start : range.start;
            range.last = lock->last > range.last ? lock->last : range.last;
            *lock = locks[--count];
            continue;
        }
        if (lock->start > asked.last || lock->last < asked.start) {
            i++;
            continue;
        }
        const bool left = lock->start < asked.start;
        const bool right = lock->last > asked.last;
        if (left && right) {
            locks[count] = *lock;
            locks[count++].start = asked.last + 1;
        }
        if (left) {
            lock->last = asked.start - 1;
            i++;
        } else if (right) {
            lock->start = asked.last + 1;
            i++;
        } else {
            *lock = locks[--count];
        }
    }
    if (type != F_UNLCK) {
        locks[count++] = (struct lock){range.start, range.last, owner, (int16_t)type};
    }
    node->nlocks = count;
}

int vfs_lock(int fd, int how, int64_t start, int64_t len, int caller)
{
    struct file *file = file_of(fd, caller);
    if (unlikely(file == NULL || (file->flags & O_PATH) != 0)) {
        return -EBADF;
    }
    const int type = how & 0xff;
    struct range range = {start, (int64_t)((uint64_t)start + (uint64_t)len - 1)};
    if (len == 0) {
        range.last = INT64_MAX;
    }
    if (unlikely((how >> 8 & 0xff) != SEEK_SET || start < 0 || len < 0 ||
                 len > INT64_MAX - start)) {
        const int error = range_get(file, how >> 8 & 0xff, start, len, &range);
        if (error != 0) {
            return error;
        }
    }
    if (unlikely(type > F_UNLCK || (how & ~0x1ffff) != 0)) {
        return -EINVAL;
    }
    struct node *node = file->node;
    if (type != F_UNLCK) {
        if ((file->can & (type == F_RDLCK ? CAN_READ : CAN_WRITE)) == 0) {
            return -EBADF;
        }
        if (node->nlocks == 0) {
            node->locks[0] =
                (struct lock){range.start, range.last, caller, (int16_t)type};
            node->nlocks = 1;
            return 0;
        }
        if (lock_conflict(node, caller, type, &range) != NULL) {
            return how >> 16 != 0 ? -EDEADLK : -EAGAIN;
        }
    } else if (node->nlocks == 0 || (range.start == 0 && range.last == INT64_MAX)) {
        lock_drop(node, caller);
        return 0;
    }
    if (!locks_reserve(node)) {
        return -ENOLCK;
    }
    lock_apply(node, caller, type, range);
    return 0;
}

int vfs_lock_query(int fd, int how, int64_t start, int64_t len,
                   struct vfs_lock_info *info, int caller)
{
    struct file *file = file_of(fd, caller);
    if (file == NULL || (file->flags & O_PATH) != 0) {
        return -EBADF;
    }
    const int type = how & 0xff;
    struct range range;
    if (type != F_RDLCK && type != F_WRLCK) {
        return -EINVAL;
    }
    const int error = range_get(file, how >> 8 & 0xff, start, len, &range);
    if (error != 0) {
        return error;
    }
    const struct lock *lock = lock_conflict(file->node, caller, type, &range);
    if (lock == NULL) {
        *info = (struct vfs_lock_info){.start = start, .len = len, .type = F_UNLCK};
        return 0;
    }
    *info = (struct vfs_lock_info){
        .start = lock->start,
        .len = lock->last == INT64_MAX ? 0 : lock->last - lock->start + 1,
        .type = lock->type,
        .pid = lock->owner,
    };
    return 0;
}

void lock_drop(struct node *node, int owner)
{
    uint32_t count = node->nlocks;
    for (uint32_t i = 0; i < count;) {
        if (node->locks[i].owner == owner) {
            node->locks[i] = node->locks[--count];
        } else {
            i++;
        }
    }
    node->nlocks = count;
}
