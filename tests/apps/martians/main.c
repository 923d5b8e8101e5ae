/* Prints the source and the text of each datagram that comes to port 9000, by IPv4 or IPv6, until one says "end". */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

int main(void)
{
    struct sockaddr_in6 name = {.sin6_family = AF_INET6, .sin6_port = htons(9000)};
    const int fd = socket(AF_INET6, SOCK_DGRAM, 0);
    char text[64] = "";

    if (fd < 0 || bind(fd, (struct sockaddr *)&name, sizeof(name)) != 0) {
        perror("socket");
        return 1;
    }
    while (strcmp(text, "end") != 0) {
        struct sockaddr_in6 from;
        socklen_t size = sizeof(from);
        char address[INET6_ADDRSTRLEN];
        const ssize_t n =
            recvfrom(fd, text, sizeof(text) - 1, 0, (struct sockaddr *)&from, &size);
        if (n < 0) {
            perror("recvfrom");
            return 1;
        }
        text[n] = '\0';
        inet_ntop(AF_INET6, &from.sin6_addr, address, sizeof(address));
        printf("%s %s\n", address, text);
        fflush(stdout);
    }
    return 0;
}
