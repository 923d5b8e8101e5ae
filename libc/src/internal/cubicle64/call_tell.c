/*
 * Standard error and the descriptors before it, for libc itself. Of programs that read or write:
 * call_long.c refers to this file, and what calls these functions has empty ones of its own else,
 * so that nothing imports vfs for their sake.
 */
#include <stdio.h>

#include "syscall.h"

/* Opens descriptors 0 to 2, which vfs does when they are first used: then there may be no memory. */
void __app_streams(void)
{
    for (int fd = 0; fd <= 2; fd++) {
        vfs_lseek(fd, 0, SEEK_CUR, CALL_SELF); /* a console has no position to change */
    }
}

void __call_say(const char *line, unsigned long size)
{
    vfs_write(2, line, size, CALL_SELF);
}
