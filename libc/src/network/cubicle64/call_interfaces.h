/* What interfaces the network stack has. Private to this folder. */
#ifndef CALL_INTERFACES_H
#define CALL_INTERFACES_H

#include "socket.h"

#define CALL_INTERFACES_MAX 32

/* Fills @list, which has room for CALL_INTERFACES_MAX, and returns how many; -1 with errno. Each
 * name ends with a NUL. */
int __call_interfaces(struct socket_interface *list) __attribute__((__visibility__("hidden")));

#endif
