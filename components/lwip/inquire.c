/* What programs are told of the stack itself: its interfaces, and what name servers DHCP has told of. */
#include "stack.h"

#include <errno.h>
#include <lwip/netif.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

/* ---- interfaces ---- */

struct list {
    struct socket_interface *entries;
    size_t count, room;
};

static uint32_t netif_flags(const struct netif *netif)
{
    const bool device = (netif->flags & NETIF_FLAG_ETHERNET) != 0;
    uint32_t flags = device ? IFF_BROADCAST | IFF_MULTICAST : IFF_LOOPBACK;

    flags |= netif_is_up(netif) ? IFF_UP : 0;
    flags |= netif_is_up(netif) && netif_is_link_up(netif) ? IFF_RUNNING : 0;
    return flags;
}

static void list_add(struct list *list, struct netif *netif, uint16_t family,
                     const void *address, size_t size, unsigned prefix)
{
    if (list->count == list->room) {
        return;
    }
    struct socket_interface *entry = &list->entries[list->count++];
    *entry = (struct socket_interface){.index = netif_get_index(netif),
                                       .flags = netif_flags(netif),
                                       .mtu = netif->mtu,
                                       .family = family,
                                       .prefix = (uint16_t)prefix};
    strcpy(entry->name, (entry->flags & IFF_LOOPBACK) != 0 ? "lo" : "eth0");
    memcpy(entry->address, address, size);
}

static unsigned prefix_of(const ip4_addr_t *mask)
{
    return (unsigned)__builtin_popcount(ip4_addr_get_u32(mask));
}

static void list_add_netif(struct list *list, struct netif *netif)
{
    list_add(list, netif, AF_PACKET, netif->hwaddr, 6, 0);
    if (!ip4_addr_isany(netif_ip4_addr(netif))) {
        list_add(list, netif, AF_INET, netif_ip4_addr(netif), 4,
                 prefix_of(netif_ip4_netmask(netif)));
    }
    for (s8_t i = 0; i < LWIP_IPV6_NUM_ADDRESSES; i++) {
        const ip6_addr_t *address = netif_ip6_addr(netif, i);
        if (ip6_addr_isvalid(netif_ip6_addr_state(netif, i))) {
            list_add(list, netif, AF_INET6, address->addr, 16,
                     ip6_addr_isloopback(address) ? 128 : 64);
        }
    }
}

static ssize_t inquire_interfaces(void *value, size_t size)
{
    struct list list = {.entries = value, .room = size / sizeof(*list.entries)};
    struct netif *netif;

    for (unsigned index = 1; index <= UINT8_MAX; index++) { /* as they were made */
        netif = netif_get_by_index((u8_t)index);
        if (netif != NULL) {
            list_add_netif(&list, netif);
        }
    }
    return (ssize_t)(list.count * sizeof(*list.entries));
}

/* ---- name servers ---- */

static struct in_addr name_servers[DNS_MAX_SERVERS];

/* DHCP has told of its @i-th one. */
void stack_name_server(uint8_t i, const ip_addr_t *server)
{
    if (i == 0) { /* an answer tells of all */
        memset(name_servers, 0, sizeof(name_servers));
    }
    if (i < DNS_MAX_SERVERS) {
        name_servers[i].s_addr = ip4_addr_get_u32(ip_2_ip4(server));
    }
}

static ssize_t inquire_name_servers(void *value, size_t size)
{
    struct in_addr *servers = value;
    const size_t room = size / sizeof(*servers);
    size_t count = 0;

    for (size_t i = 0; i < DNS_MAX_SERVERS && count < room; i++) {
        if (name_servers[i].s_addr != 0) {
            servers[count++] = name_servers[i];
        }
    }
    return (ssize_t)(count * sizeof(*servers));
}

ssize_t inquire(int option, void *value, size_t size)
{
    switch (option) {
    case SOCKET_INTERFACES:
        return inquire_interfaces(value, size);
    case SOCKET_NAME_SERVERS:
        return inquire_name_servers(value, size);
    default:
        return -ENOPROTOOPT;
    }
}
