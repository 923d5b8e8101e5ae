#include "publish.h"

#include "cli.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PORT_MAX 65535u

/* A port that fills @text, of @len bytes. */
static bool parse_port(const char *text, size_t len, uint16_t *port)
{
    unsigned value = 0;

    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return false;
        }
        value = value * 10 + (unsigned)(text[i] - '0');
        if (value > PORT_MAX) {
            return false;
        }
    }
    *port = (uint16_t)value;
    return len > 0 && value > 0;
}

/* IPv4, or IPv6 in brackets. */
static bool parse_address(const char *text, size_t len, struct publish *publish)
{
    publish->ipv6 = len > 2 && text[0] == '[' && text[len - 1] == ']';
    char *copy = publish->ipv6 ? cli_format("%.*s", (int)len - 2, text + 1)
                               : cli_format("%.*s", (int)len, text);
    const bool ok = publish->ipv6 ? inet_pton(AF_INET6, copy, &publish->address6) == 1
                                  : inet_pton(AF_INET, copy, &publish->address) == 1;

    free(copy);
    return ok;
}

/* Takes "/tcp" or "/udp" off the end. */
static bool parse_protocol(const char *text, size_t *len, bool *udp)
{
    const char *slash = strchr(text, '/');

    *len = slash != NULL ? (size_t)(slash - text) : strlen(text);
    *udp = slash != NULL && strcmp(slash, "/udp") == 0;
    return slash == NULL || *udp || strcmp(slash, "/tcp") == 0;
}

bool publish_parse(const char *text, struct publish *publish)
{
    size_t len;

    *publish = (struct publish){.text = text, .address.s_addr = htonl(INADDR_LOOPBACK)};
    if (!parse_protocol(text, &len, &publish->udp)) {
        return false;
    }
    const char *last = memrchr(text, ':', len);
    if (last == NULL ||
        !parse_port(last + 1, len - (size_t)(last + 1 - text), &publish->port)) {
        return false;
    }
    len = (size_t)(last - text);
    const char *first = memrchr(text, ':', len);
    if (first == NULL) {
        return parse_port(text, len, &publish->host_port);
    }
    return parse_address(text, (size_t)(first - text), publish) &&
           parse_port(first + 1, (size_t)(last - first - 1), &publish->host_port);
}

static void report(const struct publish *publish, int error)
{
    cli_error("cannot publish %s: port %u of the host: %s", publish->text,
              publish->host_port, strerror(error));
    if (error == EADDRINUSE) {
        cli_hint(
            "another program has the port; --publish=HOSTPORT:%u takes another one",
            publish->port);
    } else if (error == EACCES) {
        cli_hint("ports below 1024 are root's; --publish=HOSTPORT:%u takes another one",
                 publish->port);
    }
}

socklen_t publish_name(const struct publish *publish, union publish_name *name)
{
    if (publish->ipv6) {
        name->ipv6 = (struct sockaddr_in6){.sin6_family = AF_INET6,
                                           .sin6_addr = publish->address6,
                                           .sin6_port = htons(publish->host_port)};
        return sizeof(name->ipv6);
    }
    name->ipv4 = (struct sockaddr_in){.sin_family = AF_INET,
                                      .sin_addr = publish->address,
                                      .sin_port = htons(publish->host_port)};
    return sizeof(name->ipv4);
}

int publish_check(const struct publish *publish)
{
    union publish_name name;
    const socklen_t size = publish_name(publish, &name);
    const int yes = 1;
    const int fd = socket(name.any.sa_family,
                          (publish->udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);
    int error = fd < 0 ? errno : 0;

    /* The port of the same number may be another's by IPv4. */
    if (error == 0 && publish->ipv6) {
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof(yes));
    }

    /* Connections of before that are not quite over do not count; for UDP it would hide others. */
    if (error == 0 && !publish->udp) {
        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    }
    if (error == 0 && bind(fd, &name.any, size) != 0) {
        error = errno;
    }
    /* With SO_REUSEADDR only listen() finds another listener that has it, too. */
    if (error == 0 && !publish->udp && listen(fd, 1) != 0) {
        error = errno;
    }
    if (fd >= 0) {
        close(fd);
    }
    if (error != 0) {
        report(publish, error);
    }
    return error == 0 ? 0 : -1;
}
