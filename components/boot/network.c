#include "steps.h"

#include <arpa/inet.h>
#include <errno.h>
#include <socket.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vfs.h>

#define NAME_SIZE 64

/* Copies the next word of @line; behind it, at the next. It is too long: "". */
static const char *word(const char *line, char *to)
{
    line += strspn(line, " ");
    const size_t len = strcspn(line, " ");
    to[0] = '\0';
    if (len < NAME_SIZE) {
        memcpy(to, line, len);
        to[len] = '\0';
    }
    line += len;
    return line + strspn(line, " ");
}

static int network_start(const char *line, bool again)
{
    char stack[NAME_SIZE], device[NAME_SIZE];
    const char *options = word(word(line, stack), device);

    if (stack[0] == '\0') {
        boot_say("bad network '%s': it is 'STACK DEVICE OPTIONS'", line);
        return -1;
    }
    const int error = vfs_network(stack, device, options, 0);
    if (error == 0 || (again && (error == -EBUSY || error == -EDEADLK))) {
        return 0; /* it has it, or is in the middle of a call, so it has it as well */
    }
    if (error == -ETIMEDOUT) {
        boot_say("no DHCP server has answered on '%s': give address=ADDRESS/BITS and "
                 "gateway=ADDRESS instead of address=dhcp, or look at the network",
                 device);
    } else if (device[0] != '\0') {
        boot_say("cannot start the network of '%s' on '%s', with '%s': %s", stack,
                 device, options, strerror(-error));
    } else {
        boot_say("cannot start the network of '%s': %s", stack, strerror(-error));
    }
    return -1;
}

int boot_network(const char *line)
{
    return network_start(line, false);
}

int boot_network_again(const char *line)
{
    return network_start(line, true);
}

void boot_network_end(void)
{
    const int error = vfs_network_end(0);

    if (error == -ETIMEDOUT) {
        boot_say("not all that the application had sent was taken by its peers");
    }
}

/* A line for each name server that DHCP has told the stack of. */
static void resolv_asked(char *text, size_t size)
{
    struct in_addr servers[4];
    socklen_t len = sizeof(servers);
    const int fd = socket(AF_INET, SOCK_DGRAM, 0);
    size_t used = 0;

    if (fd < 0) {
        return;
    }
    if (getsockopt(fd, SOCKET_LEVEL, SOCKET_NAME_SERVERS, servers, &len) == 0) {
        for (size_t i = 0; i < len / sizeof(*servers) && used < size; i++) {
            const int n = snprintf(text + used, size - used, "nameserver %s\n",
                                   inet_ntoa(servers[i]));
            used += n > 0 ? (size_t)n : 0;
        }
    }
    close(fd);
}

void boot_network_resolv(const char *line, char *text, size_t size)
{
    size_t used = 0;
    bool dhcp = false;

    text[0] = '\0';
    while (*line != '\0') {
        char option[NAME_SIZE];
        line = word(line, option);
        dhcp |= strcmp(option, "address=dhcp") == 0;
        if (strncmp(option, "dns=", 4) != 0 || used >= size) {
            continue;
        }
        const int n = snprintf(text + used, size - used, "nameserver %s\n", option + 4);
        used += n > 0 ? (size_t)n : 0;
    }
    if (dhcp && used == 0) {
        resolv_asked(text, size);
    }
}
