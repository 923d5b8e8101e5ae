/* Addresses: struct sockaddr_in and sockaddr_in6 of Linux, and lwIP's. */
#include "stack.h"

#include <errno.h>
#include <lwip/netif.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

static int name_read_4(const void *address, size_t len, ip_addr_t *ip, uint16_t *port)
{
    struct sockaddr_in in;

    if (len < sizeof(in)) {
        return -EINVAL;
    }
    memcpy(&in, address, sizeof(in));
    if (in.sin_family != AF_INET) {
        return -EAFNOSUPPORT;
    }
    ip_addr_set_ip4_u32_val(*ip, in.sin_addr.s_addr);
    *port = ntohs(in.sin_port);
    return 0;
}

static int name_read_6(const struct sock *sock, const void *address, size_t len,
                       ip_addr_t *ip, uint16_t *port)
{
    struct sockaddr_in6 in;
    uint32_t words[4];

    if (len < offsetof(struct sockaddr_in6, sin6_scope_id)) {
        return -EINVAL;
    }
    memset(&in, 0, sizeof(in));
    memcpy(&in, address, len < sizeof(in) ? len : sizeof(in));
    if (in.sin6_family != AF_INET6) {
        return -EAFNOSUPPORT;
    }
    *port = ntohs(in.sin6_port);
    memcpy(words, &in.sin6_addr, sizeof(words));
    if (IN6_IS_ADDR_V4MAPPED(&in.sin6_addr)) {
        ip_addr_set_ip4_u32_val(*ip, words[3]);
        return sock->options.v6only ? -ENETUNREACH : 0;
    }
    memset(ip, 0, sizeof(*ip));
    IP_ADDR6(ip, words[0], words[1], words[2], words[3]);
    if (ip6_addr_islinklocal(ip_2_ip6(ip)) && in.sin6_scope_id <= UINT8_MAX) {
        ip6_addr_set_zone(ip_2_ip6(ip), (u8_t)in.sin6_scope_id);
    }
    return 0;
}

int name_read(const struct sock *sock, const void *address, size_t len, ip_addr_t *ip,
              uint16_t *port)
{
    return sock->domain == AF_INET ? name_read_4(address, len, ip, port)
                                   : name_read_6(sock, address, len, ip, port);
}

void name_write(const struct sock *sock, const ip_addr_t *ip, uint16_t port,
                struct socket_address *name)
{
    memset(name, 0, sizeof(*name));
    if (sock->domain == AF_INET) {
        struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
        in.sin_addr.s_addr = IP_IS_V4(ip) ? ip4_addr_get_u32(ip_2_ip4(ip)) : 0;
        name->len = sizeof(in);
        memcpy(name->bytes, &in, sizeof(in));
        return;
    }
    struct sockaddr_in6 in = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    uint32_t words[4] = {0, 0, htonl(0xffff), 0};
    if (IP_IS_V4_VAL(*ip)) {
        words[3] = ip4_addr_get_u32(ip_2_ip4(ip));
    } else {
        memcpy(words, ip_2_ip6(ip)->addr, sizeof(words));
        in.sin6_scope_id = ip6_addr_zone(ip_2_ip6(ip));
    }
    memcpy(&in.sin6_addr, words, sizeof(words));
    name->len = sizeof(in);
    memcpy(name->bytes, &in, sizeof(in));
}

bool name_is_local(const ip_addr_t *ip)
{
    struct netif *netif;

    if (ip_addr_isloopback(ip)) {
        return true;
    }
    NETIF_FOREACH(netif)
    {
        if (IP_IS_V4(ip) ? ip4_addr_cmp(ip_2_ip4(ip), netif_ip4_addr(netif))
                         : netif_get_ip6_addr_match(netif, ip_2_ip6(ip)) >= 0) {
            return true;
        }
    }
    return false;
}

bool name_overlaps(const ip_addr_t *a, const ip_addr_t *b)
{
    const bool both =
        a->type == IPADDR_TYPE_ANY || b->type == IPADDR_TYPE_ANY || a->type == b->type;

    return both && (ip_addr_isany(a) || ip_addr_isany(b) || ip_addr_cmp(a, b));
}
