#include <errno.h>
#include <net/if.h>
#include <string.h>

#include "call_interfaces.h"

char *if_indextoname(unsigned index, char *name)
{
    struct socket_interface list[CALL_INTERFACES_MAX];
    const int count = __call_interfaces(list);
    for (int i = 0; i < count; i++) {
        if (list[i].index == index) {
            return strcpy(name, list[i].name);
        }
    }
    errno = count < 0 ? errno : ENXIO;
    return 0;
}
