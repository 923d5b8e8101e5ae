/* boot over a vfs that loses its mounts while the application runs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <app.h>
#include <boot.h>
#include <cmocka.h>
#include <errno.h>
#include <lifecycle.h>
#include <plat.h>
#include <stdbool.h>
#include <stdio.h>
#include <steps.h>
#include <string.h>
#include <sys/stat.h>
#include <vfs.h>

#define MOUNTS "ramfs / size=1M\ndevfs /dev\n"

/* A line of the setting, and what vfs hears of it. */
#define NETWORK "lwip netdev address=10.0.2.15/24 dns=10.0.2.3 mtu=1500 dns=::2"
#define STACK "lwip netdev [address=10.0.2.15/24 dns=10.0.2.3 mtu=1500 dns=::2];"

static char made[256];   /* what vfs was asked for */
static unsigned nmounts; /* what it has */
static bool in_call;     /* it is in the middle of a call */
static int refuse;       /* an error for /dev */
static const char *network = "";
static bool has_network;
static int refuse_network;
static char said[512];
static void (*application)(void);

int __wrap_mkdir(const char *path, mode_t mode);

int vfs_mount(const char *provider, const char *path, const char *options, int caller)
{
    const bool is_root = strcmp(path, "/") == 0;

    assert_int_equal(caller, 0);
    if (in_call) {
        return -EDEADLK;
    }
    if (!is_root && refuse != 0) {
        return refuse;
    }
    if (nmounts >= (is_root ? 1 : 2)) {
        return -EBUSY;
    }
    snprintf(made + strlen(made), sizeof(made) - strlen(made), "%s %s [%s];", provider,
             path, options);
    nmounts++;
    return 0;
}

int __wrap_mkdir(const char *path, mode_t mode)
{
    (void)path, (void)mode;
    errno = EEXIST;
    return -1;
}

static int refuse_network_end;

int vfs_network(const char *stack, const char *device, const char *options, int caller)
{
    assert_int_equal(caller, 0);
    if (in_call) {
        return -EDEADLK;
    }
    if (has_network) {
        return -EBUSY;
    }
    if (refuse_network != 0) {
        return refuse_network;
    }
    snprintf(made + strlen(made), sizeof(made) - strlen(made), "%s %s [%s];", stack,
             device, options);
    has_network = true;
    return 0;
}

int boot_defaults_make(const char *root, const char *program, const char *resolv)
{
    if (network[0] == '\0') {
        assert_null(resolv);
    } else {
        assert_string_equal(resolv, "nameserver 10.0.2.3\nnameserver ::2\n");
    }
    assert_string_equal(root, "");
    assert_string_equal(program, "application");
    return 0;
}

void boot_defaults_remove(const char *root, const char *program)
{
    (void)root, (void)program;
}

ssize_t plat_argument(int index, char *buf, size_t count)
{
    assert_int_equal(index, 0);
    assert_true(count >= sizeof("application"));
    strcpy(buf, "application");
    return sizeof("application");
}

ssize_t plat_setting(const char *name, char *buf, size_t count)
{
    if (strcmp(name, "network") == 0 && network[0] != '\0') {
        assert_true(strlen(network) < count);
        strcpy(buf, network);
        return (ssize_t)strlen(network) + 1;
    }
    if (strcmp(name, "mounts") != 0) {
        return -ENOENT;
    }
    memset(buf, 0, count);
    strcpy(buf, MOUNTS);
    return sizeof(MOUNTS);
}

ssize_t plat_console_write(int stream, const void *buf, size_t count)
{
    assert_int_equal(stream, 2);
    snprintf(said, sizeof(said), "%.*s", (int)count, (const char *)buf);
    return (ssize_t)count;
}

ssize_t plat_root_read(uint64_t offset, void *buf, size_t count)
{
    (void)offset, (void)buf, (void)count;
    return 0;
}

ssize_t plat_export_write(const void *buf, size_t count)
{
    (void)buf;
    return (ssize_t)count;
}

int boot_unpack(const char *root, ssize_t (*read)(uint64_t, void *, size_t))
{
    (void)root, (void)read;
    return 0;
}

int boot_pack(const char *root, ssize_t (*write)(const void *, size_t))
{
    (void)root, (void)write;
    return 0;
}

