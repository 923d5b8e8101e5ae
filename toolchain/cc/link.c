/*
 * The link step. `ld -r` combines what the exports reach; the symbols that are then
 * still undefined decide which interfaces the module uses; `objcopy` makes everything
 * local but the exports and adds the note.
 */
#include "cc.h"
#include "object.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * Like sections are merged, so that the loader finds a handful of them. Code ends with
 * a bundle of int3, for the last function may end with a call that does not return.
 * %1$u bytes before the data move it to other addresses (island.c says why). They come
 * again before libc's data, because an object of the program that is aligned to a page
 * takes up the first.
 */
static const char linker_script[] =
    "SECTIONS\n"
    "{\n"
    "  .text 0 : {\n"
    "    *(.text .text.* .init .fini)\n"
    "    . = ALIGN(32);\n"
    "    QUAD(0xcccccccccccccccc) QUAD(0xcccccccccccccccc)\n"
    "    QUAD(0xcccccccccccccccc) QUAD(0xcccccccccccccccc)\n"
    "  }\n"
    "  .rodata 0 : {\n"
    "    . += %1$u; EXCLUDE_FILE(*libc.a:*) *(.rodata .rodata.*)\n"
    "    . += %1$u; *(.rodata .rodata.*)\n"
    "  }\n"
    "  .tdata 0 : { *(.tdata .tdata.*) }\n"
    "  .tbss 0 : { *(.tbss .tbss.*) }\n"
    "  .init_array 0 : {\n"
    "    __init_array_start = .;\n"
    "    KEEP(*(SORT_BY_INIT_PRIORITY(.init_array.*)))\n"
    "    KEEP(*(.init_array))\n"
    "    __init_array_end = .;\n"
    "  }\n"
    "  .fini_array 0 : {\n"
    "    __fini_array_start = .;\n"
    "    KEEP(*(SORT_BY_INIT_PRIORITY(.fini_array.*)))\n"
    "    KEEP(*(.fini_array))\n"
    "    __fini_array_end = .;\n"
    "  }\n"
    "  .data 0 : {\n"
    "    . += %1$u; EXCLUDE_FILE(*libc.a:*) *(.data .data.*)\n"
    "    . += %1$u; *(.data .data.*)\n"
    "  }\n"
    "  .bss 0 : {\n"
    "    . += %1$u; EXCLUDE_FILE(*libc.a:*) *(.bss .bss.* COMMON)\n"
    "    . += %1$u; *(.bss .bss.* COMMON)\n"
    "  }\n"
    "}\n";

static const char *write_file(const char *suffix, const char *text)
{
    const char *name = temporary_file(suffix);
    FILE *out = name ? fopen(name, "w") : NULL;

    if (!out || fputs(text, out) < 0 || fclose(out) != 0) {
        fail("cannot write a temporary file: %s", strerror(errno));
        return NULL;
    }
    return name;
}

static const char *write_list(const struct list *list)
{
    const char *name = temporary_file(".list");
    FILE *out = name ? fopen(name, "w") : NULL;

    if (!out) {
        return NULL;
    }
    for (size_t i = 0; i < list->count; i++) {
        fprintf(out, "%s\n", list->items[i]);
    }
    if (fclose(out) != 0) {
        fail("cannot write %s: %s", name, strerror(errno));
        return NULL;
    }
    return name;
}

/* ---- ld ---- */

/* The inputs and results of one link. */
struct module {
    const struct options *options;
    const struct list *objects;
    struct registry registry;
    struct list provides; /* interfaces */
    struct list uses;     /* interfaces */
    struct list exports;  /* functions */
    struct list absent;   /* weak and nowhere defined: address 0 */
    struct list unused;   /* undefined, and no code that was kept mentions them */
    struct list
        imported; /* imported although libc.a defines them: see link_symbols() */
    const char *script;
    const char *linked;
};

