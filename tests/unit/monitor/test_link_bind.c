/*
 * Interfaces with several providers: whom cubicle_bind() gives which table, and for which pairs
 * trampolines are written before the start.
 */
#include "load/link.h"

#include "fake_message.h"
#include "load/registry.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define VERSION UINT64_C(0x1234)

/* `fs` and `module` are of many providers, `unit` of one. */
static struct descriptor_function fs_functions[] = {{.name = "read"},
                                                    {.name = "write"}};
static struct descriptor_function one_function[] = {{.name = "run"}};
static const struct descriptor interfaces[] = {
    {"fs", true, DESCRIPTOR_ROLE_NONE, VERSION, 2, fs_functions, NULL},
    {"net", true, DESCRIPTOR_ROLE_NONE, VERSION, 1, one_function, NULL},
    {"module", true, DESCRIPTOR_ROLE_NONE, VERSION, 1, one_function, NULL},
    {"unit", false, DESCRIPTOR_ROLE_NONE, VERSION, 1, one_function, NULL},
};
enum { FS, NET, MODULE, UNIT, NINTERFACES };

enum { VFS = 1, RAMFS, HOSTFS, APP };
static struct cubicle cubicles[] = {
    {.id = 0}, {.id = VFS}, {.id = RAMFS}, {.id = HOSTFS}, {.id = APP}};
static bool imports; /* set: a module imports cubicle_bind() */
static struct module modules[4];
static struct monitor_binding bindings[4];
static struct monitor_config config;
static struct link_system whole = {
    .modules = modules, .nmodules = 4, .config = &config};

static bool no_room;
static unsigned nwritten; /* by link_function(), without those that were there */
static struct {
    const struct module *consumer, *provider;
    const struct descriptor_function *function;
} written[8];

const char *cubicle_name(unsigned id)
{
    static const char *const names[] = {"monitor", "vfs", "ramfs", "hostfs", "app"};
    return id < 5 ? names[id] : "?";
}

const struct descriptor *registry_interface(const char *name, size_t len)
{
    for (size_t i = 0; i < NINTERFACES; i++) {
        if (strlen(interfaces[i].name) == len &&
            memcmp(interfaces[i].name, name, len) == 0) {
            return &interfaces[i];
        }
    }
    return NULL;
}

bool module_provides(const struct module *module, const struct descriptor *interface)
{
    for (size_t i = 0; i < module->nprovides; i++) {
        if (module->provides[i] == interface) {
            return true;
        }
    }
    return false;
}

bool link_imports(const struct module *module, const char *name)
{
    assert_string_equal(name, "cubicle_bind");
    return module->imports != NULL;
}

/* The address says which function of which provider it is, and for whom. */
uint32_t link_function(const struct module *module, const struct module *provider,
                       const struct descriptor *interface,
                       const struct descriptor_function *function)
{
    assert_true(function >= interface->functions &&
                function < interface->functions + interface->nfunctions);
    for (unsigned i = 0; i < nwritten; i++) {
        if (written[i].consumer == module && written[i].provider == provider &&
            written[i].function == function) {
            return 0x7f000000u + 96 * i;
        }
    }
    if (no_room) {
        return 0;
    }
    assert_true(nwritten < 8);
    written[nwritten].consumer = module;
    written[nwritten].provider = provider;
    written[nwritten].function = function;
    return 0x7f000000u + 96 * nwritten++;
}

/* vfs may use ramfs as `fs`; hostfs is there, too. */
static int setup(void **state)
{
    (void)state;
    modules[0] =
        (struct module){.name = "vfs", .cubicle = &cubicles[VFS], .imports = &imports};
    modules[1] = (struct module){.name = "ramfs",
                                 .cubicle = &cubicles[RAMFS],
                                 .provides = {&interfaces[FS], &interfaces[MODULE],
                                              &interfaces[UNIT], &interfaces[NET]},
                                 .nprovides = 4};
    modules[2] = (struct module){.name = "hostfs",
                                 .cubicle = &cubicles[HOSTFS],
                                 .provides = {&interfaces[FS], &interfaces[NET]},
                                 .nprovides = 2};
    modules[3] =
        (struct module){.name = "app", .cubicle = &cubicles[APP], .imports = &imports};
    bindings[0] = (struct monitor_binding){"vfs", "fs", "ramfs"};
    config = (struct monitor_config){.bindings = bindings, .nbindings = 1};
    nwritten = 0;
    no_room = false;
    message[0] = '\0';
    return 0;
}

static int bind(unsigned caller, const char *interface, const char *provider,
                uint64_t *table, size_t size)
{
    message[0] = '\0';
    return link_bound_table(caller, interface, VERSION, provider, table, size);
}

/* A table of the provider's functions, in the order of the interface. */
static void test_bound(void **state)
{
    uint64_t table[3] = {1, 1, 1};

    (void)state;
    assert_int_equal(link_bind_providers(&whole), 0);
    assert_int_equal(nwritten, 2);
    assert_ptr_equal(written[0].consumer, &modules[0]);
    assert_ptr_equal(written[0].provider, &modules[1]);
    assert_int_equal(bind(VFS, "fs", "ramfs", table, 16), 0);
    assert_int_equal(table[0], 0x7f000000);
    assert_int_equal(table[1], 0x7f000060);
    assert_int_equal(table[2], 1);
    assert_ptr_equal(written[1].function, &fs_functions[1]);
    assert_int_equal(nwritten, 2);
}

