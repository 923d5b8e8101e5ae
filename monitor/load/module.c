#include "module.h"
#include "base/message.h"
#include "registry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NOTE_MAX 65536u

/* One line of the note, without its LF. */
struct note_line {
    const char *text;
    size_t len;
};

static bool note_next(const char **at, const char *end, struct note_line *line)
{
    if (*at == end) {
        return false;
    }
    const char *lf = memchr(*at, '\n', (size_t)(end - *at));
    line->text = *at;
    line->len = lf != NULL ? (size_t)(lf - *at) : (size_t)(end - *at);
    *at = lf != NULL ? lf + 1 : end;
    return true;
}

static bool note_starts(struct note_line *line, const char *word)
{
    const size_t len = strlen(word);
    if (line->len < len || memcmp(line->text, word, len) != 0) {
        return false;
    }
    line->text += len;
    line->len -= len;
    return true;
}

static bool note_hex(const char *text, uint64_t *value)
{
    *value = 0;
    for (size_t i = 0; i < 16; i++) {
        const char *digits = "0123456789abcdef";
        const char *digit = text[i] != '\0' ? strchr(digits, text[i]) : NULL;
        if (digit == NULL) {
            return false;
        }
        *value = *value << 4 | (uint64_t)(digit - digits);
    }
    return true;
}

/* "NAME FINGERPRINT": adds the interface to a list. */
static int note_interface(const char *path, const struct note_line *line,
                          const struct descriptor **list, size_t *count)
{
    uint64_t fingerprint;
    if (line->len < 18 || line->text[line->len - 17] != ' ' ||
        !note_hex(line->text + line->len - 16, &fingerprint)) {
        return message_error(-ENOEXEC, "%s: the note has a bad line \"%.*s\"", path,
                             (int)line->len, line->text);
    }
    const int len = (int)line->len - 17;
    const struct descriptor *interface = registry_interface(line->text, (size_t)len);
    if (interface == NULL) {
        return message_error(-ENOEXEC,
                             "%s: interface %.*s is not in the interface registry",
                             path, len, line->text);
    }
    if (interface->fingerprint != fingerprint) {
        return message_error(-ENOEXEC,
                             "%s: interface %s has fingerprint %016llx in the module, "
                             "but %016llx in the registry: the module was built from "
                             "another version of the header; rebuild it",
                             path, interface->name, (unsigned long long)fingerprint,
                             (unsigned long long)interface->fingerprint);
    }
    for (size_t i = 0; i < *count; i++) {
        if (list[i] == interface) {
            return message_error(-ENOEXEC, "%s: the note names interface %s twice",
                                 path, interface->name);
        }
    }
    if (*count == MODULE_INTERFACES_MAX) {
        return message_error(-ENOEXEC, "%s: more than %d interfaces", path,
                             MODULE_INTERFACES_MAX);
    }
    list[(*count)++] = interface;
    return 0;
}

static int module_read_note(const char *path, const char *code, struct module *module)
{
    const char *at = module->image.note;
    if (at == NULL || module->image.note_size > NOTE_MAX) {
        return message_error(-ENOEXEC,
                             "%s: no .cubicle.note section: not a module; link it with "
                             "cubicle-cc",
                             path);
    }
    const char *end = at + module->image.note_size;
    struct note_line line;
    if (!note_next(&at, end, &line) || !note_starts(&line, "cubicle-module ")) {
        return message_error(-ENOEXEC, "%s: the note is not of format cubicle-module 2",
                             path);
    }
    if (line.len != 1 || line.text[0] != '2') {
        return message_error(
            -ENOEXEC,
            "%s: the module is of format %.*s, which another version's "
            "cubicle-cc made; rebuild it with this version's cubicle-cc",
            path, (int)line.len, line.text);
    }
    if (!note_next(&at, end, &line) || !note_starts(&line, "isolation ")) {
        return message_error(-ENOEXEC,
                             "%s: the note does not say how the code was made", path);
    }
    if (line.len != strlen(code) || memcmp(line.text, code, line.len) != 0) {
        return message_error(
            -ENOEXEC,
            "%s: the module has %.*s code, but this isolation needs %s "
            "code; rebuild it with cubicle-cc --cubicle-isolation=%s",
            path, (int)line.len, line.text, code,
            strcmp(code, "sfi") == 0 ? "sfi" : "none");
    }
    while (note_next(&at, end, &line)) {
        int error;
        if (note_starts(&line, "provides ")) {
            error = note_interface(path, &line, module->provides, &module->nprovides);
        } else if (note_starts(&line, "uses ")) {
            error = note_interface(path, &line, module->uses, &module->nuses);
        } else {
            error = message_error(-ENOEXEC, "%s: the note has a bad line \"%.*s\"",
                                  path, (int)line.len, line.text);
        }
        if (error != 0) {
            return error;
        }
    }
    return 0;
}

static int module_allocate(const char *path, struct module *module)
{
    const size_t n = registry_functions();
    module->imports = calloc(n + 1, sizeof(*module->imports));
    module->entries = calloc(n + 1, sizeof(*module->entries));
    module->starts = calloc(n + 1, sizeof(*module->starts));
    if (module->imports == NULL || module->entries == NULL || module->starts == NULL) {
        return message_error(-ENOMEM, "%s: out of memory", path);
    }
    for (size_t i = 0; i < n; i++) {
        module->entries[i] = MODULE_NO_ENTRY;
    }
    return 0;
}

