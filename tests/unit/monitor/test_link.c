/*
 * Relocations: what a module may bind to, and that every value that does not fit its
 * field is refused with place, type and symbol. The module lies in memory of this test,
 * its code at a real low address as in a system; imports lead to trampolines that are
 * only numbers.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include <cpuid.h>

#include "base/thread.h"
#include "call/trampoline.h"
#include "elf_builder.h"
#include "fake_message.h"
#include "load/link.h"
#include "load/registry.h"

#define CODE 0x10000000u
#define CONSTANTS 0x20000000u
#define VARIABLES 0x30000000u
#define STUB 0x7f000060u
#define TP_DISP (-0x2340)
#define VIEW_DISP (TP_DISP + (int32_t)offsetof(struct thread, shown.view))

static uint8_t data_memory[3 * PAGE_SIZE];
static struct cubicle cubicle = {
    .id = 1, .name = "c", .stack_size = 0x30000, .descriptors = 5000};
static struct module module;
static struct elf_builder builder;
static struct monitor_config config;
static struct cubicle other = {.id = 2, .name = "d"};
static struct module providers[2];
static const struct gate_interface *own_gates(const char *name);
static struct link_system whole = {
    .modules = providers, .config = &config, .gates = own_gates};

/* Interface `unit` has imported(); `cubicle` a gate of each kind. */
static struct descriptor_function imported = {.name = "imported"};
static const struct descriptor_function gates[] = {
    {.name = "gate_plain"},     {.name = "gate_host"},      {.name = "gate_hostnet"},
    {.name = "gate_hostfiles"}, {.name = "gate_allocator"}, {.name = "gate_missing"}};
static struct descriptor unit = {.name = "unit"},
                         monitors = {.name = "cubicle", .fingerprint = 0xc0de};
static bool no_room, as_boot;
static unsigned rights;   /* of the module */
static bool without_note; /* the one that says what the module uses */
static struct trampoline made;
static unsigned renewed, ncreated;
static bool none_renewed;
static uint32_t spells_below;

const struct descriptor_function *registry_function(const char *name,
                                                    const struct descriptor **interface)
{
    for (size_t i = 0; i < sizeof(gates) / sizeof(gates[0]); i++) {
        if (strcmp(name, gates[i].name) == 0) {
            *interface = &monitors;
            return &gates[i];
        }
    }
    *interface = &unit;
    return strcmp(name, "imported") == 0 ? &imported : NULL;
}

const struct descriptor *registry_interface(const char *name, size_t len)
{
    (void)name;
    (void)len;
    return NULL;
}

static const struct gate_interface *own_gates(const char *name)
{
    static const struct gate found[] = {
        {"gate_plain", NULL, 0},
        {"gate_host", NULL, MONITOR_RIGHT_HOST},
        {"gate_hostnet", NULL, MONITOR_RIGHT_HOSTNET},
        {"gate_hostfiles", NULL, MONITOR_RIGHT_HOSTFILES},
        {"gate_allocator", NULL, MONITOR_RIGHT_ALLOCATOR},
    };
    static const struct gate_interface own = {
        .name = "cubicle", .fingerprint = 0xc0de, .gates = found, .ngates = 5};

    return strcmp(name, "cubicle") == 0 ? &own : NULL;
}

bool module_provides(const struct module *m, const struct descriptor *interface)
{
    for (size_t i = 0; i < m->nprovides; i++) {
        if (m->provides[i] == interface) {
            return true;
        }
    }
    return false;
}

bool module_uses(const struct module *m, const struct descriptor *interface)
{
    return m->nuses > 0 && (interface == &monitors || m->uses[0] == interface);
}

uint32_t module_entry(const struct module *m,
                      const struct descriptor_function *function)
{
    (void)m;
    (void)function;
    return CODE + 32;
}

/* In these tests: `imported`, or nothing. */
bool module_imports(const struct module *m, const struct descriptor_function *function)
{
    return function == &imported && m->imports != NULL;
}

