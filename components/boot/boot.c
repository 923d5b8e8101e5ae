/*
 * The first component that runs: mounts the file systems, fills the root, starts the
 * application, exports what it left behind.
 */
#include "steps.h"

#include <app.h>
#include <boot.h>
#include <cubicle/abi.h>
#include <errno.h>
#include <lifecycle.h>
#include <limits.h>
#include <plat.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define BOOT_SETTING_MAX 16384
#define BOOT_NETWORK_MAX 1280
#define BOOT_RESOLV_MAX 256

void boot_say(const char *format, ...)
{
    char line[512] = "boot: ";
    const size_t start = strlen(line);
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(line + start, sizeof(line) - start - 1, format, arguments);
    va_end(arguments);
    strcat(line, "\n");
    (void)plat_console_write(2, line, strlen(line));
}

/* Reads setting @name; "" where there is none. 0 or -1. */
static int boot_setting(const char *name, char *value, size_t size)
{
    const ssize_t n = plat_setting(name, value, size);

    if (n == -ENOENT || n == 0) {
        value[0] = '\0';
        return 0;
    }
    if (n < 0) {
        boot_say("cannot read setting '%s': %s", name, strerror((int)-n));
        return -1;
    }
    value[size - 1] = '\0';
    return 0;
}

/* Mounts before the root is filled, and after: directories of the host hide what the root has
 * there. A root that was unpacked into them would replace files of the host. */
static const char *const mount_settings[] = {"mounts", "mounts-over-root"};

/* The file systems are mounted, and should stay so. */
static bool mounted;

/* The network, as the setting names it; "": there is none. */
static char network[BOOT_NETWORK_MAX];

/* The application's name. */
static char program[NAME_MAX + 1];

static int boot_prepare(void)
{
    static char mounts[BOOT_SETTING_MAX], resolv[BOOT_RESOLV_MAX];

    if (boot_setting(mount_settings[0], mounts, sizeof(mounts)) != 0 ||
        boot_mount_all(mounts) != 0 ||
        boot_setting("network", network, sizeof(network)) != 0 ||
        (network[0] != '\0' && boot_network(network) != 0)) {
        return -1;
    }
    boot_network_resolv(network, resolv, sizeof(resolv));
    if (mounts[0] == '\0') {
        return 0; /* a system without files */
    }
    mounted = true;
    if (boot_unpack("", plat_root_read) != 0 ||
        boot_setting(mount_settings[1], mounts, sizeof(mounts)) != 0 ||
        boot_mount_all(mounts) != 0) {
        return -1;
    }
    if (plat_argument(0, program, sizeof(program)) <= 0) {
        program[0] = '\0'; /* it has no name */
    }
    program[sizeof(program) - 1] = '\0';
    return boot_defaults_make("", program, network[0] != '\0' ? resolv : NULL);
}

int lifecycle_ended(int cubicle)
{
    (void)cubicle;
    return 0; /* nothing is kept for others */
}

/* It may have been the one of vfs, whatever that is called. What is said on the console is
 * all that can be done about a mount that fails: the application's calls will say so. */
int lifecycle_restarted(int cubicle)
{
    static char mounts[BOOT_SETTING_MAX];

    (void)cubicle;
    int error = 0;
    for (int i = 0; mounted && i < 2; i++) {
        if (boot_setting(mount_settings[i], mounts, sizeof(mounts)) == 0) {
            error |= boot_mount_again(mounts);
        }
    }
    if (network[0] != '\0') {
        error |= boot_network_again(network);
    }
    return error == 0 ? 0 : -EIO;
}

int boot_main(void)
{
    char export_[8];

    if (boot_setting("export", export_, sizeof(export_)) != 0 || boot_prepare() != 0) {
        return CUBICLE_EXIT_CONFIG;
    }
    const int status = app_main();
    if (status < 0) {
        boot_say("the application was stopped: %s", strerror(-status));
        return CUBICLE_EXIT_FAULT;
    }
    if (network[0] != '\0') {
        boot_network_end();
    }
    if (export_[0] != '\0') {
        if (mounted) {
            boot_defaults_remove("", program);
        }
        if (boot_pack("", plat_export_write) != 0) {
            return CUBICLE_EXIT_CONFIG;
        }
    }
    return status;
}
