/* In place of musl's: what libc's glue for descriptors needs, on the host. */
#ifndef TEST_SYSCALL_H
#define TEST_SYSCALL_H

#include <stddef.h>

#include <errno.h>

#include "cubicle_calls.h"

#define hidden
#define CALL_INLINE static inline
#include "call_check.h"

#define CALL_ROOM(count) (count)
#define weak_alias(old, new) \
    extern __typeof(old) new __attribute__((__weak__, __alias__(#old)))

void __call_seek_settle(void);
long __call_lseek(int fd, long offset, int whence);
long __call_read(int fd, void *buf, unsigned long count);
long __call_write(int fd, const void *buf, unsigned long count);
long __call_long_read(int fd, void *buf, unsigned long count);
long __call_long_write(int fd, const void *buf, unsigned long count);
long __call_close(int fd);
long __call_dup3(int fd, int new_fd, int flags);
long __call_new(long fd);
long __call_duplicate(int fd, long made);
void __call_watch_end(int fd);
long __call_watch_duplicate(int fd, int made);
long __call_map(unsigned long len);
long __call_pipe(int *fds, int flags);
long __call_getcwd(char *buf, unsigned long size);

#endif
