/*
 * The network interface on the device: its addresses. Options are words:
 *
 *   address=A.B.C.D/BITS  or  address=dhcp     gateway=A.B.C.D
 *   address6=ADDRESS/BITS (default: what routers announce)   gateway6=ADDRESS
 *   dns=ADDRESS           is boot's, which writes /etc/resolv.conf
 *   mtu=N                 less than the device's
 *
 * and any other goes to the device.
 */
#include "device.h"

#include <errno.h>
#include <lwip/dhcp.h>
#include <lwip/etharp.h>
#include <lwip/ethip6.h>
#include <lwip/nd6.h>
#include <netif/ethernet.h>
#include <stdlib.h>
#include <string.h>

#define DHCP_TIMEOUT_NS INT64_C(15000000000)

struct settings {
    ip4_addr_t address, mask, gateway;
    ip6_addr_t address6, gateway6;
    bool dhcp, has6, has_gateway6;
    unsigned mtu;
    char device[256]; /* the words that are for it */
};

/* ---- options ---- */

/* A number of @text, at most @most, which ends it. -1: none. */
static int number_of(const char *text, int most)
{
    char *end;
    const long value = text[0] >= '0' && text[0] <= '9' ? strtol(text, &end, 10) : -1;

    return value >= 0 && value <= most && *end == '\0' ? (int)value : -1;
}

/* "10.0.2.15/24" */
static int option_address(char *text, struct settings *settings)
{
    char *slash = strchr(text, '/');
    const int bits = slash != NULL ? number_of(slash + 1, 32) : -1;

    if (strcmp(text, "dhcp") == 0) {
        settings->dhcp = true;
        return 0;
    }
    if (bits < 1) {
        return -EINVAL;
    }
    *slash = '\0';
    ip4_addr_set_u32(&settings->mask,
                     lwip_htonl((uint32_t)(UINT64_C(0xffffffff) << (32 - bits))));
    return ip4addr_aton(text, &settings->address) ? 0 : -EINVAL;
}

static int option_address6(char *text, struct settings *settings)
{
    char *slash = strchr(text, '/');

    if (slash != NULL && number_of(slash + 1, 128) != 64) {
        return -EINVAL; /* lwIP takes what is on the link from routers; 64 bits are alike */
    }
    if (slash != NULL) {
        *slash = '\0';
    }
    settings->has6 = true;
    return ip6addr_aton(text, &settings->address6) ? 0 : -EINVAL;
}

static int option_word(char *word, struct settings *settings)
{
    char *value = strchr(word, '=');
    const size_t name = value != NULL ? (size_t)(value - word) : 0;

    value += value != NULL;
    if (name == 7 && memcmp(word, "address", name) == 0) {
        return option_address(value, settings);
    }
    if (name == 8 && memcmp(word, "address6", name) == 0) {
        return option_address6(value, settings);
    }
    if (name == 7 && memcmp(word, "gateway", name) == 0) {
        return ip4addr_aton(value, &settings->gateway) ? 0 : -EINVAL;
    }
    if (name == 8 && memcmp(word, "gateway6", name) == 0) {
        settings->has_gateway6 = true;
        return ip6addr_aton(value, &settings->gateway6) ? 0 : -EINVAL;
    }
    if (name == 3 && memcmp(word, "dns", name) == 0) {
        return 0;
    }
    if (name == 3 && memcmp(word, "mtu", name) == 0) {
        settings->mtu = (unsigned)number_of(value, UINT16_MAX);
        return settings->mtu >= 1280 && settings->mtu <= UINT16_MAX ? 0 : -EINVAL;
    }
    const size_t len = strlen(settings->device), more = strlen(word);
    if (len + more + 2 > sizeof(settings->device)) {
        return -ENAMETOOLONG;
    }
    settings->device[len] = ' ';
    memcpy(settings->device + len + (len > 0), word, more + 1);
    return 0;
}

static int settings_read(const char *options, struct settings *settings)
{
    static char text[1024];
    char *rest = NULL;

    memset(settings, 0, sizeof(*settings));
    if (strlen(options) >= sizeof(text)) {
        return -ENAMETOOLONG;
    }
    strcpy(text, options);
    for (char *word = strtok_r(text, " \n", &rest); word != NULL;
         word = strtok_r(NULL, " \n", &rest)) {
        const int error = option_word(word, settings);
        if (error != 0) {
            return error;
        }
    }
    return 0;
}

/* ---- the interface ---- */

static ip6_addr_t gateway6;
static bool has_gateway6;

const ip6_addr_t *stack_gateway6(struct netif *netif, const ip6_addr_t *to)
{
    (void)to;
    return has_gateway6 && netif == &device.netif ? &gateway6 : NULL;
}

static err_t interface_init(struct netif *netif)
{
    netif->name[0] = 'e';
    netif->name[1] = 'n';
    netif->output = etharp_output;
    netif->output_ip6 = ethip6_output;
    netif->linkoutput = output_frame;
    netif->hwaddr_len = sizeof(device.info.mac);
    memcpy(netif->hwaddr, device.info.mac, sizeof(device.info.mac));
    netif->mtu = (u16_t)device.info.mtu;
    netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET |
                   NETIF_FLAG_MLD6;
    if ((device.info.offloads & NETIF_CHECKSUM) != 0) {
        NETIF_SET_CHECKSUM_CTRL(netif,
                                NETIF_CHECKSUM_ENABLE_ALL & ~NETIF_CHECKSUM_GEN_TCP);
    }
    return ERR_OK;
}

static bool interface_has_address(void *arg)
{
    return dhcp_supplied_address(arg) != 0;
}

static int interface_up(const struct settings *settings)
{
    struct netif *netif = &device.netif;

    if (netif_add(netif, &settings->address, &settings->mask, &settings->gateway, NULL,
                  interface_init, ethernet_input) == NULL) {
        return -ENOBUFS;
    }
    if (settings->mtu != 0 && settings->mtu < netif->mtu) {
        netif->mtu = (u16_t)settings->mtu;
    }
    netif->mtu6 = netif->mtu;
    netif_set_default(netif);
    netif_set_link_up(netif);
    netif_set_up(netif);
    netif_create_ip6_linklocal_address(netif, 1);
    netif_set_ip6_autoconfig_enabled(netif, !settings->has6);
    if (settings->has6) {
        netif_ip6_addr_set(netif, 1, &settings->address6);
        netif_ip6_addr_set_state(netif, 1, IP6_ADDR_TENTATIVE);
    }
    has_gateway6 = settings->has_gateway6;
    gateway6 = settings->gateway6;
    if (has_gateway6) {
        ip6_addr_assign_zone(&gateway6, IP6_UNICAST, netif);
    }
    if (!settings->dhcp) {
        return 0;
    }
    if (dhcp_start(netif) != ERR_OK) {
        return -ENOBUFS;
    }
    const int error = loop_until(interface_has_address, netif, DHCP_TIMEOUT_NS);
    return error == -EAGAIN ? -ETIMEDOUT : error;
}

int interface_start(const char *provider, const char *options)
{
    struct settings settings;
    int error = settings_read(options, &settings);

    error = error == 0 ? device_start(provider, settings.device) : error;
    return error == 0 ? interface_up(&settings) : error;
}
