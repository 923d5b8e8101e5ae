/*
 * Module files as a whole: the note, line by line, the exports, and files that cannot
 * be read. The registry and the messages are played here.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "elf_builder.h"
#include "fake_message.h"
#include "load/module.h"
#include "load/registry.h"

#define HEAD "cubicle-module 2\nisolation sfi\n"
#define UNIT "0123456789abcdef"

/* Interface `unit` has start(), `two` has imported() and missing(). */
static struct descriptor_function unit_functions[] = {{.name = "start"}};
static struct descriptor_function two_functions[] = {{.name = "imported", .number = 1},
                                                     {.name = "missing", .number = 2}};
static struct descriptor_function hidden_functions[] = {{.name = "other", .number = 3}};
static struct descriptor_function data_functions[] = {
    {.name = "exported_data", .number = 4}};
static struct descriptor interfaces[] = {
    {.name = "unit",
     .fingerprint = UINT64_C(0x0123456789abcdef),
     .functions = unit_functions,
     .nfunctions = 1},
    {.name = "two", .fingerprint = 2, .functions = two_functions, .nfunctions = 2},
    {.name = "hidden",
     .fingerprint = 3,
     .functions = hidden_functions,
     .nfunctions = 1},
    {.name = "data", .fingerprint = 4, .functions = data_functions, .nfunctions = 1},
};

static char path[64];
static struct module module;
static struct elf_builder builder;

const struct descriptor *registry_interface(const char *name, size_t len)
{
    static struct descriptor many[MODULE_INTERFACES_MAX + 1];
    for (size_t i = 0; i < sizeof(many) / sizeof(many[0]); i++) {
        char text[16];
        snprintf(text, sizeof(text), "many%zu", i);
        if (strlen(text) == len && memcmp(text, name, len) == 0) {
            many[i].name = "many";
            return &many[i];
        }
    }
    for (size_t i = 0; i < sizeof(interfaces) / sizeof(interfaces[0]); i++) {
        if (strlen(interfaces[i].name) == len &&
            memcmp(interfaces[i].name, name, len) == 0) {
            return &interfaces[i];
        }
    }
    return NULL;
}

const struct descriptor_function *registry_function(const char *name,
                                                    const struct descriptor **interface)
{
    for (size_t i = 0; i < sizeof(interfaces) / sizeof(interfaces[0]); i++) {
        const int k = descriptor_find(&interfaces[i], name);
        if (k >= 0) {
            *interface = &interfaces[i];
            return &interfaces[i].functions[k];
        }
    }
    return NULL;
}

size_t registry_functions(void)
{
    return 5;
}

static int setup(void **state)
{
    (void)state;
    snprintf(path, sizeof(path), "/tmp/test-module-XXXXXX");
    const int fd = mkstemp(path);
    close(fd);
    return fd < 0;
}

static int teardown(void **state)
{
    (void)state;
    return unlink(path);
}

