/* A TAP device of the host, and a UNIX socket: devices without a helper. */
#include "cli.h"
#include "network.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <linux/if_tun.h>

/* As in interfaces/netif.h. */
#define NETIF_CHECKSUM 1
#define NETIF_TSO4 2
#define NETIF_TSO6 4

#define VNET_HEADER 12 /* struct virtio_net_hdr_v1: what netdev puts before a frame */

static int report_tap(const char *name, const char *what, int error)
{
    cli_error("network tap:%s: %s: %s", name, what, strerror(error));
    if (error == ENOENT || error == ENODEV) {
        cli_hint("this kernel, or this container, has no TAP devices (/dev/net/tun, "
                 "module 'tun'); --network=stream needs none");
    } else if (error == EBUSY) {
        cli_hint("another program uses the device");
    } else if (error == EINVAL) {
        cli_hint("'ip -details link show %s' tells what it is; it must be a TAP device "
                 "without multi_queue",
                 name);
    } else if (error == EPERM || error == EACCES) {
        cli_hint("'sudo ip tuntap add dev %s mode tap user $USER' makes one for you; "
                 "--network=stream needs no rights",
                 name);
    }
    return -1;
}

/* The device's MTU, and that it is up. 0, or a positive errno. */
static int tap_prepare(const char *name, bool is_new, uint32_t *mtu)
{
    struct ifreq request = {0};
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (fd < 0) {
        return errno;
    }
    strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    int error = ioctl(fd, SIOCGIFMTU, &request) == 0 ? 0 : errno;
    if (error == 0) {
        *mtu = (uint32_t)request.ifr_mtu;
    }
    if (error == 0 && is_new) {
        error = ioctl(fd, SIOCGIFFLAGS, &request) == 0 ? 0 : errno;
        request.ifr_flags |= IFF_UP;
        if (error == 0 && ioctl(fd, SIOCSIFFLAGS, &request) != 0) {
            error = errno;
        }
    }
    close(fd);
    return error;
}

/* What is left undone of frames on their way, either way. */
static int tap_set_offloads(int fd, bool offload, uint16_t *offloads)
{
    const int header = VNET_HEADER;

    if (ioctl(fd, TUNSETVNETHDRSZ, &header) != 0 ||
        ioctl(fd, TUNSETOFFLOAD, offload ? TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 : 0) !=
            0) {
        return errno;
    }
    *offloads = offload ? NETIF_CHECKSUM | NETIF_TSO4 | NETIF_TSO6 : 0;
    return 0;
}

int network_open_tap(const char *name, bool offload, struct monitor_network *device)
{
    struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};
    const bool is_new = if_nametoindex(name) == 0;

    if (strlen(name) >= IFNAMSIZ) {
        cli_error("network tap:%s: a device's name has at most %d characters", name,
                  IFNAMSIZ - 1);
        return -1;
    }
    const int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        const int error = errno;
        report_tap(name, "cannot open /dev/net/tun", error);
        if (error == EACCES || error == EPERM) {
            cli_hint("and 'sudo chmod 666 /dev/net/tun' lets users open it: that alone "
                     "gives them no device");
        }
        return -1;
    }
    strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    int error = ioctl(fd, TUNSETIFF, &request) == 0 ? 0 : errno;
    if (error != 0) {
        report_tap(name,
                   is_new ? "there is no such device, and it cannot be made"
                          : "cannot use the device",
                   error);
        close(fd);
        return -1;
    }
    error = tap_set_offloads(fd, offload, &device->offloads);
    if (error == 0) {
        error = tap_prepare(name, is_new, &device->mtu);
    }
    if (error != 0) {
        report_tap(name, "cannot set it up", error);
        close(fd);
        return -1;
    }
    device->fd = fd;
    device->kind = MONITOR_NETWORK_TAP;
    return 0;
}

int network_connect(const char *path, struct monitor_network *device)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    const size_t len = strlen(path);

    if (len >= sizeof(name.sun_path)) {
        cli_error("network stream:%s: the path is too long for a socket", path);
        return -1;
    }
    memcpy(name.sun_path, path, len + 1);
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&name, sizeof(name)) != 0) {
        const int error = errno;
        cli_error("network stream:%s: cannot connect: %s", path, strerror(error));
        if (error == ECONNREFUSED || error == ENOENT) {
            cli_hint("a program that listens there and speaks QEMU's protocol for "
                     "stream sockets must be started before");
        }
        if (fd >= 0) {
            close(fd);
        }
        return -1;
    }
    device->fd = fd;
    device->kind = MONITOR_NETWORK_STREAM;
    return 0;
}
