/* The program's watches of epoll (call_watch.c). */
#ifndef CALL_WATCH_H
#define CALL_WATCH_H

struct epoll_event;

/* epoll_ctl(2). 0, an error of vfs, -ENOMEM, or -ENOSPC: too many watches. */
long __call_watch_ctl(int epoll, int operation, int fd, unsigned events, unsigned long data)
    __attribute__((__visibility__("hidden")));

/* Replaces the tokens in @count events that vfs returned for @epoll by the program's data. 0, or
 * -EIO: an event is invalid. */
long __call_watch_told(int epoll, struct epoll_event *events, unsigned long count)
    __attribute__((__visibility__("hidden")));

#endif
