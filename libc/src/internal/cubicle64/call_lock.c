/*
 * Locks of files that no other cubicle can see. Locks of one cubicle never conflict with each
 * other, so where no other module of the system imports the functions for locks, setting a lock
 * changes nothing. Once vfs has agreed to a kind of lock on a descriptor, further locks of that
 * kind are not passed on to it.
 */
#include "call_known.h"
#include "syscall.h"

#include <fcntl.h>
#include <limits.h>

/* The loader's: absolute symbols, 1 where no other module imports the function. */
extern const char __cubicle_sole_vfs_lock[], __cubicle_sole_vfs_lock_query[];

static int nobody_sees(void)
{
    return call_symbol(__cubicle_sole_vfs_lock) &&
           call_symbol(__cubicle_sole_vfs_lock_query);
}

/* Is @lock one that vfs finds nothing wrong with, whatever the descriptor? */
static int is_plain(const struct flock *lock)
{
    return lock->l_whence == SEEK_SET && lock->l_start >= 0 && lock->l_len >= 0 &&
           lock->l_len <= LONG_MAX - lock->l_start;
}

static unsigned kind_of(int type)
{
    return type == F_RDLCK ? CALL_KNOWN_READ_LOCK : CALL_KNOWN_WRITE_LOCK;
}

long __call_lock(int fd, const struct flock *lock, int wait)
{
    const int type = lock->l_type;
    const int plain = is_plain(lock);
    if (plain && (type == F_UNLCK ? __call_known(fd, CALL_KNOWN_READ_LOCK) ||
                                        __call_known(fd, CALL_KNOWN_WRITE_LOCK)
                                  : (type == F_RDLCK || type == F_WRLCK) &&
                                        __call_known(fd, kind_of(type)))) {
        return 0;
    }
    if (lock->l_whence == SEEK_CUR) {
        __call_seek_settle();
    }
    const long r = __call_zero(vfs_lock(fd, VFS_LOCK(type, lock->l_whence, wait),
                                        lock->l_start, lock->l_len, CALL_SELF));
    if (r == 0 && plain && type != F_UNLCK && nobody_sees()) {
        __call_know(fd, kind_of(type));
    }
    return r;
}