struct trampoline *trampoline_at(uint32_t address)
{
    return address == made.entry ? &made : NULL;
}

struct trampoline *trampoline_create(unsigned caller, unsigned callee,
                                     const char *interface,
                                     const struct descriptor_function *function,
                                     uint64_t target, bool fenv)
{
    (void)fenv;
    ncreated++;
    made = (struct trampoline){.caller = (uint16_t)caller,
                               .callee = (uint16_t)callee,
                               .interface = interface,
                               .function = function,
                               .target = target,
                               .entry = STUB};
    return no_room ? NULL : &made;
}

struct trampoline *trampoline_renew(uint32_t entry)
{
    if (no_room || none_renewed) {
        return NULL;
    }
    assert_int_equal(entry, made.entry);
    made.entry += 96;
    renewed++;
    return &made;
}

/* The distances that must not be are those to the stubs below spells_below. */
bool link_spells(const uint8_t *code, uint64_t size, uint64_t offset, uint32_t value)
{
    assert_true(offset + 4 <= size);
    return (uint32_t)(uintptr_t)(code + offset) + value < spells_below;
}

int32_t thread_disp(void)
{
    return TP_DISP;
}

/* The code lies where a module's would; everything else is reached through a view. */
static int setup_memory(void **state)
{
    (void)state;
    const void *code = mmap((void *)(uintptr_t)CODE, PAGE_SIZE, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    cubicle.view = (uint64_t)(uintptr_t)data_memory - VARIABLES;
    return code != (void *)(uintptr_t)CODE;
}

/* A good module without relocations; the test adds its own. */
static void begin(void)
{
    elf_good(&builder, "x");
    builder.nrelas = 0;
    message[0] = '\0';
    no_room = false;
    renewed = 0;
    spells_below = 0;
    providers[0] = (struct module){
        .name = "p", .cubicle = &other, .provides = {&unit}, .nprovides = 1};
    providers[1] = providers[0];
    providers[1].name = "q";
    whole.nmodules = 1;
}

static int relocate(void)
{
    struct image_error error;
    size_t size;
    uint8_t *file = elf_finish(&builder, &size);

    module =
        (struct module){.name = "m",
                        .cubicle = &cubicle,
                        .is_boot = as_boot,
                        .rights = rights,
                        .uses = {&unit},
                        .nuses = without_note ? 0 : 1,
                        .base = {CODE, CONSTANTS, VARIABLES, CONSTANTS + PAGE_SIZE}};
    assert_int_equal(image_open("m.cub", file, size, &module.image, &error), 0);
    memset((void *)(uintptr_t)CODE, 0xcc, PAGE_SIZE);
    memset(data_memory, 0x77, sizeof(data_memory));
    const int failed = link_relocate(&whole, &module);
    image_close(&module.image);
    return failed;
}

static uint64_t field(uint32_t at, size_t width)
{
    uint64_t value = 0;
    const uint8_t *memory = at < CONSTANTS ? (const uint8_t *)(uintptr_t)at
                                           : data_memory + (at - VARIABLES);

    memcpy(&value, memory, width);
    return value;
}

#define TEXT 1 /* sections of elf_good() */
#define DATA 3
#define DATA_AT (VARIABLES + 24) /* behind the arrays of constructors */

/* The value of each kind of symbol in each kind of field. */
static void test_values(void **state)
{
    static const struct {
        uint32_t type;
        unsigned symbol;
        int64_t addend;
        uint64_t value;
    } rows[] = {
        {R_X86_64_64, GOOD_START, 5, CODE + 5},
        {R_X86_64_64, GOOD_START, -1, CODE - 1},
        {R_X86_64_64, GOOD_OTHER, 0, CODE + 32},
        {R_X86_64_64, GOOD_TABLE, 0, CONSTANTS + 8},
        {R_X86_64_64, GOOD_COUNTER, 0, DATA_AT + 24},
        {R_X86_64_64, GOOD_ZEROS, 0, VARIABLES + 64},
        {R_X86_64_64, GOOD_ABSOLUTE, INT64_MAX, (uint64_t)INT64_MAX + 0x1234},
        {R_X86_64_64, GOOD_START, INT64_MIN, (UINT64_C(1) << 63) + CODE},
        {R_X86_64_64, GOOD_WEAK, 0, 0},
        {R_X86_64_64, GOOD_IMPORTED, 0, STUB},
        {R_X86_64_32, GOOD_ABSOLUTE, 0xffffffff - 0x1234, 0xffffffff},
        {R_X86_64_32S, GOOD_ABSOLUTE, -0x1235, 0xffffffff},
        {R_X86_64_32S, GOOD_ABSOLUTE, 0x7fffffff - 0x1234, 0x7fffffff},
        {R_X86_64_32S, GOOD_ABSOLUTE, INT32_MIN - 0x1234ll, 0x80000000},
        {R_X86_64_PC32, GOOD_TABLE, -4, (uint32_t)(CONSTANTS + 8 - 4 - CODE - 16)},
        {R_X86_64_PLT32, GOOD_IMPORTED, -4, STUB - 4 - CODE - 16},
        {R_X86_64_PC32, GOOD_START, -4, (uint32_t)(-4 - 16)},
        /* 36 bytes of TLS, aligned to 16: the block starts at -48. */
        {R_X86_64_TPOFF32, GOOD_TLS, 0, (uint32_t)(4 - 48)},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const size_t width = rows[i].type == R_X86_64_64 ? 8 : 4;
        begin();
        elf_rela(&builder, TEXT, 16, rows[i].type, rows[i].symbol, rows[i].addend);
        assert_int_equal(relocate(), 0);
        assert_int_equal(field(CODE + 16, width), rows[i].value);
        assert_int_equal(field(CODE + 15, 1), 0xcc); /* and nothing around it */
        assert_int_equal(field(CODE + 16 + (uint32_t)width, 1), 0xcc);
        assert_string_equal(message, "");
    }
}

/* What does not fit, by the smallest margin and by the largest. */
static void test_out_of_range(void **state)
{
    static const struct {
        uint32_t type;
        unsigned symbol;
        int64_t addend;
        const char *name;
    } rows[] = {
        {R_X86_64_32, GOOD_ABSOLUTE, 0x100000000 - 0x1234, "absolute"},
        {R_X86_64_32, GOOD_ABSOLUTE, -0x1235, "absolute"},
        {R_X86_64_32, GOOD_ABSOLUTE, INT64_MAX, "absolute"},
        {R_X86_64_32, GOOD_ABSOLUTE, INT64_MIN, "absolute"},
        {R_X86_64_32S, GOOD_ABSOLUTE, 0x80000000ll - 0x1234, "absolute"},
        {R_X86_64_32S, GOOD_ABSOLUTE, INT32_MIN - 0x1235ll, "absolute"},
        {R_X86_64_32S, GOOD_ABSOLUTE, INT64_MAX, "absolute"},
        {R_X86_64_PC32, GOOD_START, 0x80000010ll, "start"},
        {R_X86_64_PC32, GOOD_START, INT32_MIN + 15ll, "start"},
        {R_X86_64_PC32, GOOD_START, INT64_MIN, "start"},
        {R_X86_64_PLT32, GOOD_IMPORTED, INT64_MAX, "imported"},
        {R_X86_64_TPOFF32, GOOD_TLS, 0x80000000ll + 44, "tls"},
        {R_X86_64_TPOFF32, GOOD_TLS, INT64_MIN, "tls"},
    };
    char expected[256];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        begin();
        elf_rela(&builder, TEXT, 16, rows[i].type, rows[i].symbol, rows[i].addend);
        assert_int_equal(relocate(), -ENOEXEC);
        snprintf(expected, sizeof(expected),
                 "m.cub: .text+0x10: relocation of type %u against %s is out of range",
                 rows[i].type, rows[i].name);
        assert_string_equal(message, expected);
        assert_int_equal(field(CODE + 16, 4), 0xcccccccc);
    }
}

