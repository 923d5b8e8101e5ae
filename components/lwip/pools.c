/*
 * Stands in for lwIP's memp.c: its objects (control blocks, segments, descriptions of packets) come from the private
 * arena, which nobody else can reach.
 */
#include "stack.h"

#include <lwip/etharp.h>
#include <lwip/ip4_frag.h>
#include <lwip/ip6_frag.h>
#include <lwip/memp.h>
#include <lwip/mld6.h>
#include <lwip/nd6.h>
#include <lwip/netif.h>
#include <lwip/priv/nd6_priv.h>
#include <lwip/priv/tcp_priv.h>
#include <lwip/timeouts.h>
#include <lwip/udp.h>

static const uint16_t pool_size[MEMP_MAX] = {
#define LWIP_MEMPOOL(name, num, size, desc) [MEMP_##name] = (size),
#include <lwip/priv/memp_std.h>
};

void memp_init(void)
{
}

void *memp_malloc(memp_t type)
{
    return arena_alloc(&stack.private, pool_size[type]);
}

void memp_free(memp_t type, void *mem)
{
    (void)type;
    arena_free(&stack.private, mem);
}

void *stack_packet_alloc(size_t size)
{
    return arena_alloc(&stack.packets, size);
}

void stack_packet_free(void *memory)
{
    arena_free(&stack.packets, memory);
}
