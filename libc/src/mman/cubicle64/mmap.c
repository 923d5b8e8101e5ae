/*
 * Private file mappings are copies; shared ones are the file system's own pages
 * (map_shared.c). Shared anonymous memory is private memory, since nothing ever forks.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>

#include "cubicle64/call_files.h"
#include "map_shared.h"
#include "syscall.h"

hidden void *__map_anonymous(void *, size_t, int, int, off_t);

#define MAP_KIND 3 /* MAP_SHARED, MAP_PRIVATE or MAP_SHARED_VALIDATE */

static long map_fill(char *base, size_t len, int fd, off_t off)
{
    for (size_t done = 0; done < len;) {
        const long r = __call_pread(fd, base + done, len - done, off + done);
        if (r <= 0) {
            return r;
        }
        done += r;
    }
    return 0;
}

/* The error of mmap() for @r, the error of reading at an offset. */
static long map_error(int fd, long r)
{
    if (r == -EBADF && CALL_VFS(fcntl, fd, F_GETFL, 0) >= 0) {
        return -EACCES;
    }
    return r == -EISDIR || r == -ESPIPE ? -ENODEV : r;
}

static long map_file(size_t len, int prot, int fd, off_t off)
{
    const long base = __call_map(len);
    if (base < 0) {
        return base;
    }
    long r = map_error(fd, map_fill((char *)base, len, fd, off));
    if (r == 0 && (prot & (PROT_WRITE | PROT_EXEC)) != PROT_WRITE) {
        r = __call_protect((void *)base, len, prot);
    }
    if (r) {
        __call_unmap((void *)base, len);
        return r;
    }
    __call_file_note(base, len);
    return base;
}

void *mmap(void *start, size_t len, int prot, int flags, int fd, off_t off)
{
    if ((flags & MAP_KIND) == 0) {
        return (void *)__syscall_ret(-EINVAL);
    }
    if (flags & MAP_ANON) {
        return __map_anonymous(start, len, prot, flags, off);
    }
    if (len == 0 || off & 4095 || off < 0 || flags & MAP_FIXED) {
        return (void *)__syscall_ret(-EINVAL);
    }
    if (len > UINT32_MAX) {
        return (void *)__syscall_ret(-ENOMEM);
    }
    len = (len + 4095) & -4096UL;
    return (void *)__syscall_ret((flags & MAP_KIND) == MAP_PRIVATE
                                     ? map_file(len, prot, fd, off)
                                     : __map_shared(len, prot, fd, off));
}

weak_alias(mmap, mmap64);