/* Relocations of data go through the owner's view. */
static void test_data(void **state)
{
    (void)state;
    begin();
    elf_rela(&builder, DATA, 16, R_X86_64_64, GOOD_OTHER, 1);
    elf_rela(&builder, DATA, 0, R_X86_64_32, GOOD_COUNTER, 0);
    assert_int_equal(relocate(), 0);
    assert_int_equal(field(DATA_AT + 16, 8), CODE + 33);
    assert_int_equal(field(DATA_AT, 4), DATA_AT + 24);
    assert_int_equal(field(DATA_AT + 4, 4), 0x77777777);
}

/* Thread-local symbols by thread-local relocations only, and the other way round. */
static void test_wrong_kind(void **state)
{
    static const struct {
        uint32_t type;
        unsigned symbol;
        const char *name;
    } rows[] = {
        {R_X86_64_32, GOOD_TLS, "tls"},
        {R_X86_64_64, GOOD_TLS, "tls"},
        {R_X86_64_PC32, GOOD_TLS, "tls"},
        {R_X86_64_TPOFF32, GOOD_COUNTER, "counter"},
        {R_X86_64_TPOFF32, GOOD_IMPORTED, "imported"},
        {R_X86_64_TPOFF32, GOOD_ABSOLUTE, "absolute"},
        {R_X86_64_TPOFF32, GOOD_WEAK, "weak"},
    };
    char expected[256];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        begin();
        elf_rela(&builder, TEXT, 8, rows[i].type, rows[i].symbol, 0);
        assert_int_equal(relocate(), -ENOEXEC);
        snprintf(expected, sizeof(expected),
                 "m.cub: .text+0x8: wrong kind of access to %s", rows[i].name);
        assert_string_equal(message, expected);
    }
}

