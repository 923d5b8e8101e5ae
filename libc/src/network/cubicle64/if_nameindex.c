#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "call_interfaces.h"

struct named {
    struct if_nameindex entry;
    char name[IF_NAMESIZE];
};

/* One block: the entries, and their names behind them. Every interface has one entry of family AF_PACKET. */
struct if_nameindex *if_nameindex(void)
{
    struct socket_interface list[CALL_INTERFACES_MAX];
    const int count = __call_interfaces(list);
    if (count < 0) {
        return 0;
    }
    struct if_nameindex *all = malloc((count + 1) * sizeof(struct named));
    if (!all) {
        errno = ENOBUFS;
        return 0;
    }
    char *names = (char *)(all + count + 1);
    struct if_nameindex *entry = all;
    for (int i = 0; i < count; i++) {
        if (list[i].family == AF_PACKET) {
            *entry++ = (struct if_nameindex){list[i].index, strcpy(names, list[i].name)};
            names += IF_NAMESIZE;
        }
    }
    *entry = (struct if_nameindex){0, 0};
    return all;
}