/* Consumer, interface and provider: each must be what the manifest names. */
static void test_others(void **state)
{
    static const struct {
        unsigned caller;
        const char *interface, *provider, *who;
    } rows[] = {
        {APP, "fs", "ramfs", "app: may not use ramfs as interface fs"},
        {VFS, "fs", "hostfs", "vfs: may not use hostfs as interface fs"},
        {VFS, "net", "hostfs", "vfs: may not use hostfs as interface net"},
        {VFS, "net", "ramfs", "vfs: may not use ramfs as interface net"},
        {RAMFS, "fs", "ramfs", "ramfs: may not use ramfs as interface fs"},
        {HOSTFS, "fs", "ramfs", "hostfs: may not use ramfs as interface fs"},
    };
    char expected[256];

    (void)state;
    assert_int_equal(link_bind_providers(&whole), 0);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint64_t table[2] = {1, 1};
        const size_t size = strcmp(rows[i].interface, "fs") == 0 ? 16 : 8;
        assert_int_equal(
            bind(rows[i].caller, rows[i].interface, rows[i].provider, table, size),
            -EACCES);
        snprintf(expected, sizeof(expected),
                 "%s; the system's manifest says who may, under `bind`", rows[i].who);
        assert_string_equal(message, expected);
        assert_true(table[0] == 1 && table[1] == 1);
    }
    assert_int_equal(nwritten, 2);
}

/* What there is nothing of: the interface, the provider, or the interface of that provider. */
static void test_nothing(void **state)
{
    uint64_t table[2] = {1, 1};

    (void)state;
    bindings[1] = (struct monitor_binding){"vfs", "net", "app"};
    config.nbindings = 2;
    assert_int_equal(link_bind_providers(&whole), 0);
    assert_int_equal(bind(VFS, "fsx", "ramfs", table, 16), -ENOENT);
    assert_int_equal(bind(VFS, "fs", "nobody", table, 16), -ENOENT);
    assert_int_equal(bind(VFS, "net", "app", table, 8), -ENOENT);
    assert_true(table[0] == 1 && table[1] == 1);
    assert_string_equal(message, "");
    assert_int_equal(nwritten, 2); /* of `fs` */
}

/* Nobody binds what has one provider, nor what the monitor itself calls, whatever is named. */
static void test_not_bindable(void **state)
{
    uint64_t table[1] = {1};

    (void)state;
    bindings[0] = (struct monitor_binding){"vfs", "module", "ramfs"};
    bindings[1] = (struct monitor_binding){"vfs", "unit", "ramfs"};
    config.nbindings = 2;
    assert_int_equal(link_bind_providers(&whole), 0);
    assert_int_equal(nwritten, 0);
    assert_int_equal(bind(VFS, "module", "ramfs", table, 8), -ENOENT);
    assert_int_equal(bind(VFS, "unit", "ramfs", table, 8), -ENOENT);
    assert_int_equal(table[0], 1);
    assert_int_equal(nwritten, 0);
}

/* A caller that knows another version has room for another number of functions. */
static void test_versions(void **state)
{
    static const size_t sizes[] = {0, 8, 15, 17, 24, SIZE_MAX};
    uint64_t table[4] = {1, 1, 1, 1};

    (void)state;
    assert_int_equal(link_bind_providers(&whole), 0);
    assert_int_equal(link_bound_table(VFS, "fs", VERSION + 1, "ramfs", table, 16),
                     -EINVAL);
    assert_string_equal(
        message,
        "vfs: built with another version of interface fs than the registry's "
        "(fingerprint 0000000000001235, registry 0000000000001234); rebuild it");
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        assert_int_equal(bind(VFS, "fs", "ramfs", table, sizes[i]), -EINVAL);
    }
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(table[i], 1);
    }
}

/* A module that does not import cubicle_bind() gets no trampolines, and no table. */
static void test_no_import(void **state)
{
    uint64_t table[2] = {1, 1};

    (void)state;
    modules[0].imports = NULL;
    assert_int_equal(link_bind_providers(&whole), 0);
    assert_int_equal(nwritten, 0);
    assert_int_equal(bind(VFS, "fs", "ramfs", table, 16), -EACCES);
    assert_int_equal(table[0], 1);
    assert_int_equal(nwritten, 0);
}

/* R6: what was not written before the start is not written for a request. */
static void test_late(void **state)
{
    uint64_t table[2] = {1, 1};

    (void)state;
    config.nbindings = 0;
    assert_int_equal(link_bind_providers(&whole), 0);
    config.nbindings = 1;
    no_room = true;
    assert_int_equal(bind(VFS, "fs", "ramfs", table, 16), -ENOENT);
}

static void test_no_room(void **state)
{
    (void)state;
    no_room = true;
    assert_int_equal(link_bind_providers(&whole), -ENOSPC);
    assert_string_equal(message, "vfs: too many trampolines");
}

/* Names in the manifest of what is not in the system are left out. */
static void test_strangers(void **state)
{
    (void)state;
    bindings[0] = (struct monitor_binding){"nobody", "fs", "ramfs"};
    bindings[1] = (struct monitor_binding){"vfs", "fs", "nobody"};
    bindings[2] = (struct monitor_binding){"vfs", "nothing", "ramfs"};
    bindings[3] = (struct monitor_binding){"vfs", "net", "app"};
    config.nbindings = 4;
    assert_int_equal(link_bind_providers(&whole), 0);
    assert_int_equal(nwritten, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_bound, setup),
        cmocka_unit_test_setup(test_others, setup),
        cmocka_unit_test_setup(test_nothing, setup),
        cmocka_unit_test_setup(test_not_bindable, setup),
        cmocka_unit_test_setup(test_versions, setup),
        cmocka_unit_test_setup(test_no_import, setup),
        cmocka_unit_test_setup(test_late, setup),
        cmocka_unit_test_setup(test_no_room, setup),
        cmocka_unit_test_setup(test_strangers, setup),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("link_bind", tests, NULL, NULL);
}