static void test_not_loaded(void **state)
{
    (void)state;
    begin();
    elf_rela(&builder, TEXT, 0, R_X86_64_64, GOOD_DEBUG, 0);
    assert_int_equal(relocate(), -ENOEXEC);
    assert_string_equal(message,
                        "m.cub: debug lies in section .debug, which is not loaded");
}

/* A structural error of a relocation section is passed on. */
static void test_structure(void **state)
{
    (void)state;
    begin();
    elf_rela(&builder, TEXT, 62, R_X86_64_32, GOOD_START, 0);
    assert_int_equal(relocate(), -ENOEXEC);
    assert_string_equal(message, "m.cub: .text+0x3e: relocation outside the section");
}

static void import(const char *name)
{
    begin();
    const unsigned symbol =
        elf_symbol(&builder, name, STB_GLOBAL, STT_NOTYPE, SHN_UNDEF, 0, 0);
    elf_rela(&builder, TEXT, 0, R_X86_64_64, symbol, 0);
}

static void test_imports(void **state)
{
    (void)state;
    import("nobody");
    assert_int_equal(relocate(), -ENOEXEC);
    assert_string_equal(
        message, "m.cub: imports nobody, which no interface of the registry declares");
    import("gate_plain");
    assert_int_equal(relocate(), 0);
    assert_int_equal(made.caller, 1);
    assert_int_equal(made.callee, CUBICLE_MONITOR);
    static const char *const kept[] = {"host", "hostnet", "hostfiles", "allocator"};
    for (unsigned i = 0; i < 4; i++) {
        char name[32], expected[256];
        snprintf(name, sizeof(name), "gate_%s", kept[i]);
        import(name);
        rights = ~(1u << i);
        assert_int_equal(relocate(), -EPERM);
        snprintf(expected, sizeof(expected),
                 "m: the module imports %s, but the system's manifest does not name it "
                 "under `%s`",
                 name, kept[i]);
        assert_string_equal(message, expected);
        import(name);
        rights = 1u << i;
        assert_int_equal(relocate(), 0);
    }
    rights = 0;
    import("gate_missing");
    assert_int_equal(relocate(), -ENOEXEC);
    assert_string_equal(message, "m: the monitor has no function gate_missing");
    monitors.fingerprint = 0xbad;
    import("gate_plain");
    assert_int_equal(relocate(), -ENOEXEC);
    assert_string_equal(
        message,
        "m: interface cubicle has fingerprint 000000000000c0de in the monitor, "
        "but 0000000000000bad in the registry: the monitor was built from "
        "another version of the header; rebuild both");
    monitors.fingerprint = 0xc0de;
    without_note = true;
    import("imported");
    assert_int_equal(relocate(), -ENOEXEC);
    assert_non_null(strstr(message, "m.cub: imports imported of interface "));
    assert_non_null(strstr(message, ", which its note does not name"));
    without_note = false;
}

