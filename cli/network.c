#include "network.h"

#include "cli.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

/* The network behind a helper where the line does not say it: QEMU's. */
#define HELPER_LINE "address=10.0.2.15/24 gateway=10.0.2.2 dns=10.0.2.3"
/* The same for IPv6, of the addresses that are nobody's outside (RFC 4193). */
#define HELPER_LINE6 "address6=fd00::15 gateway6=fd00::2"
#define MTU_HELPER 65520
#define MTU_DEFAULT 1500

/* The stack's memory is not lent to a device without a module that may drive it. */
static bool has_device(const struct manifest *manifest)
{
    for (unsigned i = 0; i < manifest->cubicles_count; i++) {
        if (manifest->cubicles[i].hostnet_count != 0) {
            return true;
        }
    }
    return false;
}

static bool is_helper(enum network_kind kind)
{
    return kind == NETWORK_STREAM || kind == NETWORK_PASST || kind == NETWORK_SLIRP;
}

const char *network_kind_name(enum network_kind kind)
{
    static const char *const names[] = {
        [NETWORK_DEFAULT] = "default",
        [NETWORK_NONE] = "none",
        [NETWORK_STREAM] = "stream",
        [NETWORK_PASST] = "stream:passt",
        [NETWORK_SLIRP] = "stream:slirp",
        [NETWORK_PATH] = "stream:PATH",
        [NETWORK_TAP] = "tap",
    };
    return names[kind];
}

/* Checks the ports that are to lead to the system. Their number, or -1 after a message. */
static int publish_all(enum network_kind kind, const char *const *publish,
                       unsigned npublish, const struct manifest *manifest,
                       struct publish *list)
{
    if (!is_helper(kind)) {
        if (npublish == 0) {
            return 0;
        }
        cli_error("--publish does not go with network %s", network_kind_name(kind));
        cli_hint("a TAP device and a socket lead to the system's own address; ports of "
                 "the host are published by --network=stream");
        return -1;
    }
    if (npublish == 0) {
        publish = (const char *const *)manifest->publish;
        npublish = manifest->publish_count;
    }
    for (unsigned i = 0; i < npublish; i++) {
        if (!publish_parse(publish[i], &list[i])) {
            cli_error("--publish=%s: it is [ADDRESS:]HOSTPORT:PORT[/udp]", publish[i]);
            return -1;
        }
        if (publish_check(&list[i]) != 0) {
            return -1;
        }
    }
    return (int)npublish;
}

/* mtu= and mac= of the line, or what fits. */
static void describe(struct network *network, uint32_t mtu)
{
    struct monitor_network *device = &network->device;
    char *given_mtu = network_option(network->line, "mtu");
    char *given_mac = network_option(network->line, "mac");

    device->mtu = given_mtu != NULL ? (uint32_t)strtoul(given_mtu, NULL, 10) : mtu;
    if (given_mac == NULL || !network_mac(given_mac, device->mac)) {
        (void)getrandom(device->mac, sizeof(device->mac), 0);
        device->mac[0] = (device->mac[0] & 0xfc) | 2; /* one host's, of no maker */
    }
    free(given_mtu);
    free(given_mac);
}

static bool is_off(const char *line, const char *name)
{
    char *value = network_option(line, name);
    const bool off = value != NULL && strcmp(value, "off") == 0;

    free(value);
    return off;
}

/* What only cubicle-slirp does, of options and ports; NULL: nothing. */
static const char *needs_slirp(const struct network *network, bool ipv6)
{
    char *address6 = network_option(network->line, "address6");
    char *memory = network_option(network->line, "memory");
    const char *what = ipv6               ? "--publish of an IPv6 address"
                       : address6 != NULL ? "address6="
                       : memory != NULL   ? "memory="
                                          : NULL;

    free(address6);
    free(memory);
    return what;
}

static bool publishes_ipv6(const struct publish *publish, unsigned npublish)
{
    for (unsigned i = 0; i < npublish; i++) {
        if (publish[i].ipv6) {
            return true;
        }
    }
    return false;
}