static bool add_provided(struct module *module, const char *name)
{
    const struct registry_interface *interface = registry_find(&module->registry, name);

    if (!interface) {
        return fail("interface `%s' is not in the registry %s", name,
                    module->options->interfaces);
    }
    if (!list_has(&module->provides, interface->name)) {
        list_add(&module->provides, interface->name);
        list_add_all(&module->exports, &interface->functions);
    }
    return true;
}

/* The objects in their order, between the start-up code and libc. */
static void add_inputs(const struct options *options, const struct list *objects,
                       struct list *argv)
{
    list_add_all(argv, &options->link);
    list_add(argv, arena_printf("-L%s/lib", options->sysroot));
    if (!options->no_startfiles) {
        list_add(argv, arena_printf("%s/lib/crt1.o", options->sysroot));
    }
    list_add_all(argv, objects);
    if (!options->no_libc) {
        list_add(argv, arena_printf("%s/lib/libc.a", options->sysroot));
    }
}

/* The linker's command line. With @trace ld prints the objects that mention that
 * symbol. */
static struct list linker_command(const struct module *module, const char *trace)
{
    struct list argv = {0};

    list_add(&argv, "ld");
    if (trace) {
        list_add(&argv, arena_printf("--trace-symbol=%s", trace));
    }
    list_add(&argv, "-r");
    list_add(&argv, "-nostdlib");
    list_add(&argv, "--gc-sections");
    list_add(&argv, "-d");
    list_add(&argv, "-T");
    list_add(&argv, module->script);
    for (size_t i = 0; i < module->exports.count; i++) {
        list_add(&argv, "-u");
        list_add(&argv, module->exports.items[i]);
    }
    for (size_t i = 0; i < module->absent.count; i++) {
        list_add(&argv, arena_printf("--defsym=%s=0", module->absent.items[i]));
    }
    for (size_t i = 0; i < module->imported.count; i++) {
        list_add(&argv, arena_printf("--wrap=%s", module->imported.items[i]));
    }
    list_add(&argv, "-o");
    list_add(&argv, module->linked);
    add_inputs(module->options, module->objects, &argv);
    return argv;
}

static bool run_linker(struct module *module)
{
    const struct list argv = linker_command(module, NULL);

    return process_run(module->options, &argv);
}

/*
 * The first object that mentions @name, as the command line has it: a source, an
 * object, or a member of an archive. ld prints "ld: FILE: reference to NAME". NULL
 * where it does not say.
 */
static const char *referrer(const struct module *module, const char *name)
{
    const struct list argv = linker_command(module, name);
    char line[4096];

    if (!process_read(&argv, STDERR_FILENO, line, sizeof(line))) {
        return NULL;
    }
    char *file = strchr(line, ' ');
    char *end = strstr(line, ": reference to ");

    if (!file || !end || file > end) {
        return NULL;
    }
    *end = '\0';
    for (size_t i = 0; i < module->options->ninputs && i < module->objects->count;
         i++) {
        if (!strcmp(module->objects->items[i], file + 1)) {
            return module->options->inputs[i].name;
        }
    }
    return arena_printf("%s", file + 1);
}

/* ---- symbols ---- */

/* Tells for each symbol whether a relocation mentions it (malloc, one byte per symbol).
 */
static bool *referenced_symbols(const struct object *object)
{
    bool *referenced = calloc(object->nsymbols + 1, sizeof(*referenced));

    for (unsigned i = 0; referenced && i < object->nsections; i++) {
        const Elf64_Shdr *section = &object->sections[i];
        const Elf64_Rela *relocations =
            (const void *)(object->bytes + section->sh_offset);

        size_t count =
            section->sh_type == SHT_RELA ? section->sh_size / sizeof(*relocations) : 0;

        for (size_t k = 0; k < count; k++) {
            referenced[ELF64_R_SYM(relocations[k].r_info)] = true;
        }
    }
    return referenced;
}

/* What ld --wrap puts in front of an undefined symbol's name. */
#define WRAP "__wrap_"

