/*
 * The interface functions that libc calls instead of the kernel.
 *
 * libc cannot include interfaces/<name>.h everywhere: those pull in <sys/stat.h>,
 * <poll.h> and others, and this header is seen by every file of musl that makes a
 * system call. So cubicle-idl makes <name>_functions.h: the same functions, with the types that
 * typedefs stand for. Structures of their own are declared here; tests/libc/test_calls.c
 * includes both and fails to compile when one differs.
 *
 * CALL_SELF stands for the parameter into which the trampoline writes the caller's id.
 */
#ifndef CUBICLE64_CALLS_H
#define CUBICLE64_CALLS_H

#define CALL_SELF 0

/* The most bytes that one call moves: longer transfers take several calls. */
#define CALL_PIECE 65536ul

struct flock;

#ifndef CUBICLE_VFS_H
#define VFS_LOCK(type, whence, wait) ((type) | (whence) << 8 | (wait) << 16)

struct vfs_lock_info {
    long start, len;
    int type, pid;
};

struct vfs_absence {
    unsigned long epoch;
    int cubicle, pad;
};

struct vfs_socket {
    int handle, domain, type, protocol;
    char stack[64];
};

struct vfs_accepted {
    int handle;
    unsigned len;
    unsigned char bytes[28];
};
#endif

#ifndef CUBICLE_CUBICLE_H
#define CUBICLE_READ 1
#define CUBICLE_WRITE 3
#endif

#include "alloc_functions.h"
#include "clock_functions.h"
#include "cubicle_functions.h"
#include "plat_functions.h"
#include "random_functions.h"
#include "vfs_functions.h"

#endif
