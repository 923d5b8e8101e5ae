/* How lwIP is built. docs/networking.md explains the limits. */
#ifndef LWIP_LWIPOPTS_H
#define LWIP_LWIPOPTS_H

#include <stddef.h>
#include <stdint.h>

/* No threads, none of lwIP's own APIs above the raw one: socket.c and its neighbours are what programs see. */
#define NO_SYS 1
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_SOCKET 0
#define LWIP_NETCONN 0
#define LWIP_RAW 0
#define LWIP_DNS 0
#define LWIP_STATS 0
#define LWIP_DONT_PROVIDE_BYTEORDER_FUNCTIONS 1 /* they are libc's */

/* Memory: arena.c. pools.c stands in for lwIP's memp.c. */
void *stack_packet_alloc(size_t size);
void stack_packet_free(void *memory);
#define MEM_LIBC_MALLOC 1
#define MEMP_MEM_MALLOC 1
#define MEM_ALIGNMENT 8
#define mem_clib_malloc stack_packet_alloc
#define mem_clib_free stack_packet_free
#define mem_clib_calloc(n, size) NULL /* not used by what is built */
#define PBUF_POOL_BUFSIZE 1600

/* Families and protocols. */
#define LWIP_IPV4 1
#define LWIP_IPV6 1
#define LWIP_ARP 1
#define LWIP_ETHERNET 1
#define LWIP_ICMP 1
#define LWIP_UDP 1
#define LWIP_TCP 1
#define LWIP_DHCP 1
#define LWIP_DHCP_MAX_DNS_SERVERS 3
#define DNS_MAX_SERVERS 3
#define LWIP_IPV6_DHCP6 0
#define LWIP_IPV6_NUM_ADDRESSES 4
#define LWIP_ACD 0
#define LWIP_DHCP_DOES_ACD_CHECK 0
#define DHCP_DOES_ARP_CHECK 0
#define LWIP_NETIF_LOOPBACK 1
#define LWIP_HAVE_LOOPIF 1
#define LWIP_NETIF_HOSTNAME 0
#define LWIP_CHECKSUM_CTRL_PER_NETIF 1
#define ARP_QUEUEING 1
#define ARP_TABLE_SIZE 64
#define ARP_KEEP 15 /* seconds, see patches/ */
#define LWIP_ND6_NUM_NEIGHBORS 64
#define LWIP_ND6_NUM_DESTINATIONS 64
#define ND6_QUEUE_LEN 8 /* packets that wait for a neighbour's address, see patches/ */
#define IP_FORWARD 0
#define IP_REASSEMBLY 1
#define IP_REASS_MAX_PBUFS 256
#define IP_FRAG 1
#define IPV6_FRAG_COPYHEADER 1 /* pointers have 64 bits */
#define IP_SOF_BROADCAST 1
#define IP_SOF_BROADCAST_RECV 1
#define LWIP_BROADCAST_PING 0
#define LWIP_MULTICAST_PING 0
#define SO_REUSE 1

/* TCP. TCP_MSS is what a segment may have where the device's MTU allows it. */
#define TCP_MSS 65460
#define TCP_WND (1024 * 1024)
#define LWIP_WND_SCALE 1
#define TCP_RCV_SCALE 5
#define TCP_SND_BUF (2 * 1024 * 1024)
#define TCP_SND_QUEUELEN 8192
#define TCP_SNDLOWAT 4096
#define TCP_SNDQUEUELOWAT 4096
#define TCP_WND_UPDATE_THRESHOLD 65536
#define TCP_OVERSIZE 0
#define TCP_QUEUE_OOSEQ 1
#define TCP_OOSEQ_MAX_PBUFS 2048
#define LWIP_TCP_SACK_OUT 1
#define TCP_LISTEN_BACKLOG 0 /* tcp.c counts itself: lwIP's counter has 8 bits */
#define LWIP_TCP_KEEPALIVE 1
#define TCP_TMR_INTERVAL 40      /* ms; retransmission timers have twice of it */
#define LWIP_TCP_RTO_TIME 1000   /* ms */
#define LWIP_TCP_RTO_MIN_TICKS 3 /* of 80 ms: 200 ms and a little, as on Linux */
#define TCP_MSL 2500UL           /* ms */
#define TCP_SYNMAXRTX 6
#define TCP_MAXRTX 12
#define LWIP_TCP_CALC_INITIAL_CWND(mss) ((tcpwnd_size_t)10 * (mss)) /* RFC 6928 */
#define LWIP_DISABLE_TCP_SANITY_CHECKS 1 /* they are for static pools */
#define TCP_MSS_LEAST 64                 /* whatever peers say, see patches/ */
#define TCP_PROGRESS 4096 /* bytes that a peer takes when it does not stand still */
#define TCP_ORPHAN_TIMEOUT \
    60000 /* ms that a closed connection with data may stand still */

/* Where we look in, or step in. */
struct pbuf;
struct tcp_pcb;
struct tcp_hdr;
struct ip_addr;
uint32_t stack_isn(const struct ip_addr *local_ip, uint16_t local_port,
                   const struct ip_addr *remote_ip, uint16_t remote_port);
#define LWIP_HOOK_TCP_ISN stack_isn
struct netif;
struct ip6_addr;
const struct ip6_addr *stack_gateway6(struct netif *netif, const struct ip6_addr *to);
#define LWIP_HOOK_ND6_GET_GW(netif, to) stack_gateway6(netif, to)
/* Ours, see patches/. */
struct pbuf *stack_payload(const void *bytes, uint16_t size);
#define LWIP_HOOK_TCP_PAYLOAD(bytes, size) stack_payload(bytes, size)
void stack_unreachable(const struct pbuf *p, int is6);
#define LWIP_HOOK_UNREACHABLE(p, is6) stack_unreachable(p, is6)
void stack_name_server(uint8_t i, const struct ip_addr *server);
#define LWIP_HOOK_DHCP_NAME_SERVER(i, server) stack_name_server(i, server)
int stack_may_complain(const struct ip_addr *to);
#define LWIP_HOOK_ICMP_ERROR(to) stack_may_complain(to)
int stack_listen_full(void *listener);
#define LWIP_HOOK_TCP_LISTEN_FULL(listener) stack_listen_full(listener)
struct ip4_addr;
uint16_t stack_identification(const struct ip4_addr *to);
#define LWIP_HOOK_IP4_ID(to) stack_identification(to)

#endif