/* Decides what an undefined symbol is. */
static bool resolve(struct module *module, const char *name, bool weak)
{
    const struct registry_interface *interface;

    if (!strncmp(name, WRAP, strlen(WRAP)) &&
        list_has(&module->imported, name + strlen(WRAP))) {
        name += strlen(WRAP);
    }
    if (!strncmp(name, "__cubicle_", 10)) {
        return true; /* the loader defines it */
    }
    if (weak) {
        list_add(&module->absent, name);
        return true;
    }
    interface = registry_of_function(&module->registry, name);
    if (!interface) {
        const char *file = referrer(module, name);

        return fail(
            "%s%sundefined reference to `%s': not in the objects or libraries, and no "
            "interface of %s declares it",
            file ? file : "", file ? ": " : "", name, module->options->interfaces);
    }
    if (list_has(&module->provides, interface->name)) {
        return fail("`%s' is not defined, but the module is to provide interface `%s'",
                    name, interface->name);
    }
    if (!list_has(&module->uses, interface->name)) {
        list_add(&module->uses, interface->name);
    }
    return true;
}

static bool resolve_all(struct module *module, const struct object *object)
{
    bool *referenced = referenced_symbols(object);
    bool ok = referenced != NULL;

    for (size_t i = 1; referenced && i < object->nsymbols; i++) {
        const Elf64_Sym *symbol = &object->symbols[i];
        const char *name = arena_printf("%s", object_symbol_name(object, symbol));

        /* A call would reach the function that chooses. The rewriter says where it is. */
        if (ELF64_ST_TYPE(symbol->st_info) == STT_GNU_IFUNC) {
            ok = fail(
                "`%s': indirect functions (the attributes ifunc and target_clones) "
                "are not supported",
                name);
        }
        if (symbol->st_shndx != SHN_UNDEF || !*name) {
            continue;
        }
        if (!referenced[i] && !list_has(&module->exports, name)) {
            list_add(&module->unused, name);
        } else {
            ok &= resolve(module, name, ELF64_ST_BIND(symbol->st_info) == STB_WEAK);
        }
    }
    free(referenced);
    return ok;
}

static bool defines(const struct object *object, const char *name)
{
    for (size_t i = 1; i < object->nsymbols; i++) {
        if (object->symbols[i].st_shndx != SHN_UNDEF &&
            ELF64_ST_BIND(object->symbols[i].st_info) != STB_LOCAL &&
            !strcmp(object_symbol_name(object, &object->symbols[i]), name)) {
            return true;
        }
    }
    return false;
}

/* ---- the whole ---- */

/*
 * A program's main() may come from an archive, so only a link with the start of an
 * application among the exports shows whether there is one. If not, it is left out
 * again.
 */
static bool link_application(struct module *module, bool *application)
{
    const struct registry_interface *app = registry_find(&module->registry, "app");
    struct object object;

    *application = false;
    if (module->options->no_startfiles || module->options->dry_run || !app) {
        return true;
    }
    size_t without = module->exports.count;

    list_add_all(&module->exports, &app->functions);
    if (!run_linker(module)) {
        return false;
    }
    if (!object_open(module->linked, &object)) {
        return fail("cannot read the linked module: %s", strerror(errno));
    }
    *application = defines(&object, "main");
    object_close(&object);
    module->exports.count = without;
    module->exports.items[without] = NULL;
    return true;
}

