#include "emit.h"

#include <string.h>

#define MAX_NOP 11

/* One nop for each length: several short ones would cost an execution slot each. */
static const char *const nops[MAX_NOP + 1] = {
    "",
    "0x90",
    "0x66,0x90",
    "0x0f,0x1f,0x00",
    "0x0f,0x1f,0x40,0x00",
    "0x0f,0x1f,0x44,0x00,0x00",
    "0x66,0x0f,0x1f,0x44,0x00,0x00",
    "0x0f,0x1f,0x80,0x00,0x00,0x00,0x00",
    "0x0f,0x1f,0x84,0x00,0x00,0x00,0x00,0x00",
    "0x66,0x0f,0x1f,0x84,0x00,0x00,0x00,0x00,0x00",
    "0x66,0x2e,0x0f,0x1f,0x84,0x00,0x00,0x00,0x00,0x00",
    "0x66,0x66,0x2e,0x0f,0x1f,0x84,0x00,0x00,0x00,0x00,0x00",
};

/*
 * Writes @size bytes of padding from @offset on. @stop: control never reaches the
 * padding. No nop may cross a bundle.
 */
static void emit_padding(FILE *out, unsigned offset, unsigned size, bool stop)
{
    if (stop && size) {
        fprintf(out, "\t.fill\t%u,1,0xcc\n", size);
        return;
    }
    while (size) {
        unsigned room = BUNDLE - offset % BUNDLE;
        unsigned piece = size < room ? size : room;

        /* Equal pieces rather than a long one and a rest of one byte. */
        unsigned count = (piece + MAX_NOP - 1) / MAX_NOP;
        unsigned nop = (piece + count - 1) / count;

        fprintf(out, "\t.byte\t%s\n", nops[nop]);
        offset += nop;
        size -= nop;
    }
}

/* Absolute operands of 32-bit addressing are written with the pseudo register %eiz. */
#define PSEUDO_REGISTERS "\t.allow_index_reg\n"

/* Lets the assembler's messages name the original source. */
static void emit_place(FILE *out, struct place *last, const struct place *place)
{
    if (place->file != last->file || place->line != last->line) {
        fprintf(out, "# %u \"%s\"\n", place->line, place->file);
        *last = *place;
    }
}

/* The assembler's names of STRETCH_*. */
static const char *const stretch_prefixes[STRETCH_OPTIONS] = {"{rex} ", "{disp32} "};

/* @stretch: bits 1 << STRETCH_*. */
static void emit_unit(const struct program *program, FILE *out, const struct item *item,
                      bool wide, unsigned stretch)
{
    if (item->unit == UNIT_BRANCH) {
        fprintf(out, "\t%s%s\t%s\n", wide ? "{disp32} " : "", item->text,
                program->symbol_names.names[item->symbol]);
        return;
    }
    fputc('\t', out);
    for (unsigned option = 0; option < STRETCH_OPTIONS; option++) {
        if (stretch & 1u << option) {
            fputs(stretch_prefixes[option], out);
        }
    }
    fprintf(out, "%s\n", item->text);
}

/* Emits the unit and a label behind it, whose number is counted in @nlabels. */
static void emit_sized(const struct program *program, FILE *out,
                       const struct item *item, unsigned stretch, unsigned *nlabels)
{
    emit_unit(program, out, item, true, stretch);
    fprintf(out, ".Lsize%u:\n", ++*nlabels);
}

void emit_for_sizes(const struct program *program, FILE *out)
{
    struct place last = {0};
    unsigned nlabels = 0;

    fputs(PSEUDO_REGISTERS, out);
    for (size_t i = 0; i < program->sections[0].nitems; i++) {
        const struct item *item = &program->sections[0].items[i];

        if (item->kind == ITEM_VERBATIM && !strncmp(item->text, ".set", 4)) {
            fprintf(out, "\t%s\n", item->text);
        }
    }
    fputs("\t.text\n.Lsize0:\n", out);
    for (size_t s = 0; s < program->nsections; s++) {
        const struct section *section = &program->sections[s];

        for (size_t i = 0; i < section->nitems; i++) {
            const struct item *item = &section->items[i];

            if (item->kind == ITEM_UNIT) {
                emit_place(out, &last, &item->place);
                emit_sized(program, out, item, 0, &nlabels);
                for (unsigned option = 0; option < STRETCH_OPTIONS; option++) {
                    if (item->stretches & 1u << option) {
                        emit_sized(program, out, item, 1u << option, &nlabels);
                    }
                }
            }
        }
    }
    fputs("\t.section\t" EMIT_SIZES_SECTION ",\"\",@progbits\n", out);
    for (unsigned i = 0; i < nlabels; i++) {
        fprintf(out, "\t.byte\t.Lsize%u-.Lsize%u\n", i + 1, i);
    }
}

/* Writes what stands before unit number @end of the section: labels and directives. */
static void emit_between(const struct section *section, FILE *out, size_t from,
                         size_t end)
{
    for (size_t i = from; i < end; i++) {
        const struct item *item = &section->items[i];

        if (item->kind == ITEM_LABEL) {
            fprintf(out, "%s:\n", item->text);
        } else if (item->kind == ITEM_VERBATIM) {
            fprintf(out, "\t%s\n", item->text);
        }
    }
}

static void emit_code(const struct program *program, const struct section *section,
                      FILE *out)
{
    struct place last = {0};
    size_t done = 0;
    bool stop = true;

    fprintf(out, "\t.balign\t%u,0xcc\n", section->alignment);
    for (size_t i = 0; i < section->nitems; i++) {
        const struct item *item = &section->items[i];

        if (item->kind != ITEM_UNIT) {
            continue;
        }
        emit_padding(out, item->offset - item->gap - item->pad, item->pad, stop);
        emit_between(section, out, done, i);
        emit_padding(out, item->offset - item->gap, item->gap, false);
        emit_place(out, &last, &item->place);
        emit_unit(program, out, item, item->wide, item->stretch);
        stop = item->stop;
        done = i + 1;
    }
    emit_between(section, out, done, section->nitems);
    fprintf(out, "\t.balign\t%u,0xcc\n", BUNDLE);
}

void emit(const struct program *program, FILE *out)
{
    fputs(PSEUDO_REGISTERS, out);
    for (size_t s = 0; s < program->nsections; s++) {
        const struct section *section = &program->sections[s];

        fprintf(out, "\t%s\n", section->open);
        if (section->code && section->nitems) {
            emit_code(program, section, out);
        } else {
            emit_between(section, out, 0, section->nitems);
        }
    }
}
