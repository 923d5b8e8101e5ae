/* All interfaces with their addresses, in one block that freeifaddrs() gives back. */
#define _GNU_SOURCE
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netpacket/packet.h>
#include <stdlib.h>
#include <string.h>

#include "call_interfaces.h"

#define HARDWARE_ETHERNET 1 /* ARPHRD_* */
#define HARDWARE_LOOPBACK 772

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_ll link;
};

struct entry {
    struct ifaddrs ifa; /* first */
    union address own, mask, all;
    char name[IF_NAMESIZE];
};

/* The first @bits of an address of @size bytes. */
static void fill_mask(unsigned char *to, int size, int bits)
{
    for (int i = 0; i < size; i++, bits -= 8) {
        to[i] = bits >= 8 ? 0xff : bits > 0 ? 0xff << (8 - bits) : 0;
    }
}

static void fill_v4(struct entry *e, const struct socket_interface *from)
{
    e->own.v4.sin_family = e->mask.v4.sin_family = e->all.v4.sin_family = AF_INET;
    memcpy(&e->own.v4.sin_addr, from->address, 4);
    fill_mask((unsigned char *)&e->mask.v4.sin_addr, 4, from->prefix);
    e->all.v4.sin_addr.s_addr = e->own.v4.sin_addr.s_addr | ~e->mask.v4.sin_addr.s_addr;
    e->ifa.ifa_netmask = &e->mask.any;
    if (from->flags & IFF_BROADCAST) {
        e->ifa.ifa_broadaddr = &e->all.any;
    }
}

static void fill_v6(struct entry *e, const struct socket_interface *from)
{
    e->own.v6.sin6_family = e->mask.v6.sin6_family = AF_INET6;
    memcpy(&e->own.v6.sin6_addr, from->address, 16);
    fill_mask((unsigned char *)&e->mask.v6.sin6_addr, 16, from->prefix);
    if (IN6_IS_ADDR_LINKLOCAL(&e->own.v6.sin6_addr)) {
        e->own.v6.sin6_scope_id = from->index;
    }
    e->ifa.ifa_netmask = &e->mask.any;
}

static void fill_link(struct entry *e, const struct socket_interface *from)
{
    struct sockaddr_ll *link = &e->own.link;
    link->sll_family = AF_PACKET;
    link->sll_ifindex = from->index;
    link->sll_hatype = from->flags & IFF_LOOPBACK ? HARDWARE_LOOPBACK : HARDWARE_ETHERNET;
    link->sll_halen = 6;
    memcpy(link->sll_addr, from->address, 6);
}

static void fill(struct entry *e, const struct socket_interface *from)
{
    strcpy(e->name, from->name);
    e->ifa = (struct ifaddrs){.ifa_name = e->name, .ifa_flags = from->flags,
                              .ifa_addr = &e->own.any};
    switch (from->family) {
    case AF_INET: fill_v4(e, from); break;
    case AF_INET6: fill_v6(e, from); break;
    default: fill_link(e, from); break;
    }
}

int getifaddrs(struct ifaddrs **result)
{
    struct socket_interface list[CALL_INTERFACES_MAX];
    const int count = __call_interfaces(list);
    if (count < 0) {
        return -1;
    }
    struct entry *all = count ? calloc(count, sizeof *all) : 0;
    if (count && !all) {
        errno = ENOMEM;
        return -1;
    }
    for (int i = 0; i < count; i++) {
        fill(&all[i], &list[i]);
        all[i].ifa.ifa_next = i + 1 < count ? &all[i + 1].ifa : 0;
    }
    *result = count ? &all->ifa : 0;
    return 0;
}

void freeifaddrs(struct ifaddrs *all)
{
    free(all);
}
