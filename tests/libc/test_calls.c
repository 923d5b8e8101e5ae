/*
 * libc declares the interface functions it calls in a header of its own
 * (cubicle_calls.h). The compiler refuses this file when one of them differs from its
 * interface.
 */
#include <alloc.h>
#include <clock.h>
#include <cubicle.h>
#include <plat.h>
#include <random.h>
#include <stdio.h>
#include <sys/stat.h>
#include <vfs.h>

enum { INTERFACE_READ = CUBICLE_READ, INTERFACE_WRITE = CUBICLE_WRITE };
enum { INTERFACE_LOCK = VFS_LOCK(1, 2, 1) };
struct interface_lock_info {
    struct vfs_lock_info info;
};
struct interface_absence {
    struct vfs_absence info;
};
struct interface_sockets {
    struct vfs_socket info;
};
struct interface_accepted {
    struct vfs_accepted info;
};

/* The second definitions, as libc sees them. */
#undef CUBICLE_VFS_H
#undef CUBICLE_CUBICLE_H
#undef CUBICLE_READ
#undef CUBICLE_WRITE
#undef VFS_LOCK
#define vfs_lock_info libc_lock_info
#define vfs_lock_query libc_lock_query
#define vfs_absence libc_absence
#define vfs_absent libc_absent
#define vfs_socket libc_sockets
#define vfs_socket_handle libc_socket_handle
#define vfs_accepted libc_accepted
#define vfs_accept4 libc_accept4
#include "cubicle_calls.h"

_Static_assert((int)INTERFACE_READ == CUBICLE_READ &&
                   (int)INTERFACE_WRITE == CUBICLE_WRITE,
               "rights");
_Static_assert((int)INTERFACE_LOCK == VFS_LOCK(1, 2, 1), "locks");

#define SAME(name, member)                                                     \
    _Static_assert(__builtin_offsetof(struct interface_##name, info.member) == \
                           __builtin_offsetof(struct libc_##name, member) &&   \
                       sizeof(((struct interface_##name *)0)->info.member) ==  \
                           sizeof(((struct libc_##name *)0)->member),          \
                   #member)
SAME(lock_info, start);
SAME(lock_info, len);
SAME(lock_info, type);
SAME(lock_info, pid);
SAME(absence, epoch);
SAME(absence, cubicle);
SAME(sockets, handle);
SAME(sockets, domain);
SAME(sockets, type);
SAME(sockets, protocol);
SAME(sockets, stack);
SAME(accepted, handle);
SAME(accepted, len);
SAME(accepted, bytes);
_Static_assert(sizeof(struct interface_lock_info) == sizeof(struct libc_lock_info) &&
                   sizeof(struct interface_absence) == sizeof(struct libc_absence),
               "size");

int main(void)
{
    puts("cubicle_calls.h agrees with the interfaces");
    return 0;
}