static bool link_symbols(struct module *module)
{
    const struct options *options = module->options;
    bool application;
    struct object object;

    for (size_t i = 0; i < options->provides.count; i++) {
        if (!add_provided(module, options->provides.items[i])) {
            return false;
        }
    }
    if (!add_provided(module, "module") || !link_application(module, &application) ||
        (application && !add_provided(module, "app"))) {
        return false;
    }
    if (!application && !options->provides_given && !options->no_startfiles &&
        !options->dry_run) {
        return fail(
            "undefined reference to `main': a program needs it; a component says "
            "with --cubicle-provides=NAME what it provides");
    }
    /* Only an application has libc's app_main(); boot imports that of another module.
     */
    if (!list_has(&module->provides, "app") &&
        registry_find(&module->registry, "app")) {
        list_add_all(&module->imported,
                     &registry_find(&module->registry, "app")->functions);
    }
    if (!run_linker(module)) {
        return false;
    }
    if (!object_open(module->linked, &object)) {
        return fail("cannot read the linked module: %s", strerror(errno));
    }
    bool ok = resolve_all(module, &object);

    object_close(&object);
    return ok && (!module->absent.count || run_linker(module));
}

static bool write_script(struct module *module, unsigned padding)
{
    module->script = write_file(".ld", arena_printf(linker_script, padding));
    return module->script != NULL;
}

#define TRY_OTHER_ADDRESSES 2 /* exit status of cubicle-plain --linked --retry */
#define PADDING_STEP 8
#define PADDING_MAX 256

/* Removes forbidden bytes from the distances between the parts of plain code, and from
 * the addresses of its data. */
static bool clean_plain(struct module *module)
{
    for (unsigned padding = 0; !module->options->isolated; padding += PADDING_STEP) {
        struct list argv = {0};

        list_add(&argv, paths_plain());
        list_add(&argv, "--linked");
        if (padding < PADDING_MAX) {
            list_add(&argv, "--retry");
        }
        list_add(&argv, module->linked);
        int status = process_status(module->options, &argv);

        if (status != TRY_OTHER_ADDRESSES) {
            return status == 0;
        }
        if (!write_script(module, padding + PADDING_STEP) || !run_linker(module)) {
            return false;
        }
    }
    return true;
}

static bool finish(struct module *module)
{
    const char *note = temporary_file(".note");
    const char *exports = write_list(&module->exports);
    const char *unused = write_list(&module->unused);
    const char *output = module->options->output ? module->options->output : "a.out";
    struct list argv = {0};

    if (!note || !exports || !unused ||
        !note_write(note, module->options, &module->registry, &module->provides,
                    &module->uses)) {
        return false;
    }
    list_add(&argv, "objcopy");
    list_add(&argv, arena_printf("--keep-global-symbols=%s", exports));
    if (module->unused.count > 0) { /* objcopy fails on an empty list */
        list_add(&argv, arena_printf("--strip-symbols=%s", unused));
    }
    for (size_t i = 0; i < module->imported.count; i++) {
        const char *name = module->imported.items[i];
        list_add(&argv, arena_printf("--redefine-sym=" WRAP "%s=%s", name, name));
    }
    list_add(&argv, arena_printf("--add-section=.cubicle.note=%s", note));
    list_add(&argv, "--remove-section=.comment");
    list_add(&argv, "--remove-section=.note.*");
    list_add(&argv, "--remove-section=.eh_frame");
    list_add(&argv, "--remove-section=.rela.eh_frame");
    if (module->options->strip) {
        list_add(&argv, "--strip-debug");
    }
    list_add(&argv, module->linked);
    list_add(&argv, output);
    bool ok = process_run(module->options, &argv);

    if (!ok) {
        unlink(output);
    }
    return ok;
}

bool link_module(const struct options *options, const struct list *objects)
{
    struct module module = {.options = options, .objects = objects};

    if (!registry_read(options->interfaces, &module.registry)) {
        return false;
    }
    module.linked = temporary_file(".o");
    return write_script(&module, 0) && module.linked && link_symbols(&module) &&
           clean_plain(&module) && finish(&module);
}

bool link_partial(const struct options *options, const struct list *objects)
{
    struct list argv = {0};

    list_add(&argv, "ld");
    list_add(&argv, "-r");
    list_add(&argv, "-nostdlib");
    list_add(&argv, "-o");
    list_add(&argv, options->output ? options->output : "a.out");
    list_add_all(&argv, &options->link);
    list_add_all(&argv, objects);
    return process_run(options, &argv);
}
