/* What the program has said of its watches (call_watch.c). */
#ifndef CALL_WATCH_H
#define CALL_WATCH_H

struct epoll_event;

/* epoll_ctl(2). 0, an error of vfs, -ENOMEM, or -ENOSPC: too many watches. */
long __call_watch_ctl(int epoll, int operation, int fd, unsigned events, unsigned long data)
    __attribute__((__visibility__("hidden")));

/* Gives each of @count events that vfs has told of @epoll the data that the program gave. 0, or -EIO: there is one
 * that cannot be. */
long __call_watch_told(int epoll, struct epoll_event *events, unsigned long count)
    __attribute__((__visibility__("hidden")));

#endif
