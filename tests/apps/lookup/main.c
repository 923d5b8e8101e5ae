/*
 * Looks at the network as a program does, for tests/apps/lookup.py. Each argument is a step: `addresses`, `servers`,
 * `wait=MS`, or a name to be resolved.
 */
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static void print_address(const char *before, const struct sockaddr *address)
{
    char text[INET6_ADDRSTRLEN] = "?";
    const void *from =
        address->sa_family == AF_INET
            ? (const void *)&((const struct sockaddr_in *)address)->sin_addr
            : (const void *)&((const struct sockaddr_in6 *)address)->sin6_addr;

    inet_ntop(address->sa_family, from, text, sizeof(text));
    printf("%s %s\n", before, text);
}

static void addresses(void)
{
    struct ifaddrs *all = NULL;

    if (getifaddrs(&all) != 0) {
        perror("getifaddrs");
        exit(1);
    }
    for (const struct ifaddrs *a = all; a != NULL; a = a->ifa_next) {
        if (a->ifa_addr->sa_family == AF_INET || a->ifa_addr->sa_family == AF_INET6) {
            print_address(a->ifa_name, a->ifa_addr);
        }
    }
    freeifaddrs(all);
}

static void servers(void)
{
    char line[128];
    FILE *file = fopen("/etc/resolv.conf", "r");

    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        printf("resolv.conf %s", line);
    }
    if (file != NULL) {
        fclose(file);
    }
}

static void resolve(const char *name)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    const int error = getaddrinfo(name, NULL, &hints, &found);

    if (error != 0) {
        printf("%s: %s\n", name, gai_strerror(error));
        return;
    }
    int count = 0;
    for (const struct addrinfo *a = found; a != NULL; a = a->ai_next) {
        if (++count <= 4) {
            print_address(name, a->ai_addr);
        }
    }
    printf("%s: %d addresses\n", name, count);
    freeaddrinfo(found);
}

/* The stack works while the program waits for a socket of its. */
static void wait_for(int timeout_ms)
{
    struct pollfd p = {.fd = socket(AF_INET, SOCK_DGRAM, 0), .events = POLLIN};

    (void)poll(&p, 1, timeout_ms);
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "addresses") == 0) {
            addresses();
        } else if (strcmp(argv[i], "servers") == 0) {
            servers();
        } else if (strncmp(argv[i], "wait=", 5) == 0) {
            wait_for(atoi(argv[i] + 5));
        } else {
            resolve(argv[i]);
        }
    }
    return 0;
}
