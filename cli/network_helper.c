/*
 * Processes that carry a system's frames to the sockets of the host, and its published ports to the system: passt, or
 * our own with libslirp. The command and the helper share a pair of sockets; the helper ends when the system's end
 * is closed.
 */
#include "cli.h"
#include "network.h"
#include "network_probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define HELPER_FD 3
#define ANSWER_S 5 /* within which a helper answers, having started */
#define ARGUMENTS_MAX 64
#define SEND_ROOM (8 << 20) /* bytes, of which Linux counts twice as many */

/* The network behind a helper where the line does not say it: QEMU's. */
#define DEFAULT_ADDRESS "10.0.2.15"
#define DEFAULT_BITS 24
#define DEFAULT_GATEWAY "10.0.2.2"

struct helper_network {
    char address[16];
    unsigned bits;
    char *gateway, *dns;       /* dns may be NULL */
    char *address6, *gateway6; /* both NULL: no IPv6 */
    char *memory;              /* NULL: the default */
};

/* What there is to tell a helper. 0, or -1 after a message. */
static int helper_network(const char *line, struct helper_network *net)
{
    char *address = network_option(line, "address");

    net->gateway = network_option(line, "gateway");
    net->dns = network_option(line, "dns");
    net->address6 = network_option(line, "address6");
    net->gateway6 = network_option(line, "gateway6");
    net->memory = network_option(line, "memory");
    if ((net->address6 == NULL) != (net->gateway6 == NULL)) {
        cli_error("network: a helper needs address6=ADDRESS and gateway6=ADDRESS");
        cli_hint("the gateway is the helper's own address in the same /64");
        return -1;
    }
    if (address == NULL || strcmp(address, "dhcp") == 0) {
        strcpy(net->address, DEFAULT_ADDRESS);
        net->bits = DEFAULT_BITS;
        if (net->gateway == NULL) {
            net->gateway = cli_format("%s", DEFAULT_GATEWAY);
        }
    } else if (!network_prefix(address, net->address, &net->bits) ||
               net->gateway == NULL) {
        cli_error("network: address=%s without gateway=ADDRESS", address);
        cli_hint("the gateway is the helper's own address in the same network");
        free(address);
        return -1;
    }
    free(address);
    return 0;
}

/* ---- their command lines ---- */

struct arguments {
    char *list[ARGUMENTS_MAX + 1];
    unsigned count;
};

static void add(struct arguments *to, const char *text)
{
    if (to->count < ARGUMENTS_MAX) {
        to->list[to->count++] = cli_format("%s", text);
    }
}

static void add_pair(struct arguments *to, const char *name, char *value)
{
    add(to, name);
    add(to, value);
    free(value);
}

static void passt_arguments(const struct network_helper *helper,
                            const struct helper_network *net, struct arguments *to)
{
    static const char *const always[] = {"--foreground", "--quiet", "--stderr",
                                         "--ipv4-only", "--no-map-gw"};
    for (size_t i = 0; i < sizeof(always) / sizeof(*always); i++) {
        add(to, always[i]);
    }
    add_pair(to, "--fd", cli_format("%d", HELPER_FD));
    add_pair(to, "--address", cli_format("%s", net->address));
    add_pair(to, "--netmask", cli_format("%u", net->bits));
    add_pair(to, "--gateway", cli_format("%s", net->gateway));
    add_pair(to, "--mtu", cli_format("%u", helper->mtu));
    if (net->dns != NULL) {
        add_pair(to, "--dns-forward", cli_format("%s", net->dns));
    }
    for (unsigned i = 0; i < helper->npublish; i++) {
        const struct publish *p = &helper->publish[i];
        add_pair(to, p->udp ? "--udp-ports" : "--tcp-ports",
                 cli_format("%s/%u:%u", inet_ntoa(p->address), p->host_port, p->port));
    }
}

