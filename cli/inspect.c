/* Shows a module as the loader reads it: with the loader's own parsers. */
#include "cli.h"
#include "load/module.h"
#include "load/registry.h"
#include "module_file.h"
#include "module_note.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char doc[] =
    "Shows a module: its entry points with their annotations, what it imports, and its "
    "sizes.\v"
    "MODULE is the path of a module file, or the name of a module of this build.\n"
    "Exit status: 0, or 1 when the file is not a module that the loader would read.";

static const char *const segment_names[IMAGE_SEGMENTS + 1] = {
    [IMAGE_CODE] = "code", [IMAGE_RODATA] = "rodata", [IMAGE_DATA] = "data",
    [IMAGE_TLS] = "tls",   [IMAGE_NOT_LOADED] = "-",
};

/* The kind of code that the note names, "sfi" or "plain"; reading it again with that
 * word then finds everything else that is wrong. */
static const char *code_kind(const char *path)
{
    struct image_error error;
    struct module_note note;

    return module_note_read(path, &note, &error) == 0 && note.plain ? "plain" : "sfi";
}

static void print_size(const struct descriptor_function *function,
                       const struct descriptor_arg *arg)
{
    switch (arg->size_kind) {
    case DESCRIPTOR_SIZE_CONST:
        printf("[%" PRIu32 "]", arg->size_value);
        break;
    case DESCRIPTOR_SIZE_ARG:
        printf("[%s]", function->args[arg->size_value].name);
        break;
    case DESCRIPTOR_SIZE_DEREF:
        printf("[*%s]", function->args[arg->size_value].name);
        break;
    case DESCRIPTOR_SIZE_NONE:
        break;
    }
    fputs(arg->ret ? " ret" : "", stdout);
    fputs(arg->on_demand ? " on_demand" : "", stdout);
    fputs(arg->or_null ? " or_null" : "", stdout);
}

static void print_arg(const struct descriptor_function *function,
                      const struct descriptor_arg *arg)
{
    static const char *const kinds[] = {
        [DESCRIPTOR_CALLER] = "caller", [DESCRIPTOR_OPAQUE] = "opaque",
        [DESCRIPTOR_STRING] = "string", [DESCRIPTOR_IN] = "in",
        [DESCRIPTOR_OUT] = "out",       [DESCRIPTOR_INOUT] = "inout",
    };

    if (arg->kind == DESCRIPTOR_VALUE) {
        printf("%s %s", descriptor_type_name(arg->type), arg->name);
        return;
    }
    printf("%s %s", kinds[arg->kind], arg->name);
    if (arg->kind == DESCRIPTOR_STRING) {
        printf("[%" PRIu32 "]%s", arg->size_value, arg->or_null ? " or_null" : "");
    } else {
        print_size(function, arg);
    }
}

static void print_function(const struct descriptor_function *function)
{
    printf("    %s %s(", descriptor_type_name(function->returns), function->name);
    for (uint8_t i = 0; i < function->nargs; i++) {
        fputs(i > 0 ? ", " : "", stdout);
        print_arg(function, &function->args[i]);
    }
    printf(")%s%s\n", function->noreturn ? " noreturn" : "",
           function->boot_only ? " boot_only" : "");
}

static void print_provided(const struct module *module)
{
    printf("provides%s\n", module->nprovides > 0 ? "" : "  nothing");
    for (size_t i = 0; i < module->nprovides; i++) {
        const struct descriptor *interface = module->provides[i];
        printf("  %s  %016" PRIx64 "\n", interface->name, interface->fingerprint);
        for (size_t k = 0; k < interface->nfunctions; k++) {
            print_function(&interface->functions[k]);
        }
    }
}

static void print_imports_of(const struct module *module,
                             const struct descriptor *interface)
{
    for (size_t k = 0; k < interface->nfunctions; k++) {
        if (module_imports(module, &interface->functions[k])) {
            printf("    %s\n", interface->functions[k].name);
        }
    }
}

static void print_used(const struct module *module)
{
    printf("uses%s\n", module->nuses > 0 ? "" : "  nothing");
    for (size_t i = 0; i < module->nuses; i++) {
        const struct descriptor *interface = module->uses[i];
        printf("  %s  %016" PRIx64 "%s\n", interface->name, interface->fingerprint,
               interface->many ? "  (bound by the provider's name)" : "");
        print_imports_of(module, interface);
    }
}

static void print_sizes(const struct image *image)
{
    printf("sizes in bytes\n");
    for (int segment = 0; segment < IMAGE_SEGMENTS; segment++) {
        printf("  %-8s %10" PRIu64 "\n", segment_names[segment],
               image->segment_size[segment]);
    }
    printf("  %-8s %10zu\n", "file", image->file_size);
}

static void print_sections(const struct image *image)
{
    printf("sections\n");
    for (size_t i = 0; i < image->nsections; i++) {
        const struct image_section *section = &image->sections[i];
        if (section->segment != IMAGE_NOT_LOADED) {
            printf("  %-8s %8" PRIx64 " %10" PRIu64 "  ",
                   segment_names[section->segment], section->at, section->size);
            module_print_name(section->name);
            putchar('\n');
        }
    }
}

int cli_inspect(int argc, char **argv)
{
    static struct module module;
    struct module_options options;

    module_options_parse(argc, argv, doc, MODULE_INSPECT, &options);
    if (registry_read(options.interfaces) != 0) {
        return CLI_EXIT_NO;
    }
    const char *kind = code_kind(options.path);
    if (module_read(options.path, kind, &module) != 0) {
        return CLI_EXIT_NO;
    }
    module_print_name(options.path);
    printf("\n  %s code\n", strcmp(kind, "sfi") == 0 ? "sfi" : "plain, not isolated");
    print_provided(&module);
    print_used(&module);
    print_sizes(&module.image);
    if (options.sections) {
        print_sections(&module.image);
    }
    module_close(&module);
    return CLI_EXIT_OK;
}
