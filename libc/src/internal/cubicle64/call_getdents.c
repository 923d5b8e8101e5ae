/* Directory entries, in the form that readdir() takes for granted. */
#include <dirent.h>
#include <stddef.h>
#include <string.h>

#include "syscall.h"

/* The length of the record at @at, where @left bytes are left of the answer; 0: it is no valid
 * record. */
static size_t record_size(const char *at, size_t left)
{
    const size_t head = offsetof(struct dirent, d_name);
    unsigned short size;
    if (left < head + 2) {
        return 0;
    }
    memcpy(&size, at + offsetof(struct dirent, d_reclen), sizeof size);
    if (size < head + 2 || size > left || size > sizeof(struct dirent) || size & 7) {
        return 0;
    }
    const size_t len = strnlen(at + head, size - head);
    return len > 0 && len < size - head && !memchr(at + head, '/', len) ? size : 0;
}

long __call_getdents(int fd, void *buf, unsigned long count)
{
    __call_seek_settle();
    count = CALL_ROOM(count);
    const long r = __call_upto(vfs_getdents(fd, buf, count, CALL_SELF), count);
    for (long done = 0; done < r;) {
        const size_t size = record_size((const char *)buf + done, r - done);
        if (size == 0) {
            return -EIO;
        }
        done += size;
    }
    return r;
}