/* Whether the host has a way to global addresses. To connect a datagram's socket sends nothing. */
static bool host_routes_ipv6(void)
{
    struct sockaddr_in6 name = {.sin6_family = AF_INET6, .sin6_port = htons(53)};
    const int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    inet_pton(AF_INET6, "2001:db8::1", &name.sin6_addr); /* nobody's: RFC 3849 */
    const bool routes =
        fd >= 0 && connect(fd, (const struct sockaddr *)&name, sizeof(name)) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return routes;
}

/* IPv6 through cubicle-slirp, where it leads somewhere: a program that has an address of it tries it first. */
static void describe_ipv6(const struct publish *publish, unsigned npublish,
                          struct network *network)
{
    char *given = network_option(network->line, "address6");
    char *given_gateway = network_option(network->line, "gateway6");

    if (given == NULL && given_gateway == NULL &&
        (publishes_ipv6(publish, npublish) || host_routes_ipv6())) {
        network->line = network_merge(network->line, HELPER_LINE6);
    }
    free(given);
    free(given_gateway);
}

static int start_slirp(struct network_helper *helper, struct network *network)
{
    describe_ipv6(helper->publish, helper->npublish, network);
    helper->line = network->line;
    return network_start_helper(NETWORK_SLIRP, helper, network);
}

/* Bare `stream`: passt where it is installed, works, and keeps the host's own services to the host; else ours. */
static int open_helper(enum network_kind kind, const struct publish *publish,
                       unsigned npublish, struct network *network)
{
    describe(network, MTU_HELPER);
    struct network_helper helper = {.line = network->line,
                                    .publish = publish,
                                    .npublish = npublish,
                                    .mtu = network->device.mtu};
    const char *only_slirp = needs_slirp(network, publishes_ipv6(publish, npublish));
    if (kind == NETWORK_SLIRP || (kind == NETWORK_STREAM && only_slirp != NULL)) {
        return start_slirp(&helper, network);
    }
    if (kind == NETWORK_PASST) {
        if (only_slirp != NULL) {
            cli_error("%s does not go with stream:passt", only_slirp);
            cli_hint("--network=stream:slirp does that, and --network=stream takes it");
            return -1;
        }
        return network_start_helper(kind, &helper, network);
    }
    char *passt = network_helper_path(NETWORK_PASST);
    char *slirp = network_helper_path(NETWORK_SLIRP);
    int error = -1;
    helper.strict = slirp != NULL;
    if (passt != NULL) {
        error = network_start_helper(NETWORK_PASST, &helper, network);
        if (error != 0 && slirp != NULL) {
            cli_hint(
                "cubicle-slirp takes its place; --network=stream:slirp asks for it");
        }
    }
    if (error != 0 && (slirp != NULL || passt == NULL)) {
        error = start_slirp(&helper, network);
    }
    free(passt);
    free(slirp);
    return error;
}

static int open_device(enum network_kind kind, const struct network_spec *spec,
                       const struct publish *publish, unsigned npublish,
                       struct network *network)
{
    if (is_helper(kind)) {
        return open_helper(kind, publish, npublish, network);
    }
    char *memory = network_option(network->line, "memory");
    if (memory != NULL) {
        cli_error("memory= does not go with network %s", network_kind_name(kind));
        cli_hint("it bounds cubicle-slirp: --network=stream:slirp,memory=%s", memory);
        free(memory);
        return -1;
    }
    if (kind == NETWORK_PATH) {
        describe(network, MTU_DEFAULT);
        return network_connect(spec->where, &network->device);
    }
    if (network_open_tap(spec->where, !is_off(network->line, "offload"),
                         &network->device) != 0) {
        return -1;
    }
    describe(network, network->device.mtu);
    return 0;
}

/* The line for boot: without a device, the stack alone. */
static char *boot_line(const struct network_spec *spec, enum network_kind kind,
                       const struct manifest *manifest)
{
    const char *line = manifest->network != NULL ? manifest->network : "";

    if (kind == NETWORK_NONE && has_device(manifest)) {
        char *stack = network_word(line, 0);
        return stack != NULL ? stack : cli_format("%s", "");
    }
    char *merged = network_merge(line, spec->options);
    char *address = network_option(merged, "address");
    if (is_helper(kind) && address == NULL) {
        merged = network_merge(network_merge(line, HELPER_LINE), spec->options);
    }
    free(address);
    return merged;
}