int vfs_network_end(int caller)
{
    assert_int_equal(caller, 0);
    strcat(made, "end;");
    return refuse_network_end;
}

int app_main(void)
{
    assert_string_equal(made, network[0] == '\0'
                                  ? "ramfs / [size=1M];devfs /dev [];"
                                  : "ramfs / [size=1M];devfs /dev [];" STACK);
    made[0] = '\0';
    application();
    return 0;
}

static void run(void (*body)(void))
{
    made[0] = said[0] = '\0';
    nmounts = 0;
    in_call = false;
    refuse = 0;
    application = body;
    assert_int_equal(boot_main(), 0);
}

static int restarted(int cubicle)
{
    assert_int_equal(lifecycle_ended(cubicle), 0);
    return lifecycle_restarted(cubicle);
}

/* Whatever its cubicle is called. */
static void vfs_restarts(void)
{
    for (int i = 0; i < 3; i++) {
        nmounts = 0;
        assert_int_equal(restarted(5 + i), 0);
        assert_string_equal(made, "ramfs / [size=1M];devfs /dev [];");
        made[0] = '\0';
    }
    assert_string_equal(said, "");
}

static void others_restart(void)
{
    assert_int_equal(restarted(5), 0);
    in_call = true; /* it calls a file system, which is begun anew */
    assert_int_equal(restarted(6), 0);
    in_call = false;
    assert_string_equal(made, "");
    assert_string_equal(said, "");
}

static void mount_fails(void)
{
    nmounts = 0;
    refuse = -ENODEV;
    assert_int_equal(restarted(5), -EIO);
    assert_string_equal(made, "ramfs / [size=1M];");
    assert_string_equal(said, "boot: cannot mount 'devfs' on '/dev': No such device\n");
}

static void test_vfs_restarts(void **state)
{
    (void)state;
    run(vfs_restarts);
}

static void test_others_restart(void **state)
{
    (void)state;
    run(others_restart);
}

static void test_mount_fails(void **state)
{
    (void)state;
    run(mount_fails);
}

static void network_lost(void)
{
    nmounts = 0;
    has_network = false;
    assert_int_equal(restarted(5), 0);
    assert_string_equal(made, "ramfs / [size=1M];devfs /dev [];" STACK);
    made[0] = '\0';
    in_call = true;
    assert_int_equal(restarted(5), 0);
    in_call = false;
    assert_int_equal(restarted(5), 0);
    assert_string_equal(made, "");
    assert_string_equal(said, "");
    has_network = false;
    refuse_network = -ENODEV;
    assert_int_equal(restarted(5), -EIO);
    assert_string_equal(said,
                        "boot: cannot start the network of 'lwip' on 'netdev', with "
                        "'address=10.0.2.15/24 dns=10.0.2.3 mtu=1500 dns=::2': No "
                        "such device\n");
}

static void nothing(void)
{
}

static void test_network(void **state)
{
    (void)state;
    network = NETWORK;
    run(network_lost);
    assert_string_equal(made, "end;");
    refuse_network = 0;
    refuse_network_end = -ETIMEDOUT;
    nmounts = 0;
    made[0] = said[0] = '\0';
    application = nothing;
    assert_int_equal(boot_main(), 0); /* the application's status stays what it is */
    assert_string_equal(made, "end;");
    assert_string_equal(
        said, "boot: not all that the application had sent was taken by its peers\n");
    has_network = false;
    refuse_network = -ENODEV;
    nmounts = 0;
    assert_int_equal(boot_main(), 125); /* and it does not start without it */
    network = "  ";
    nmounts = 0;
    assert_int_equal(boot_main(), 125);
    assert_string_equal(said, "boot: bad network '  ': it is 'STACK DEVICE OPTIONS'\n");
    network = "";
}

/* Before it has mounted anything there is nothing to mount again. */
static void test_before(void **state)
{
    (void)state;
    assert_int_equal(restarted(5), 0);
    assert_string_equal(made, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_before),         cmocka_unit_test(test_vfs_restarts),
        cmocka_unit_test(test_others_restart), cmocka_unit_test(test_mount_fails),
        cmocka_unit_test(test_network),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