/* Enters a global symbol of the code: it may be a function of a provided interface. */
static int module_add_entry(const char *path, const char *code, struct module *module,
                            const struct image_symbol *symbol)
{
    const struct descriptor *interface;
    const struct descriptor_function *function =
        registry_function(symbol->name, &interface);
    if (function == NULL || !module_provides(module, interface)) {
        return 0;
    }
    const uint64_t at = module->image.sections[symbol->section].at + symbol->value;
    uint32_t *entry = &module->entries[function->number];
    if (*entry != MODULE_NO_ENTRY) {
        return message_error(-ENOEXEC, "%s: function %s is defined twice", path,
                             symbol->name);
    }
    if (at % BUNDLE_SIZE != 0 && strcmp(code, "sfi") == 0) {
        return message_error(-ENOEXEC, "%s: function %s is not aligned to %u bytes",
                             path, symbol->name, BUNDLE_SIZE);
    }
    *entry = (uint32_t)at;
    module->starts[module->nstarts++] = (uint32_t)at;
    return 0;
}

static int module_compare_starts(const void *a, const void *b)
{
    const uint32_t left = *(const uint32_t *)a;
    const uint32_t right = *(const uint32_t *)b;
    return left < right ? -1 : left > right;
}

/* Asks the registry for each symbol once, so that nobody has to look for a symbol by its
 * name: there can be millions, and with names that make the search long. */
static int module_read_symbols(const char *path, const char *code,
                               struct module *module)
{
    const struct image *image = &module->image;
    for (size_t i = 1; i < image->nsymbols; i++) {
        const struct image_symbol *symbol = &image->symbols[i];
        int error = 0;
        if (symbol->section == SHN_UNDEF) {
            const struct descriptor *interface;
            const struct descriptor_function *function =
                registry_function(symbol->name, &interface);
            if (function != NULL) {
                module->imports[function->number] = true;
            }
        } else if (symbol->binding != STB_LOCAL && symbol->section < image->nsections &&
                   image->sections[symbol->section].segment == IMAGE_CODE) {
            error = module_add_entry(path, code, module, symbol);
        }
        if (error != 0) {
            return error;
        }
    }
    qsort(module->starts, module->nstarts, sizeof(*module->starts),
          module_compare_starts);
    return 0;
}

/* Every function of every provided interface is there, global, and, where returns and
 * indirect calls are masked, at a bundle's start. */
static int module_check_exports(const char *path, const struct module *module)
{
    for (size_t i = 0; i < module->nprovides; i++) {
        const struct descriptor *interface = module->provides[i];
        for (size_t k = 0; k < interface->nfunctions; k++) {
            const struct descriptor_function *function = &interface->functions[k];
            if (module->entries[function->number] == MODULE_NO_ENTRY) {
                return message_error(
                    -ENOEXEC,
                    "%s: the module provides interface %s but does not "
                    "define its function %s",
                    path, interface->name, function->name);
            }
        }
    }
    return 0;
}

int module_read(const char *path, const char *code, struct module *module)
{
    struct image_error error = {0};
    uint8_t *data;
    size_t size;
    int failed = image_read_file(path, &data, &size, &error);
    if (failed == 0) {
        failed = image_open(path, data, size, &module->image, &error);
    }
    if (failed != 0) {
        return message_error(failed, "%s", error.text);
    }
    failed = module_read_note(path, code, module);
    if (failed == 0) {
        failed = module_allocate(path, module);
    }
    if (failed == 0) {
        failed = module_read_symbols(path, code, module);
    }
    if (failed == 0) {
        failed = module_check_exports(path, module);
    }
    if (failed != 0) {
        module_close(module);
    }
    return failed;
}

void module_close(struct module *module)
{
    free(module->imports);
    free(module->entries);
    free(module->starts);
    module->imports = NULL;
    module->entries = NULL;
    module->starts = NULL;
    image_close(&module->image);
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

bool module_uses(const struct module *module, const struct descriptor *interface)
{
    for (size_t i = 0; i < module->nuses; i++) {
        if (module->uses[i] == interface) {
            return true;
        }
    }
    return false;
}

uint32_t module_entry(const struct module *module,
                      const struct descriptor_function *function)
{
    const uint32_t at = module->entries[function->number];
    return at != MODULE_NO_ENTRY ? module->base[IMAGE_CODE] + at : 0;
}

bool module_has_entry_at(const struct module *module, uint64_t address)
{
    const uint64_t offset = address - module->base[IMAGE_CODE];
    const uint32_t at = (uint32_t)offset;
    return at == offset && bsearch(&at, module->starts, module->nstarts, sizeof(at),
                                   module_compare_starts) != NULL;
}

bool module_imports(const struct module *module,
                    const struct descriptor_function *function)
{
    return function != NULL && module->imports[function->number];
}

uint32_t module_segment_pages(const struct module *module, enum image_segment segment)
{
    return (uint32_t)(page_round_up(module->image.segment_size[segment]) >> PAGE_SHIFT);
}

const struct module *module_at(uint64_t address)
{
    for (unsigned id = 1; id <= cubicle_count(); id++) {
        const struct cubicle *cubicle = cubicle_get(id);
        for (size_t i = 0; i < cubicle->nmodules; i++) {
            const struct module *module = cubicle->modules[i];
            const uint64_t size = (uint64_t)module_segment_pages(module, IMAGE_CODE)
                                  << PAGE_SHIFT;
            if (size != 0 && address - module->base[IMAGE_CODE] < size) {
                return module;
            }
        }
    }
    return NULL;
}