/* An interface that nobody provides, or that the note does not name; no more room. */
/* Where the distance to a stub spells something, the call goes to another one. */
static void test_spelling(void **state)
{
    static const struct {
        uint32_t below;
        unsigned renewed;
    } rows[] = {{0, 0}, {STUB - 4, 0}, {STUB, 1}, {STUB + 96, 2}, {UINT32_MAX, 8}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        begin();
        const unsigned symbol =
            elf_symbol(&builder, "imported", STB_GLOBAL, STT_NOTYPE, SHN_UNDEF, 0, 0);
        elf_rela(&builder, TEXT, 8, R_X86_64_PLT32, symbol, -4);
        spells_below = rows[i].below;
        assert_int_equal(relocate(), 0);
        assert_int_equal(renewed, rows[i].renewed);
        /* After the last try the field is what it is: verification refuses it. */
        const uint32_t last = rows[i].renewed == 8 ? 7 : renewed;
        assert_int_equal((uint32_t)field(CODE + 8, 4),
                         STUB + 96 * last - 4 - (CODE + 8));
    }
}

static void test_providers(void **state)
{
    struct monitor_binding binding = {"m", "unit", "q"};

    (void)state;
    import("imported");
    assert_int_equal(relocate(), 0);
    assert_int_equal(made.caller, 1);
    assert_int_equal(made.callee, 2);
    assert_int_equal(made.target, CODE + 32);
    import("imported");
    whole.nmodules = 0;
    assert_int_equal(relocate(), -ENOEXEC);
    assert_string_equal(message,
                        "m: imports imported of interface unit, but no module of the "
                        "system provides it");
    import("imported");
    no_room = true;
    assert_int_equal(relocate(), -ENOSPC);
    assert_string_equal(message, "m: cannot import imported");
    /* In the caller's own cubicle there is no trampoline: a plain address. */
    import("imported");
    providers[0].cubicle = &cubicle;
    assert_int_equal(relocate(), 0);
    assert_int_equal(field(CODE, 8), CODE + 32);
    /* Two of them need a binding, and the binding must exist. */
    import("imported");
    whole.nmodules = 2;
    assert_int_equal(relocate(), -ENOEXEC);
    assert_string_equal(message,
                        "m: both p and q provide interface unit for imported; name "
                        "one under `bind` in the system's manifest");
    config.bindings = &binding;
    config.nbindings = 1;
    import("imported");
    whole.nmodules = 2;
    assert_int_equal(relocate(), 0);
    binding.provider = "r";
    import("imported");
    whole.nmodules = 2;
    assert_int_equal(relocate(), -ENOEXEC);
    assert_string_equal(message,
                        "m: imports imported of interface unit, but module r does not "
                        "provide it");
    config.nbindings = 0;
}

