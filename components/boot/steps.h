/* The steps of boot. Each says on the console what went wrong before it fails. */
#ifndef COMPONENTS_BOOT_STEPS_H
#define COMPONENTS_BOOT_STEPS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/** Writes "boot: MESSAGE\n" to the console's error stream, which works before any
 * mount. */
void boot_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** Mounts "PROVIDER PATH[ OPTIONS]" for each line of @mounts, which it may change. 0 or
 * -1. */
int boot_mount_all(char *mounts);

/** As boot_mount_all() while the application runs: a vfs that was begun anew has lost
 * its mounts; where it has them, nothing happens. 0 or -1. */
int boot_mount_again(char *mounts);

/** Takes the network that @line names, "STACK[ DEVICE[ OPTIONS]]", into use. 0 or -1. */
int boot_network(const char *line);

/** As boot_network() while the application runs: what has it still keeps it. 0 or -1. */
int boot_network_again(const char *line);

/** The application has ended: what it sent goes on its way. */
void boot_network_end(void);

/** The text of /etc/resolv.conf for that line, from its words dns=ADDRESS; without one and with
 * address=dhcp, of the servers that DHCP told of. It is cut short where it is longer than @size. */
void boot_network_resolv(const char *line, char *text, size_t size);

/** Unpacks the cpio stream that @read reads under directory @root ("" for /). 0 or -1. */
int boot_unpack(const char *root, ssize_t (*read)(uint64_t, void *, size_t));

/** Makes what programs take for granted under directory @root ("" for /), where there is nothing of
 * that name: /tmp, /etc/passwd, /proc/self/exe as a link to /bin/@program ("": none), ...
 * With a network also /etc/hosts and others, and /etc/resolv.conf with @resolv, which must
 * stay; NULL: there is none. What cannot be made is said. -1 if that was /tmp, else 0. */
int boot_defaults_make(const char *root, const char *program, const char *resolv);

/** Takes away what boot_defaults_make() made and nobody has changed. */
void boot_defaults_remove(const char *root, const char *program);

/** Packs the file system of directory @root ("" for /), without what is mounted in it,
 * as a cpio stream; names in sorted order. 0 or -1. */
int boot_pack(const char *root, ssize_t (*write)(const void *, size_t));

#endif
