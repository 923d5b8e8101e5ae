#include "assemble.h"

#include "assembler.h"
#include "emit.h"
#include "object.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static bool write_source(const struct program *program, const char *name,
                         void (*writer)(const struct program *, FILE *))
{
    FILE *out = fopen(name, "w");

    if (!out) {
        return tool_fail("cannot write", name);
    }
    writer(program, out);
    bool ok = !ferror(out);

    return (fclose(out) == 0 && ok) || tool_fail("cannot write", name);
}

/* Writes the program with @writer and assembles it to @object. */
static bool assemble(const struct program *program, const char *assembler,
                     void (*writer)(const struct program *, FILE *), const char *object)
{
    char *source = tool_temporary(".s");

    if (!source) {
        return false;
    }
    bool ok = write_source(program, source, writer) &&
              assembler_run(assembler, source, object, false);

    unlink(source);
    return ok;
}

/* ---- sizes ---- */

static bool take_sizes(struct program *program, const struct object *object)
{
    const uint8_t *sizes =
        object->bytes + object_section(object, EMIT_SIZES_SECTION)->sh_offset;

    for (size_t s = 0; s < program->nsections; s++) {
        struct section *section = &program->sections[s];

        for (size_t i = 0; i < section->nitems; i++) {
            struct item *item = &section->items[i];

            if (item->kind != ITEM_UNIT) {
                continue;
            }
            item->size = *sizes++;
            if (!item->size || item->size > BUNDLE) {
                program_error(program, item->place, NULL,
                              "`%s': %u bytes do not fit into one bundle", item->text,
                              item->size);
            }
            for (unsigned option = 0; option < STRETCH_OPTIONS; option++) {
                if (item->stretches & 1u << option) {
                    item->longer[option] = (uint8_t)(*sizes++ - item->size);
                }
            }
        }
    }
    return program->nerrors == 0;
}

bool assemble_sizes(struct program *program, const char *assembler)
{
    char *name = tool_temporary(".o");
    struct object object;

    if (!name) {
        return false;
    }
    bool ok = assemble(program, assembler, emit_for_sizes, name);

    if (ok && !object_open(name, &object)) {
        ok = tool_fail("cannot read", name);
    } else if (ok) {
        ok = take_sizes(program, &object);
        object_close(&object);
    }
    unlink(name);
    return ok;
}

/* Adds up the code bytes of the object and compares: one wrong size moves everything.
 */
static bool check_sizes(const struct program *program, const struct object *object)
{
    uint64_t expected = 0;
    uint64_t found = 0;

    for (size_t i = 0; i < program->nsections; i++) {
        if (program->sections[i].code) {
            expected +=
                (program->sections[i].size + BUNDLE - 1) & ~(uint64_t)(BUNDLE - 1);
        }
    }
    for (unsigned i = 0; i < object->nsections; i++) {
        if (object->sections[i].sh_flags & SHF_EXECINSTR) {
            found += object->sections[i].sh_size;
        }
    }
    if (found != expected) {
        fprintf(
            stderr,
            "cubicle-rewrite: %s: the assembler made %llu bytes of code of a layout of "
            "%llu\n",
            program->input, (unsigned long long)found, (unsigned long long)expected);
        return false;
    }
    return true;
}

bool assemble_object(const struct program *program, const char *assembler,
                     const char *name)
{
    struct object object;
    struct stat st;

    if (!assemble(program, assembler, emit, name)) {
        return false;
    }
    if (stat(name, &st) == 0 && !S_ISREG(st.st_mode)) {
        return true; /* with /dev/null the caller wants only the messages */
    }
    if (!object_open(name, &object)) {
        return tool_fail("cannot read", name);
    }
    bool ok = check_sizes(program, &object);

    object_close(&object);
    if (!ok) {
        unlink(name);
    }
    return ok;
}
