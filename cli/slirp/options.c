#include "helper.h"

#include "../network_spec.h"

#include <argp.h>
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

/* Two thirds are room for 2,000 connections whose buffers have been full in both directions. */
#define MEMORY_MIB 768

enum key {
    KEY_FD = 256,
    KEY_ADDRESS,
    KEY_GATEWAY,
    KEY_DNS,
    KEY_ADDRESS6,
    KEY_GATEWAY6,
    KEY_MTU,
    KEY_MEMORY,
    KEY_PUBLISH
};

static const struct argp_option known[] = {
    {"fd", KEY_FD, "N", 0, "connected stream socket that frames pass", 0},
    {"address", KEY_ADDRESS, "ADDRESS/BITS", 0, "of the system", 0},
    {"gateway", KEY_GATEWAY, "ADDRESS", 0, "of this program in that network", 0},
    {"dns", KEY_DNS, "ADDRESS", 0, "questions to it go to the host's name server", 0},
    {"address6", KEY_ADDRESS6, "ADDRESS", 0, "of the system, for IPv6", 0},
    {"gateway6", KEY_GATEWAY6, "ADDRESS", 0, "of this program, in the same /64", 0},
    {"mtu", KEY_MTU, "BYTES", 0, "576 to 65520 (default)", 0},
    {"memory", KEY_MEMORY, "MIB", 0,
     "resident MiB with which nobody may send more, 16 to 65536 (default 768); new "
     "connections wait with two thirds of it",
     0},
    {"publish", KEY_PUBLISH, "[ADDRESS:]HOSTPORT:PORT[/udp]", 0,
     "a port of the host that leads to the system; may be repeated", 0},
    {0},
};

static struct in_addr parse_host(const struct argp_state *state, const char *text)
{
    struct in_addr address = {0};

    if (inet_pton(AF_INET, text, &address) != 1) {
        argp_error(state, "'%s' is no IPv4 address", text);
    }
    return address;
}

static struct in6_addr parse_host6(const struct argp_state *state, const char *text)
{
    struct in6_addr address = {0};

    if (inet_pton(AF_INET6, text, &address) != 1) {
        argp_error(state, "'%s' is no IPv6 address", text);
    }
    return address;
}

/* Both ends of IPv6, or none, and in one network. */
static bool ends_fit(const struct helper_options *o)
{
    static const struct in6_addr none;

    return (memcmp(&o->gateway6, &none, sizeof(none)) != 0) == o->ipv6 &&
           memcmp(&o->address6, &o->gateway6, 8) == 0;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct helper_options *o = state->input;
    char address[16];
    unsigned bits;

    switch (key) {
    case KEY_FD:
        o->fd = atoi(text);
        return 0;
    case KEY_ADDRESS:
        if (!network_prefix(text, address, &bits)) {
            argp_error(state, "--address=%s: it is ADDRESS/BITS", text);
        }
        o->address = parse_host(state, address);
        o->netmask.s_addr = htonl(~UINT32_C(0) << (32 - bits));
        return 0;
    case KEY_GATEWAY:
        o->gateway = parse_host(state, text);
        return 0;
    case KEY_DNS:
        o->dns = parse_host(state, text);
        return 0;
    case KEY_ADDRESS6:
        o->address6 = parse_host6(state, text);
        o->ipv6 = true;
        return 0;
    case KEY_GATEWAY6:
        o->gateway6 = parse_host6(state, text);
        return 0;
    case KEY_MTU:
        o->mtu = strtoul(text, NULL, 10);
        return 0;
    case KEY_MEMORY:
        if (!network_memory(text, &o->memory)) {
            argp_error(state, "--memory=%s: it is 16 to 65536, in MiB", text);
        }
        return 0;
    case KEY_PUBLISH:
        if (!publish_parse(text, &o->publish[o->npublish++])) {
            argp_error(state, "--publish=%s: it is [ADDRESS:]HOSTPORT:PORT[/udp]",
                       text);
        }
        return 0;
    case ARGP_KEY_END:
        if (o->fd < 0 || o->address.s_addr == 0 || o->gateway.s_addr == 0 ||
            o->mtu < 576 || o->mtu > 65520) {
            argp_error(
                state,
                "--fd, --address and --gateway are needed; an MTU is 576 to 65520");
        }
        if (!ends_fit(o)) {
            argp_error(state,
                       "--address6 and --gateway6 are in one network of 64 bits");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

void helper_options(int argc, char **argv, struct helper_options *options)
{
    static const struct argp argp = {
        .options = known,
        .parser = parse,
        .doc = "Carries frames of a system to the sockets of the host. 'cubicle run "
               "--network=stream' starts it.",
    };

    *options = (struct helper_options){
        .fd = -1, .mtu = 65520, .memory = (size_t)MEMORY_MIB << 20};
    options->publish = calloc((size_t)argc + 1, sizeof(*options->publish));
    if (options->publish == NULL ||
        argp_parse(&argp, argc, argv, 0, NULL, options) != 0) {
        exit(1);
    }
}
