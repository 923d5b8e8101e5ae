#include "symbols.h"
#include "base/cubicle.h"
#include "base/message.h"
#include "base/utf8.h"
#include "call/trampoline_body.h"
#include "load/module.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NAME_SHOWN 256 /* of a longer name: many symbols can share one */

/* A module's author chooses the names in it: none may look like a line of its own. */
static void symbols_name(FILE *out, const char *name)
{
    char shown[NAME_SHOWN];
    const size_t len = strnlen(name, sizeof(shown));
    memcpy(shown, name, len);
    utf8_disarm(shown, len);
    for (size_t i = 0; i < len; i++) {
        (void)fputc(shown[i] != ' ' ? shown[i] : '?', out);
    }
}

/* A symbol's size is what its author says: it must not claim the code of others. */
static uint64_t symbols_size(const struct image_symbol *symbol,
                             const struct image_section *section)
{
    const uint64_t room = section->size - symbol->value;
    return symbol->size < room ? symbol->size : room;
}

static void symbols_module(FILE *out, const struct module *module)
{
    const struct image *image = &module->image;
    for (size_t i = 0; i < image->nsymbols; i++) {
        const struct image_symbol *symbol = &image->symbols[i];
        if (symbol->type != STT_FUNC || symbol->section == SHN_UNDEF ||
            symbol->section >= image->nsections) {
            continue;
        }
        const struct image_section *section = &image->sections[symbol->section];
        if (section->segment == IMAGE_CODE && symbols_size(symbol, section) != 0) {
            (void)fprintf(out, "%" PRIx64 " %" PRIx64 " ",
                          module->base[IMAGE_CODE] + section->at + symbol->value,
                          symbols_size(symbol, section));
            symbols_name(out, module->name);
            (void)fputc(':', out);
            symbols_name(out, symbol->name);
            (void)fputc('\n', out);
        }
    }
}

static void symbols_trampoline(FILE *out, const struct trampoline *t, uint64_t start,
                               uint64_t size)
{
    (void)fprintf(out, "%" PRIx64 " %" PRIx64 " trampoline:", start, size);
    symbols_name(out, cubicle_name(t->caller));
    (void)fputs("->", out);
    symbols_name(out, cubicle_name(t->callee));
    (void)fputc(':', out);
    symbols_name(out, t->function->name);
    (void)fputc('\n', out);
}

int symbols_write(int fd)
{
    const int copy = dup(fd);
    FILE *out = copy >= 0 ? fdopen(copy, "w") : NULL;
    int error = out == NULL ? -errno : 0;
    for (unsigned id = 1; error == 0 && id <= cubicle_count(); id++) {
        const struct cubicle *cubicle = cubicle_get(id);
        for (size_t i = 0; i < cubicle->nmodules; i++) {
            symbols_module(out, cubicle->modules[i]);
        }
    }
    for (uint32_t id = 1; error == 0 && id <= trampoline_count(); id++) {
        const struct trampoline *t = trampoline_get(id);
        /* Bodies follow each other in the order of their trampolines. */
        const struct trampoline *next = trampoline_get(id + 1);
        symbols_trampoline(out, t, t->entry, STUB_SIZE);
        symbols_trampoline(out, t, t->body,
                           next != NULL ? next->body - t->body : BODY_SIZE_MAX);
    }
    if (out != NULL) {
        const bool failed = ferror(out) != 0;
        if ((fclose(out) != 0 || failed) && error == 0) {
            error = errno != 0 ? -errno : -EIO;
        }
    } else if (copy >= 0) {
        (void)close(copy);
    }
    return error == 0 ? 0
                      : message_error(error, "cannot write the names of the code: %s",
                                      strerror(-error));
}