static void slirp_arguments(const struct network_helper *helper,
                            const struct helper_network *net, struct arguments *to)
{
    add_pair(to, "--fd", cli_format("%d", HELPER_FD));
    add_pair(to, "--address", cli_format("%s/%u", net->address, net->bits));
    add_pair(to, "--gateway", cli_format("%s", net->gateway));
    add_pair(to, "--mtu", cli_format("%u", helper->mtu));
    if (net->dns != NULL) {
        add_pair(to, "--dns", cli_format("%s", net->dns));
    }
    if (net->address6 != NULL) {
        const int bare = (int)strcspn(net->address6, "/");
        add_pair(to, "--address6", cli_format("%.*s", bare, net->address6));
        add_pair(to, "--gateway6", cli_format("%s", net->gateway6));
    }
    if (net->memory != NULL) {
        add_pair(to, "--memory", cli_format("%s", net->memory));
    }
    for (unsigned i = 0; i < helper->npublish; i++) {
        add_pair(to, "--publish", cli_format("%s", helper->publish[i].text));
    }
}

char *network_helper_path(enum network_kind kind)
{
    if (kind == NETWORK_SLIRP) {
        char *path = cli_build_path("bin/cubicle-slirp");
        if (access(path, X_OK) == 0) {
            return path;
        }
        free(path);
        return NULL;
    }
    const char *folders = getenv("PATH");
    folders = folders != NULL ? folders : "/usr/bin:/bin";
    while (*folders != '\0') {
        const size_t len = strcspn(folders, ":");
        char *path = cli_format("%.*s/passt", (int)len, folders);
        if (len > 0 && access(path, X_OK) == 0) {
            return path;
        }
        free(path);
        folders += len + (folders[len] == ':');
    }
    return NULL;
}

/* ---- the process ---- */

/* In the child. @errors receives what it has to say. */
static void helper_exec(int fd, int errors, char *const *arguments)
{
    const int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    fd = fcntl(fd, F_DUPFD_CLOEXEC, HELPER_FD + 1);
    setpgid(0, 0); /* what is typed is for the system */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (fd < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0 ||
        dup2(errors, STDERR_FILENO) < 0 || dup2(fd, HELPER_FD) < 0 ||
        close_range(HELPER_FD + 1, ~0u, 0) != 0) {
        _exit(127);
    }
    execv(arguments[0], arguments);
    _exit(127);
}

/* Prints what a helper has written, without what it could not tell a system log. */
static void print_errors(int errors)
{
    FILE *file = fdopen(errors, "r");
    char line[512];

    if (file == NULL) {
        return;
    }
    rewind(file);
    while (fgets(line, sizeof(line), file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] != '\0' && strstr(line, "to syslog") == NULL) {
            cli_hint("%s", line);
        }
    }
    fclose(file);
}

/* Asks who has the gateway's address: a helper that works says that it has. */
static bool send_question(int fd, const uint8_t mac[6],
                          const struct helper_network *net)
{
    uint8_t frame[4 + 42] = {0, 0, 0, 42, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    static const uint8_t arp[] = {8, 6, 0, 1, 8, 0, 6, 4, 0, 1};

    memcpy(frame + 10, mac, 6);
    memcpy(frame + 16, arp, sizeof(arp));
    memcpy(frame + 26, mac, 6);
    return inet_pton(AF_INET, net->address, frame + 32) == 1 &&
           inet_pton(AF_INET, net->gateway, frame + 42) == 1 &&
           send(fd, frame, sizeof(frame), MSG_NOSIGNAL) == (ssize_t)sizeof(frame);
}

/* Reads frames until one is an ARP reply. */
static bool await_answer(int fd)
{
    static uint8_t frame[65536 + 64];
    uint32_t size;

    while (recv(fd, &size, sizeof(size), MSG_WAITALL) == (ssize_t)sizeof(size)) {
        size = ntohl(size);
        if (size > sizeof(frame) ||
            recv(fd, frame, size, MSG_WAITALL) != (ssize_t)size) {
            return false;
        }
        if (size >= 42 && frame[12] == 8 && frame[13] == 6 && frame[21] == 2) {
            return true;
        }
    }
    return false;
}

static bool helper_answers(int fd, const uint8_t mac[6],
                           const struct helper_network *net)
{
    const struct timeval limit = {.tv_sec = ANSWER_S};
    const struct timeval none = {0};

    return setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) == 0 &&
           send_question(fd, mac, net) && await_answer(fd) &&
           setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &none, sizeof(none)) == 0;
}

