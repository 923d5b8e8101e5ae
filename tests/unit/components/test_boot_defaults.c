/* The root file system's defaults, in a folder of the host. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <steps.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define PASSWD "root:x:0:0:root:/:/bin/sh\n"

static char root[] = "/tmp/boot-defaults-XXXXXX";
static char said[512];

void boot_say(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(said, sizeof(said), format, arguments);
    va_end(arguments);
}

static const char *at(const char *path)
{
    static char whole[PATH_MAX];

    snprintf(whole, sizeof(whole), "%s%s", root, path);
    return whole;
}

static void put(const char *path, const char *text)
{
    FILE *file = fopen(at(path), "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void assert_text(const char *path, const char *text)
{
    char have[256] = "";
    FILE *file = fopen(at(path), "r");

    assert_non_null(file);
    assert_true(fread(have, 1, sizeof(have) - 1, file) > 0 || text[0] == '\0');
    fclose(file);
    assert_string_equal(have, text);
}

static void assert_mode(const char *path, mode_t mode)
{
    struct stat st;

    assert_int_equal(lstat(at(path), &st), 0);
    assert_int_equal(st.st_mode, mode);
}

static void assert_absent(const char *path)
{
    struct stat st;

    assert_int_equal(lstat(at(path), &st), -1);
    assert_int_equal(errno, ENOENT);
}

static int begin(void **state)
{
    (void)state;
    strcpy(root + strlen(root) - 6, "XXXXXX");
    said[0] = '\0';
    return mkdtemp(root) == NULL;
}

static int end(void **state)
{
    char command[256];

    (void)state;
    snprintf(command, sizeof(command), "rm -rf '%s'", root);
    return system(command);
}

static void test_made_and_removed(void **state)
{
    char target[64] = "";

    (void)state;
    assert_int_equal(boot_defaults_make(root, "hello", NULL), 0);
    assert_mode("/tmp", S_IFDIR | 01777);
    assert_mode("/etc", S_IFDIR | 0755);
    assert_mode("/etc/passwd", S_IFREG | 0644);
    assert_text("/etc/passwd", PASSWD);
    assert_text("/etc/group", "root:x:0:\n");
    assert_int_equal(readlink(at("/proc/self/exe"), target, sizeof(target) - 1), 10);
    assert_string_equal(target, "/bin/hello");
    boot_defaults_remove(root, "hello");
    assert_absent("/tmp");
    assert_absent("/etc");
    assert_absent("/proc");
    assert_string_equal(said, "");
}

/* What programs look for where there is a network, and only there. */
static void test_network(void **state)
{
    (void)state;
    assert_int_equal(boot_defaults_make(root, "hello", NULL), 0);
    assert_absent("/etc/hosts");
    assert_absent("/etc/resolv.conf");
    boot_defaults_remove(root, "hello");
    assert_int_equal(boot_defaults_make(root, "hello", "nameserver 10.0.2.3\n"), 0);
    assert_text("/etc/hosts", "127.0.0.1 localhost\n::1 localhost\n");
    assert_text("/etc/resolv.conf", "nameserver 10.0.2.3\n");
    assert_mode("/etc/services", S_IFREG | 0644);
    assert_mode("/etc/protocols", S_IFREG | 0644);
    put("/etc/hosts", "127.0.0.1 me\n");
    boot_defaults_remove(root, "hello");
    assert_absent("/etc/services");
    assert_absent("/etc/resolv.conf");
    assert_text("/etc/hosts", "127.0.0.1 me\n");
}

/* What the root brings stays, before and after. */
static void test_root_wins(void **state)
{
    (void)state;
    assert_int_equal(mkdir(at("/tmp"), 0700), 0);
    assert_int_equal(mkdir(at("/etc"), 0711), 0);
    put("/etc/passwd", "me:x:0:0:::\n");
    put("/proc", "no directory");
    assert_int_equal(boot_defaults_make(root, "hello", NULL), 0);
    assert_mode("/tmp", S_IFDIR | 0700);
    assert_mode("/etc", S_IFDIR | 0711);
    assert_text("/etc/passwd", "me:x:0:0:::\n");
    assert_text("/etc/group", "root:x:0:\n");
    boot_defaults_remove(root, "hello");
    assert_text("/etc/passwd", "me:x:0:0:::\n");
    assert_text("/proc", "no directory");
    assert_absent("/etc/group");
    assert_mode("/tmp", S_IFDIR | 0700);
}

/* Nothing is written through a link that the root brings, also one that leads nowhere. */
static void test_links(void **state)
{
    (void)state;
    put("/kept", "kept");
    assert_int_equal(mkdir(at("/etc"), 0755), 0);
    assert_int_equal(symlink("../kept", at("/etc/passwd")), 0);
    assert_int_equal(symlink("../new", at("/etc/group")), 0);
    assert_int_equal(symlink("nowhere", at("/proc")), 0);
    assert_int_equal(boot_defaults_make(root, "hello", NULL), 0);
    assert_text("/kept", "kept");
    assert_absent("/new");
    assert_absent("/nowhere");
    boot_defaults_remove(root, "hello");
    assert_text("/kept", "kept");
    assert_mode("/etc/passwd", S_IFLNK | 0777);
}

/* What the program changed is exported. */
static void test_changed(void **state)
{
    (void)state;
    assert_int_equal(boot_defaults_make(root, "hello", NULL), 0);
    put("/etc/passwd", PASSWD "me:x:1:1:::\n");
    put("/tmp/left", "");
    assert_int_equal(unlink(at("/proc/self/exe")), 0);
    assert_int_equal(symlink("/bin/other", at("/proc/self/exe")), 0);
    boot_defaults_remove(root, "hello");
    assert_text("/etc/passwd", PASSWD "me:x:1:1:::\n");
    assert_absent("/etc/group");
    assert_mode("/tmp/left", S_IFREG | 0644);
    assert_mode("/proc/self/exe", S_IFLNK | 0777);
}

static void test_no_room(void **state)
{
    const struct rlimit none = {0, RLIM_INFINITY};
    const struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};

    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    const int result = boot_defaults_make(root, "hello", NULL);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &all), 0);
    assert_int_equal(result, 0); /* the others are there */
    assert_string_equal(said,
                        "cannot make /etc/group: File too large; programs may miss it");
    assert_absent("/etc/passwd");
    assert_absent("/etc/group");
    assert_mode("/proc/self/exe", S_IFLNK | 0777);
}

static void test_no_tmp(void **state)
{
    (void)state;
    char folder[PATH_MAX], name[NAME_MAX + 2]; /* too long */
    memset(name, 'x', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    snprintf(folder, sizeof(folder), "%s/%s", root, name);
    assert_int_equal(boot_defaults_make(folder, "hello", NULL), -1);
    assert_non_null(strstr(said, "File name too long"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_made_and_removed, begin, end),
        cmocka_unit_test_setup_teardown(test_network, begin, end),
        cmocka_unit_test_setup_teardown(test_root_wins, begin, end),
        cmocka_unit_test_setup_teardown(test_links, begin, end),
        cmocka_unit_test_setup_teardown(test_changed, begin, end),
        cmocka_unit_test_setup_teardown(test_no_room, begin, end),
        cmocka_unit_test_setup_teardown(test_no_tmp, begin, end),
    };

    umask(022);
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