/* A role's provider is whom the manifest has given it to, whoever else provides it. */
static void test_roles(void **state)
{
    static const struct {
        enum descriptor_role role;
        const char *key;
        struct module has;
    } rows[] = {
        {DESCRIPTOR_ROLE_HOST, "host", {.rights = MONITOR_RIGHT_HOST}},
        {DESCRIPTOR_ROLE_ALLOCATOR, "allocator", {.rights = MONITOR_RIGHT_ALLOCATOR}},
        {DESCRIPTOR_ROLE_APPLICATION, "application", {.name = "a"}},
    };
    char expected[256];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (unsigned with = 0; with < 2; with++) {
            unit.role = rows[i].role;
            config.application = with ? "q" : NULL;
            import("imported");
            whole.nmodules = 2;
            providers[1].rights = with ? rows[i].has.rights : ~rows[i].has.rights;
            providers[1].cubicle = &cubicle; /* a plain address tells which it is */
            made.callee = 77;
            const int result = relocate();
            assert_int_equal(result, with ? 0 : -ENOEXEC);
            assert_int_equal(made.callee, 77); /* nothing of providers[0] */
            snprintf(expected, sizeof(expected),
                     "m: imports imported of interface unit, but no module provides "
                     "it that the system's manifest names under `%s`",
                     rows[i].key);
            assert_string_equal(message, with ? "" : expected);
        }
    }
    unit.role = DESCRIPTOR_ROLE_NONE;
    config.application = NULL;
}

/* Only boot imports what is for boot, and nobody what only the monitor calls. */
static void test_boot_only(void **state)
{
    (void)state;
    imported.boot_only = true;
    import("imported");
    assert_int_equal(relocate(), -EPERM);
    assert_string_equal(
        message, "m: the module imports imported, but the system's manifest does "
                 "not name it as `boot`");
    import("imported");
    as_boot = true;
    assert_int_equal(relocate(), 0);
    imported.boot_only = false;
    unit.role = DESCRIPTOR_ROLE_BOOT;
    import("imported");
    assert_int_equal(relocate(), -EPERM);
    assert_string_equal(message,
                        "m: the module imports imported, which only the monitor calls, "
                        "of the module that is the system's `boot`");
    unit.role = DESCRIPTOR_ROLE_NONE;
    as_boot = false;
}

/* An allocator calls the monitor only, and nobody calls one of many by its name. */
static void test_not_importable(void **state)
{
    (void)state;
    import("imported");
    rights = MONITOR_RIGHT_ALLOCATOR;
    assert_int_equal(relocate(), -EPERM);
    assert_string_equal(
        message, "m: the module imports imported, but the system's manifest names "
                 "it as `allocator`, and such a module calls the monitor only");
    import("gate_allocator");
    assert_int_equal(relocate(), 0);
    rights = 0;
    unit.many = true;
    import("imported");
    assert_int_equal(relocate(), -ENOEXEC);
    assert_string_equal(message,
                        "m.cub: imports imported by name, but interface unit may have "
                        "several providers; bind one with unit_bind()");
    unit.many = false;
}