/* Whether services on loopback addresses of the host are within the system's reach. passt answers questions before it looks at the
 * other frames that came with them: the second answer comes when all before the first is done. */
static bool helper_reaches(int fd, const uint8_t mac[6],
                           const struct helper_network *net)
{
    const int service = network_probe_begin(fd, mac, net->address);
    bool answers = true;

    for (unsigned i = 0; i < 2 && answers; i++) {
        answers = helper_answers(fd, mac, net);
    }
    return network_probe_end(service);
}

static int helper_failed(const char *path, pid_t pid, int errors)
{
    int status = 0;

    if (pid > 0) {
        kill(pid, SIGKILL);
        (void)waitpid(pid, &status, 0);
    }
    cli_error("the network helper %s does not start%s", path,
              WIFEXITED(status) ? ":" : " or does not answer:");
    print_errors(errors);
    return -1;
}

/* As much room as the host gives for what a helper sends. Debian 12's passt drops what finds none, and sends it again when its own
 * timer says so, seconds later. More than net.core.wmem_max is root's to ask for. */
static void helper_give_room(int fd)
{
    const int least = SEND_ROOM;

    if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &least, sizeof(least)) != 0) {
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &least, sizeof(least));
    }
}

static int helper_start(const char *path, struct arguments *arguments,
                        const struct helper_network *net, struct network *network)
{
    int ends[2];
    const int errors = memfd_create("errors", MFD_CLOEXEC);

    if (errors < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        cli_error("cannot make a pair of sockets: %s", strerror(errno));
        return -1;
    }
    helper_give_room(ends[1]);
    const pid_t pid = fork();
    if (pid == 0) {
        helper_exec(ends[1], errors, arguments->list);
    }
    close(ends[1]);
    if (pid < 0 || !helper_answers(ends[0], network->device.mac, net)) {
        close(ends[0]);
        return helper_failed(path, pid, errors);
    }
    close(errors);
    network->device.fd = ends[0];
    network->device.kind = MONITOR_NETWORK_STREAM;
    network->helper = pid;
    network->program = path;
    return 0;
}

static void helper_stop(struct network *network)
{
    kill(network->helper, SIGKILL);
    (void)waitpid(network->helper, NULL, 0);
    close(network->device.fd);
    network->helper = 0;
    network->device.fd = -1;
}

/* The same, and looks at what it lets the system reach. One that is taken all the same begins anew, so that the system sees
 * nothing of the look. */
static int helper_start_safe(const char *path, struct arguments *arguments, bool strict,
                             const struct helper_network *net, struct network *network)
{
    if (helper_start(path, arguments, net, network) != 0) {
        return -1;
    }
    if (!helper_reaches(network->device.fd, network->device.mac, net)) {
        return 0;
    }
    cli_error("the network helper %s lets the system reach services on loopback "
              "addresses of the host",
              path);
    helper_stop(network);
    return strict ? -1 : helper_start(path, arguments, net, network);
}

int network_start_helper(enum network_kind kind, const struct network_helper *helper,
                         struct network *network)
{
    struct helper_network net;
    struct arguments arguments = {.count = 0};
    char *path = network_helper_path(kind);

    if (path == NULL) {
        cli_error("network %s: %s is not there", network_kind_name(kind),
                  kind == NETWORK_PASST ? "passt" : "cubicle-slirp");
        cli_hint(kind == NETWORK_PASST
                     ? "'sudo apt-get install passt' gives it; --network=stream:slirp "
                       "does without"
                     : "'make deps && make' builds it; 'sudo apt-get install passt' "
                       "gives another, without IPv6; --network=none needs none");
        return -1;
    }
    if (helper_network(helper->line, &net) != 0) {
        return -1;
    }
    add(&arguments, path);
    if (kind == NETWORK_PASST) {
        passt_arguments(helper, &net, &arguments);
    } else {
        slirp_arguments(helper, &net, &arguments);
    }
    return helper_start_safe(path, &arguments, helper->strict, &net, network);
}
