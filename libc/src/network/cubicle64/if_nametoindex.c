#include <errno.h>
#include <net/if.h>
#include <string.h>

#include "call_interfaces.h"

unsigned if_nametoindex(const char *name)
{
    struct socket_interface list[CALL_INTERFACES_MAX];
    const int count = __call_interfaces(list);
    for (int i = 0; i < count; i++) {
        if (strcmp(list[i].name, name) == 0) {
            return list[i].index;
        }
    }
    errno = count < 0 ? errno : ENODEV;
    return 0;
}