static void write_file(const void *data, size_t size)
{
    FILE *file = fopen(path, "we");

    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void write_builder(void)
{
    size_t size;
    uint8_t *file = elf_finish(&builder, &size);

    write_file(file, size);
    free(file);
}

static int read_module(void)
{
    message[0] = '\0';
    module = (struct module){.name = "m"};
    return module_read(path, "sfi", &module);
}

static void refuse(const char *text)
{
    char expected[sizeof(message)];

    assert_int_equal(read_module(), -ENOEXEC);
    snprintf(expected, sizeof(expected), "%s: %s", path, text);
    assert_string_equal(message, expected);
    assert_null(module.image.file); /* nothing left to free */
}

static void refuse_note(const char *note, const char *text)
{
    elf_good(&builder, note);
    write_builder();
    refuse(text);
}

static void test_good(void **state)
{
    (void)state;
    elf_good(&builder, HEAD "provides unit " UNIT "\nuses two 0000000000000002");
    write_builder();
    assert_int_equal(read_module(), 0);
    assert_true(module_provides(&module, &interfaces[0]));
    assert_false(module_provides(&module, &interfaces[1]));
    assert_true(module_uses(&module, &interfaces[1]));
    assert_false(module_uses(&module, &interfaces[0]));
    module.base[IMAGE_CODE] = 0x100000;
    assert_int_equal(module_entry(&module, &unit_functions[0]), 0x100000);
    assert_int_equal(module_entry(&module, &hidden_functions[0]), 0);
    assert_int_equal(module_entry(&module, &two_functions[0]), 0);
    assert_true(module_has_entry_at(&module, 0x100000));
    assert_false(module_has_entry_at(&module, 0x100020));
    assert_false(module_has_entry_at(&module, UINT64_C(0x100100000)));
    assert_true(module_imports(&module, &two_functions[0]));
    assert_false(module_imports(&module, &two_functions[1]));
    assert_false(module_imports(&module, &unit_functions[0]));
    assert_false(module_imports(&module, NULL));
    assert_int_equal(module_segment_pages(&module, IMAGE_CODE), 1);
    assert_int_equal(module_segment_pages(&module, IMAGE_DATA), 2);
    module_close(&module);
    assert_null(module.image.file);
}

static void test_notes(void **state)
{
    static const struct {
        const char *note, *text;
    } rows[] = {
        {NULL, "no .cubicle.note section: not a module; link it with cubicle-cc"},
        {"", "the note is not of format cubicle-module 2"},
        {"\n", "the note is not of format cubicle-module 2"},
        {"cubicle-module 1\n", "the module is of format 1, which another version's "
                               "cubicle-cc made; rebuild it "
                               "with this version's cubicle-cc"},
        {"cubicle-module 20\n", "the module is of format 20, which another version's "
                                "cubicle-cc made; rebuild it "
                                "with this version's cubicle-cc"},
        {"cubicle-module 2", "the note does not say how the code was made"},
        {"cubicle-module 2\nprovides unit " UNIT "\n",
         "the note does not say how the code was made"},
        {"cubicle-module 2\nisolation plain\n",
         "the module has plain code, but this isolation needs sfi code; rebuild it "
         "with "
         "cubicle-cc --cubicle-isolation=sfi"},
        {"cubicle-module 2\nisolation sfi2\n",
         "the module has sfi2 code, but this isolation needs sfi code; rebuild it with "
         "cubicle-cc --cubicle-isolation=sfi"},
        {"cubicle-module 2\nisolation \n",
         "the module has  code, but this isolation needs sfi code; rebuild it with "
         "cubicle-cc --cubicle-isolation=sfi"},
        {HEAD "\n", "the note has a bad line \"\""},
        {HEAD "provide unit " UNIT "\n",
         "the note has a bad line \"provide unit " UNIT "\""},
        {HEAD "provides\n", "the note has a bad line \"provides\""},
        {HEAD "provides \n", "the note has a bad line \"\""},
        {HEAD "provides unit\n", "the note has a bad line \"unit\""},
        {HEAD "provides " UNIT "\n", "the note has a bad line \"" UNIT "\""},
        {HEAD "provides  " UNIT "\n", "the note has a bad line \" " UNIT "\""},
        {HEAD "provides unit 0123456789ABCDEF\n",
         "the note has a bad line \"unit 0123456789ABCDEF\""},
        {HEAD "provides unit 0123456789abcde\n",
         "the note has a bad line \"unit 0123456789abcde\""},
        {HEAD "provides unit 0123456789abcdefg\n",
         "the note has a bad line \"unit 0123456789abcdefg\""},
        {HEAD "provides unit_" UNIT "\n", "the note has a bad line \"unit_" UNIT "\""},
        {HEAD "uses nobody " UNIT "\n",
         "interface nobody is not in the interface registry"},
        {HEAD "uses uni " UNIT "\n", "interface uni is not in the interface registry"},
        {HEAD "uses unit x " UNIT "\n",
         "interface unit x is not in the interface registry"},
        {HEAD "uses unit 0123456789abcdee\n",
         "interface unit has fingerprint 0123456789abcdee in the module, but "
         "0123456789abcdef in the registry: the module was built from another version "
         "of "
         "the header; rebuild it"},
        {HEAD "provides two 0000000000000002\n",
         "the module provides interface two but does not define its function "
         "imported"},
        {HEAD "uses unit " UNIT "\nuses two 0000000000000002\nuses unit " UNIT "\n",
         "the note names interface unit twice"},
        {HEAD "provides unit " UNIT "\nprovides unit " UNIT "\n",
         "the note names interface unit twice"},
        {HEAD
         "provides hidden 0000000000000003\n", /* local symbols are no entry points */
         "the module provides interface hidden but does not define its function other"},
        {HEAD "provides data 0000000000000004\n",
         "the module provides interface data but does not define its function "
         "exported_data"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        refuse_note(rows[i].note, rows[i].text);
    }
}

/* A global symbol, but not of a function in the code. */
static void test_export_not_code(void **state)
{
    static const uint16_t sections[] = {3 /* .data */, SHN_ABS, 9 /* .debug */};

    (void)state;
    for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
        elf_good(&builder, HEAD "provides data 0000000000000004\n");
        elf_symbol(&builder, "exported_data", STB_GLOBAL, STT_FUNC, sections[i], 0, 8);
        write_builder();
        refuse("the module provides interface data but does not define its function "
               "exported_data");
    }
}

/* There is one function of a name, not the first or the last of several. */
static void test_export_twice(void **state)
{
    (void)state;
    elf_good(&builder, HEAD "provides unit " UNIT "\n");
    elf_symbol(&builder, "start", STB_GLOBAL, STT_FUNC, 1, 32, 8);
    write_builder();
    refuse("function start is defined twice");
}

/* What a module only uses, and has a function of, is no entry point. */
static void test_export_not_provided(void **state)
{
    (void)state;
    elf_good(&builder, HEAD "uses unit " UNIT "\n");
    write_builder();
    assert_int_equal(read_module(), 0);
    module.base[IMAGE_CODE] = 0x100000;
    assert_int_equal(module_entry(&module, &unit_functions[0]), 0);
    assert_false(module_has_entry_at(&module, 0x100000));
    module_close(&module);
}

/* Whose code an address is in: all pages of it, and no byte around them. */
static void test_at(void **state)
{
    static struct module first, second, empty;
    static struct module *modules[] = {&first, &empty, &second};
    struct cubicle *cubicle = cubicle_create("c");

    (void)state;
    first.base[IMAGE_CODE] = 0x100000;
    first.image.segment_size[IMAGE_CODE] = 40;
    second.base[IMAGE_CODE] = 0x101000;
    second.image.segment_size[IMAGE_CODE] = 0x1001;
    assert_null(module_at(0x100000));
    cubicle->modules = modules;
    cubicle->nmodules = 3;
    assert_null(module_at(0xfffff));
    assert_ptr_equal(module_at(0x100000), &first);
    assert_ptr_equal(module_at(0x100fff), &first);
    assert_ptr_equal(module_at(0x101000), &second);
    assert_ptr_equal(module_at(0x102fff), &second);
    assert_null(module_at(0x103000));
    assert_null(module_at(0)); /* of no code */
    assert_null(module_at(UINT64_C(0x100100000)));
    cubicle->nmodules = 0;
}

/* R5, E3: callers enter at a bundle's start only. */
static void test_export_unaligned(void **state)
{
    (void)state;
    elf_good(&builder, HEAD "provides unit " UNIT "\n");
    builder.symbols[GOOD_START].symbol.st_value = 16;
    write_builder();
    refuse("function start is not aligned to 32 bytes");
}

static void test_too_many_interfaces(void **state)
{
    char *note = NULL;
    size_t size;
    FILE *out = open_memstream(&note, &size);
    char expected[100];

    (void)state;
    fputs(HEAD, out);
    for (int i = 0; i <= MODULE_INTERFACES_MAX; i++) {
        fprintf(out, "uses many%d 0000000000000000\n", i);
    }
    assert_int_equal(fclose(out), 0);
    snprintf(expected, sizeof(expected), "more than %d interfaces",
             MODULE_INTERFACES_MAX);
    refuse_note(note, expected);
    free(note);
    note = malloc(70000);
    assert_non_null(note);
    memset(note, 'x', 69999);
    note[69999] = '\0';
    refuse_note(note,
                "no .cubicle.note section: not a module; link it with cubicle-cc");
    free(note);
}

/* A note that is loaded, or has no contents, is none. */
static void test_note_elsewhere(void **state)
{
    static const char text[] = HEAD;

    (void)state;
    elf_good(&builder, NULL);
    elf_section(&builder, ".cubicle.note", SHT_PROGBITS, SHF_ALLOC, 1, text,
                strlen(text));
    write_builder();
    refuse("no .cubicle.note section: not a module; link it with cubicle-cc");
    elf_good(&builder, NULL);
    elf_section(&builder, ".cubicle.note", SHT_NOBITS, 0, 1, NULL, 100);
    write_builder();
    refuse("no .cubicle.note section: not a module; link it with cubicle-cc");
}

static void test_files(void **state)
{
    char start[sizeof(path) + 2];

    (void)state;
    write_file("", 0);
    refuse("the file is empty");
    write_file("x", 1);
    refuse("the file is too short for an ELF header (1 bytes)");

    assert_int_equal(unlink(path), 0);
    assert_int_equal(read_module(), -ENOENT);
    snprintf(start, sizeof(start), "%s: ", path);
    assert_memory_equal(message, start, strlen(start));
    assert_non_null(strstr(message, "cannot read the module: No such file"));

    assert_int_equal(mkdir(path, 0700), 0);
    refuse("not a regular file of at most 268435456 bytes");
    assert_int_equal(rmdir(path), 0);

    assert_int_equal(mkfifo(path, 0600), 0); /* and it does not wait for a writer */
    refuse("not a regular file of at most 268435456 bytes");
    assert_int_equal(unlink(path), 0);

    const int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(ftruncate(fd, (off_t)IMAGE_FILE_MAX + 1), 0);
    close(fd);
    refuse("not a regular file of at most 268435456 bytes");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_good),
        TEST(test_notes),
        TEST(test_export_not_code),
        TEST(test_export_twice),
        TEST(test_export_not_provided),
        TEST(test_at),
        TEST(test_export_unaligned),
        TEST(test_too_many_interfaces),
        TEST(test_note_elsewhere),
        TEST(test_files),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("module", tests, NULL, NULL);
}
