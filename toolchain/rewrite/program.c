#include "program.h"

#include "name.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_ERRORS 20

void program_init(struct program *program, const char *input)
{
    *program = (struct program){.input = input};
}

void program_free(struct program *program)
{
    for (size_t i = 0; i < program->nsections; i++) {
        free(program->sections[i].items);
    }
    free(program->sections);
    free(program->symbols);
    string_table_free(&program->section_names);
    string_table_free(&program->symbol_names);
}

struct section *program_section(struct program *program)
{
    return &program->sections[program->current];
}

struct item *program_add(struct program *program, enum item_kind kind,
                         struct place place, const char *text)
{
    struct section *section = program_section(program);

    section->items = array_grow(section->items, section->nitems, &section->capacity,
                                sizeof(*section->items));
    struct item *item = &section->items[section->nitems++];

    *item = (struct item){.kind = kind, .place = place, .text = text};
    return item;
}

unsigned program_symbol(struct program *program, const char *name, size_t len)
{
    unsigned index = string_table_add(&program->symbol_names, name, len);

    if (index == program->nsymbols) {
        program->symbols =
            array_grow(program->symbols, program->nsymbols, &program->symbols_capacity,
                       sizeof(*program->symbols));
        program->symbols[program->nsymbols++] =
            (struct symbol){.section = SECTION_NONE};
    }
    return index;
}

void program_take_addresses(struct program *program, const char *expression)
{
    const char *at = expression;

    while (*at) {
        if (*at == '"') {
            at = strchr(at + 1, '"');
            if (!at) {
                return;
            }
            at++;
        } else if (*at == '@' || *at == '%') {
            at++; /* a relocation operator or a register: not a symbol */
            while (name_has(*at)) {
                at++;
            }
        } else if (name_starts(*at)) {
            const char *start = at;

            while (name_has(*at)) {
                at++;
            }
            if (at - start > 1 || *start != '.') {
                unsigned symbol = program_symbol(program, start, (size_t)(at - start));

                program->symbols[symbol].entry = true;
            }
        } else if (isdigit((unsigned char)*at)) {
            while (name_has(*at)) {
                at++;
            }
        } else {
            at++;
        }
    }
}

void program_error(struct program *program, struct place place, const char *help,
                   const char *format, ...)
{
    /* Of what a compiler wrote only the parts that carry a marker have a line of their
     * own. */
    bool known = place.file != program->input || !program->source;
    const char *file = known ? place.file : program->source;
    char text[512];
    va_list args;

    if (++program->nerrors > MAX_ERRORS) {
        return;
    }
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    fprintf(stderr, "%s:", file);
    if (known) {
        fprintf(stderr, "%u:", place.line);
    }
    fputs(" error: ", stderr);
    if (program->function) {
        fprintf(stderr, "in `%s': ", program->function);
    }
    fprintf(stderr, "%s\n", text);
    if (help) {
        fprintf(stderr, "%s: note: %s\n", file, help);
    }
    if (program->nerrors == MAX_ERRORS) {
        fprintf(stderr, "%s: note: further errors not shown\n", file);
    }
}