/* Without what is the device's or its helper's. */
static char *for_boot(const char *line)
{
    return network_without(network_without(network_without(line, "mac"), "offload"),
                           "memory");
}

/* Tells whoever sits before the terminal where the system's ports are. */
static void tell_published(const struct publish *list, int n)
{
    for (int i = 0; i < n && isatty(STDERR_FILENO); i++) {
        const bool any = !list[i].ipv6 && list[i].address.s_addr == htonl(INADDR_ANY);
        char address[INET6_ADDRSTRLEN];
        inet_ntop(list[i].ipv6 ? AF_INET6 : AF_INET,
                  list[i].ipv6 ? (const void *)&list[i].address6
                               : (const void *)&list[i].address,
                  address, sizeof(address));
        fprintf(stderr, "cubicle: port %u of the system is at %s%s%s%s:%u%s\n",
                list[i].port,
                list[i].udp          ? "udp "
                : list[i].port == 80 ? "http://"
                                     : "",
                list[i].ipv6 ? "[" : "", any ? "127.0.0.1" : address,
                list[i].ipv6 ? "]" : "", list[i].host_port,
                list[i].port == 80 && !list[i].udp ? "/" : "");
    }
}

/* The cubicle of @module, or NULL. */
static const struct manifest_cubicle *cubicle_of(const struct manifest *manifest,
                                                 const char *module)
{
    const size_t len = strlen(module);

    for (unsigned i = 0; i < manifest->cubicles_count; i++) {
        for (unsigned k = 0; k < manifest->cubicles[i].modules_count; k++) {
            const char *name = manifest->cubicles[i].modules[k];
            if (strncmp(name, module, len) == 0 &&
                (name[len] == '\0' || name[len] == '=')) {
                return &manifest->cubicles[i];
            }
        }
    }
    return NULL;
}

/* lwip lends its device the memory of frames, which processes cannot. 0, or -1 after a message. */
static int check_processes(const struct manifest *manifest)
{
    const char *line = manifest->network != NULL ? manifest->network : "";
    char *stack = network_word(line, 0), *device = network_word(line, 1);
    int result = 0;

    if (stack != NULL && device != NULL && strcmp(stack, "lwip") == 0 &&
        cubicle_of(manifest, stack) != cubicle_of(manifest, device)) {
        cli_error(
            "system '%s': with --isolation=ipc '%s' and '%s' must be in one cubicle",
            manifest->name, stack, device);
        cli_hint("as in systems/nginx-processes.yaml; or leave the network out: "
                 "--network=none");
        result = -1;
    }
    free(stack);
    free(device);
    return result;
}

int network_open(const struct network_spec *spec, const char *const *publish,
                 unsigned npublish, const struct manifest *manifest, bool processes,
                 struct network *network)
{
    enum network_kind kind = spec->kind;

    *network = (struct network){.device.fd = -1};
    if (kind == NETWORK_DEFAULT) {
        kind = manifest->network != NULL && has_device(manifest) ? NETWORK_STREAM
                                                                 : NETWORK_NONE;
    } else if (kind != NETWORK_NONE && !has_device(manifest)) {
        cli_error("system '%s' has no network device: --network does not go with it",
                  manifest->name);
        cli_hint("a cubicle with 'hostnet' in its manifest would have one");
        return -1;
    }
    if (kind != NETWORK_NONE && processes && check_processes(manifest) != 0) {
        return -1;
    }
    network->line = boot_line(spec, kind, manifest);
    struct publish *list =
        cli_calloc(npublish + manifest->publish_count + 1, sizeof(*list));
    const int n = publish_all(kind, publish, npublish, manifest, list);
    if (n < 0) {
        return -1;
    }
    if (kind != NETWORK_NONE &&
        open_device(kind, spec, list, (unsigned)n, network) != 0) {
        return -1;
    }
    tell_published(list, n);
    /* Without a stack there is nobody to tell. */
    network->line = manifest->network != NULL ? for_boot(network->line) : "";
    return 0;
}