/* What the loader defines itself. */
static void test_loader_symbols(void **state)
{
    static const struct {
        const char *name;
        uint64_t value;
    } rows[] = {
        {"__cubicle_tp", (uint64_t)(int64_t)TP_DISP},
        {"__cubicle_view", (uint64_t)(int64_t)VIEW_DISP},
        {"__cubicle_tls_image", CONSTANTS + PAGE_SIZE},
        {"__cubicle_tls_filesz", 12},
        {"__cubicle_tls_memsz", 36},
        {"__cubicle_tls_align", 16},
        {"__cubicle_tls_offset", 48},
        {"__cubicle_stack_size", 0x30000},
        {"__cubicle_descriptors", 5000},
        {"__preinit_array_start", 0},
        {"__preinit_array_end", 0},
        {"__init_array_start", VARIABLES},
        {"__init_array_end", VARIABLES + 16},
        {"__fini_array_start", VARIABLES + 16},
        {"__fini_array_end", VARIABLES + 24},
        {"__cubicle_app_grouped", 0},
        {"__cubicle_alone", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        import(rows[i].name);
        assert_int_equal(relocate(), 0);
        assert_int_equal(field(CODE, 8), rows[i].value);
    }
}

/* Words of CPUID: of leaf 1 not the part that numbers processors. */
static void test_processor(void **state)
{
    static const char *const registers[] = {"eax", "ebx", "ecx", "edx"};
    static const unsigned leaves[] = {0, 1, 7, 0x80000001};
    char name[64];

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        unsigned words[4];
        assert_true(__get_cpuid_count(leaves[i], 0, &words[0], &words[1], &words[2],
                                      &words[3]));
        for (size_t k = 0; k < 4; k++) {
            const unsigned shown = leaves[i] == 1 && k == 1 ? 0xff00 : ~0u;
            snprintf(name, sizeof(name), "__cubicle_cpuid_%x_%s", leaves[i],
                     registers[k]);
            import(name);
            assert_int_equal(relocate(), 0);
            assert_int_equal(field(CODE, 8), words[k] & shown);
        }
    }
    import("__cubicle_xcr0");
    assert_int_equal(relocate(), 0);
    assert_int_equal((field(CODE, 8) & 7) == 7, __builtin_cpu_supports("avx") != 0);
    for (size_t i = 0; i < 4; i++) {
        static const char *const others[] = {
            "__cubicle_cpuid_2_eax", "__cubicle_cpuid_1_esi", "__cubicle_cpuid_",
            "__cubicle_cpuid_1_eax2"};
        import(others[i]);
        assert_int_equal(relocate(), -ENOEXEC);
    }
}

/* Whether a function is anybody else's too. */
static void test_sole(void **state)
{
    static bool imports[1];

    (void)state;
    for (unsigned n = 0; n <= 2; n++) {
        import("__cubicle_sole_imported");
        whole.nmodules = 2;
        for (unsigned i = 0; i < n; i++) {
            providers[i].imports = imports;
        }
        assert_int_equal(relocate(), 0);
        assert_int_equal(field(CODE, 8), n <= 1);
    }
    import("__cubicle_sole_unheard_of");
    assert_int_equal(relocate(), 0);
    assert_int_equal(field(CODE, 8), 1);
}

/* A symbol is asked for once, however many relocations name it. */
static void test_resolved_once(void **state)
{
    (void)state;
    import("imported");
    const unsigned symbol = builder.nsymbols - 1;
    for (unsigned i = 1; i < 8; i++) {
        elf_rela(&builder, TEXT, 8 * i - 8 + 8, R_X86_64_PLT32, symbol, -4);
    }
    ncreated = 0;
    assert_int_equal(relocate(), 0);
    assert_int_equal(ncreated, 1);
    for (unsigned i = 1; i < 7; i++) {
        assert_int_equal((uint32_t)field(CODE + 8 * i, 4), STUB - 4 - (CODE + 8 * i));
    }
}

/* No more room for stubs that suit: said once, and the end. */
static void test_spelling_full(void **state)
{
    (void)state;
    import("imported");
    elf_rela(&builder, TEXT, 8, R_X86_64_PLT32, builder.nsymbols - 1, -4);
    spells_below = UINT32_MAX;
    none_renewed = true;
    assert_int_equal(relocate(), -ENOSPC);
    none_renewed = false;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),         cmocka_unit_test(test_out_of_range),
        cmocka_unit_test(test_data),           cmocka_unit_test(test_wrong_kind),
        cmocka_unit_test(test_not_loaded),     cmocka_unit_test(test_structure),
        cmocka_unit_test(test_imports),        cmocka_unit_test(test_spelling),
        cmocka_unit_test(test_not_importable), cmocka_unit_test(test_providers),
        cmocka_unit_test(test_loader_symbols), cmocka_unit_test(test_processor),
        cmocka_unit_test(test_sole),           cmocka_unit_test(test_roles),
        cmocka_unit_test(test_boot_only),      cmocka_unit_test(test_resolved_once),
        cmocka_unit_test(test_spelling_full),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("link", tests, setup_memory, NULL);
}
