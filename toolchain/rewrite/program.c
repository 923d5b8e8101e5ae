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
    *program = (struct program){.input = input, .messages = stderr};
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
    string_table_free(&program->said);
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
    if (kind == ITEM_LABEL || kind == ITEM_VERBATIM) {
        section->r11 = R11_ANY; /* control may come from elsewhere */
    }
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

/* Has @message been printed? Code that is inlined often would repeat it. */
static bool was_said(struct program *program, const char *message)
{
    const size_t before = program->said.count;

    return string_table_add(&program->said, message, strlen(message)) < before;
}

/* Where @place is, for a message. What a compiler wrote without lines of its source is
 * named by the line of the assembly. */
static const char *place_text(struct program *program, struct place place)
{
    const bool known = place.file != program->input || !program->source;
    const char *in =
        program->function
            ? arena_printf("in `%s'%s%s: ", program->function, known ? "" : " of ",
                           known ? "" : program->source)
            : "";

    program->lines_missing |= !known;
    return arena_printf("%s:%u: error: %s", place.file, place.line, in);
}

void program_error(struct program *program, struct place place, const char *help,
                   const char *format, ...)
{
    char text[512];
    va_list args;

    if (++program->nerrors > MAX_ERRORS) {
        return;
    }
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    const char *message = arena_printf("%s%s", place_text(program, place), text);

    if (was_said(program, message)) {
        return;
    }
    fprintf(program->messages, "%s\n", message);
    if (help && help != program->last_help) {
        program->last_help = help;
        fprintf(program->messages, "%s: note: %s\n", place.file, help);
    }
    if (program->nerrors == MAX_ERRORS) {
        fprintf(program->messages, "%s: note: further errors not shown\n", place.file);
    }
}
