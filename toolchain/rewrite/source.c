/* Statements that are not instructions: sections, symbols, alignment, data. */
#include "source.h"

#include "instruction.h"
#include "instrument.h"
#include "name.h"
#include "scan.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define MAX_SECTION_STACK 16

struct reader {
    struct program *program;
    struct pending_prefix pending;
    uint32_t stack[MAX_SECTION_STACK]; /* .pushsection */
    unsigned depth;
    struct place place;
    struct place loc;   /* of the last `.loc`; file NULL: none */
    const char **files; /* by the numbers of `.file` */
    size_t nfiles;
    size_t files_capacity;
};

/* ---- sections ---- */

static bool has_prefix(const char *text, const char *prefix)
{
    return !strncmp(text, prefix, strlen(prefix));
}

static bool named_code(const char *name)
{
    return !strcmp(name, ".text") || has_prefix(name, ".text.") ||
           !strcmp(name, ".init") || !strcmp(name, ".fini");
}

/*
 * Selects the section that @directive (`.section NAME,"flags",...`) means. All that a
 * file puts into one section is collected, so that it is laid out and printed in one
 * piece.
 */
static void select_section(struct reader *reader, const char *arguments)
{
    struct program *program = reader->program;
    size_t len = strcspn(arguments, ", ");
    const char *name = arena_copy(arguments, len);
    const char *quote = strchr(arguments, '"');
    const char *end = quote ? strchr(quote + 1, '"') : NULL;
    const char *flags = end ? arena_copy(quote + 1, (size_t)(end - quote - 1)) : NULL;
    /* Sections of the same name differ when they belong to different groups. */
    bool by_name = !flags || (!strchr(flags, 'G') && !strstr(arguments, ",unique"));
    unsigned index =
        string_table_add(&program->section_names, by_name ? name : arguments,
                         by_name ? len : strlen(arguments));

    if (index == program->nsections) {
        program->sections =
            array_grow(program->sections, program->nsections,
                       &program->sections_capacity, sizeof(*program->sections));
        program->sections[program->nsections++] = (struct section){
            .open = arena_printf(".section\t%s", arguments),
            .code = flags ? strchr(flags, 'x') != NULL : named_code(name),
            .debug = has_prefix(name, ".debug") || (flags && !strchr(flags, 'a')) ||
                     has_prefix(name, ".eh_frame"),
            .alignment = BUNDLE,
        };
        if (!strcmp(name, ".note.GNU-stack") && program->sections[index].code) {
            program->sections[index].code = false;
            program_error(program, reader->place,
                          "do not take the address of a nested function",
                          "the program wants an executable stack");
        }
    }
    program->previous = program->current;
    program->current = index;
}

static void push_section(struct reader *reader, const char *arguments)
{
    if (reader->depth == MAX_SECTION_STACK) {
        program_error(reader->program, reader->place, NULL,
                      ".pushsection nested too deep");
        return;
    }
    reader->stack[reader->depth++] = reader->program->current;
    select_section(reader, arguments);
}

static void pop_section(struct reader *reader)
{
    if (!reader->depth) {
        program_error(reader->program, reader->place, NULL, ".popsection without push");
        return;
    }
    reader->program->previous = reader->program->current;
    reader->program->current = reader->stack[--reader->depth];
}

static void previous_section(struct reader *reader)
{
    uint32_t current = reader->program->current;

    reader->program->current = reader->program->previous;
    reader->program->previous = current;
}

/* Returns false when @name is no section directive. */
static bool section_directive(struct reader *reader, const char *name,
                              const char *arguments)
{
    if (!strcmp(name, ".section")) {
        select_section(reader, arguments);
    } else if (!strcmp(name, ".text") || !strcmp(name, ".data") ||
               !strcmp(name, ".bss")) {
        if (*arguments && strcmp(arguments, "0") != 0) {
            program_error(reader->program, reader->place,
                          "give the part a section name",
                          "subsections are not supported");
        }
        select_section(reader, name);
    } else if (!strcmp(name, ".pushsection")) {
        push_section(reader, arguments);
    } else if (!strcmp(name, ".popsection")) {
        pop_section(reader);
    } else if (!strcmp(name, ".previous")) {
        previous_section(reader);
    } else {
        return false;
    }
    return true;
}

/* ---- symbols ---- */

static void add_verbatim(struct reader *reader, const char *text)
{
    program_add(reader->program, ITEM_VERBATIM, reader->place, text);
}

/* Adds to the first section, which is printed first. */
static void add_first(struct reader *reader, const char *text)
{
    uint32_t current = reader->program->current;

    reader->program->current = 0;
    add_verbatim(reader, text);
    reader->program->current = current;
}

/* Marks a list of names as entries, with what @like has set besides. */
static void mark_symbols(struct reader *reader, const char *names, struct symbol like)
{
    struct program *program = reader->program;

    while (*names) {
        size_t len = strcspn(names, ", ");

        if (len) {
            unsigned index = program_symbol(program, names, len);

            program->symbols[index].entry = true;
            program->symbols[index].global |= like.global;
            program->symbols[index].weak |= like.weak;
        }
        names += len;
        names += strspn(names, ", ");
    }
}

static void add_label(struct reader *reader, const char *name)
{
    struct program *program = reader->program;
    unsigned index = program_symbol(program, name, strlen(name));
    struct item *item = program_add(program, ITEM_LABEL, reader->place, name);

    item->symbol = index;
    program->symbols[index].section = program->current;
    if (*name != '.' && program_section(program)->code) {
        program->function = program->symbol_names.names[index];
    }
}

/* Does @expression name no symbol? Its numbers may be written 0x1f. */
static bool is_constant(const char *expression)
{
    for (const char *at = expression; *at; at++) {
        if (isdigit((unsigned char)*at)) {
            at += strspn(at, "0123456789xXabcdefABCDEF") - 1;
        } else if (name_starts(*at)) {
            return false;
        }
    }
    return true;
}

/* The last string in @arguments, or NULL. */
static const char *last_string(const char *arguments)
{
    const char *name = NULL;

    for (const char *quote = strchr(arguments, '"'); quote;) {
        const size_t len = strcspn(quote + 1, "\"");

        name = arena_copy(quote + 1, len);
        quote += 1 + len;
        quote = *quote ? strchr(quote + 1, '"') : NULL;
    }
    return name;
}

/* `.file "NAME"`: what was compiled; `.file NUMBER ["FOLDER"] "NAME"`: for `.loc`. */
static void file_directive(struct reader *reader, const char *arguments)
{
    const char *name = last_string(arguments);
    char *end;
    const unsigned long number = strtoul(arguments, &end, 10);

    if (!name || number > UINT16_MAX) {
        return;
    }
    if (end == arguments) {
        reader->program->source = name;
        return;
    }
    while (reader->nfiles <= number) {
        reader->files = array_grow(reader->files, reader->nfiles,
                                   &reader->files_capacity, sizeof(*reader->files));
        reader->files[reader->nfiles++] = NULL;
    }
    reader->files[number] = name;
}

/* `.loc NUMBER LINE ...` */
static void loc_directive(struct reader *reader, const char *arguments)
{
    char *end;
    const unsigned long number = strtoul(arguments, &end, 10);
    const unsigned long line = strtoul(end, NULL, 10);

    if (number < reader->nfiles && line > 0) { /* line 0: the code belongs to no line */
        reader->loc = (struct place){reader->files[number], (unsigned)line};
    }
}

/* Returns false when @name is no directive about symbols. */
static bool symbol_directive(struct reader *reader, const char *name,
                             const char *arguments, const char *text)
{
    if (!strcmp(name, ".globl") || !strcmp(name, ".global") || !strcmp(name, ".weak")) {
        mark_symbols(reader, arguments,
                     (struct symbol){.global = true, .weak = !strcmp(name, ".weak")});
    } else if (!strcmp(name, ".type")) {
        if (strstr(arguments, "gnu_indirect_function") ||
            strstr(arguments, "STT_GNU_IFUNC")) {
            program_error(reader->program, reader->place,
                          "leave out the attributes ifunc and target_clones: code can "
                          "ask __builtin_cpu_supports() when it runs",
                          "`%.*s': indirect functions are not supported",
                          (int)strcspn(arguments, ", "), arguments);
        }
        if (strstr(arguments, "function") || strstr(arguments, "FUNC")) {
            mark_symbols(reader, arena_copy(arguments, strcspn(arguments, ",")),
                         (struct symbol){0});
        }
    } else if (!strcmp(name, ".set") || !strcmp(name, ".equ") ||
               !strcmp(name, ".equiv") || !strcmp(name, ".weakref") ||
               !strcmp(name, ".symver")) {
        const char *comma = strchr(arguments, ',');
        unsigned index =
            program_symbol(reader->program, arguments, strcspn(arguments, ", "));

        reader->program->symbols[index].assigned = true;
        program_take_addresses(reader->program, comma ? comma : arguments);
        /* A constant decides how long instructions are, so it comes before all of them.
         */
        if (comma && is_constant(comma)) {
            add_first(reader, text);
            return true;
        }
    } else if (!strcmp(name, ".file")) {
        file_directive(reader, arguments);
        add_first(reader, text);
        return true;
    } else if (!strcmp(name, ".loc")) {
        loc_directive(reader, arguments);
    } else if (!has_prefix(name, ".cfi_") && strcmp(name, ".size") != 0 &&
               strcmp(name, ".ident") != 0 && strcmp(name, ".hidden") != 0 &&
               strcmp(name, ".protected") != 0 && strcmp(name, ".internal") != 0 &&
               strcmp(name, ".local") != 0 && strcmp(name, ".comm") != 0 &&
               strcmp(name, ".lcomm") != 0) {
        return false;
    }
    add_verbatim(reader, text);
    return true;
}

/* ---- alignment and data ---- */

static void align_code(struct reader *reader, const char *name, const char *arguments)
{
    struct program *program = reader->program;
    char *end;
    unsigned long boundary = strtoul(arguments, &end, 0);
    unsigned long limit = UINT32_MAX;

    if (has_prefix(name, ".p2align")) {
        boundary = boundary < 16 ? 1ul << boundary : 0;
    }
    const char *comma = strchr(end, ',');

    comma = comma ? strchr(comma + 1, ',') : NULL;
    if (comma) {
        limit = strtoul(comma + 1, NULL, 0);
    }
    if (!boundary || (boundary & (boundary - 1)) || boundary > 4096) {
        program_error(program, reader->place, NULL, "`%s %s': bad alignment", name,
                      arguments);
        return;
    }
    struct item *item = program_add(program, ITEM_ALIGN, reader->place, NULL);
    struct section *section = program_section(program);

    item->size = (unsigned)boundary;
    item->limit = limit < boundary ? (unsigned)limit : (unsigned)boundary - 1;
    if (boundary > section->alignment) {
        section->alignment = (unsigned)boundary;
    }
}

static bool is_alignment(const char *name)
{
    return has_prefix(name, ".p2align") || has_prefix(name, ".balign") ||
           !strcmp(name, ".align");
}

/* Is @name a directive that only a whole assembler could follow, or one that changes
 * the syntax? */
static bool is_refused(const char *name)
{
    static const char *const refused[] = {
        ".macro",  ".endm",     ".rept",   ".irp",          ".irpc",  ".endr",
        ".if",     ".ifdef",    ".else",   ".elseif",       ".endif", ".include",
        ".end",    ".code32",   ".code16", ".intel_syntax", ".org",   ".subsection",
        ".ifndef", ".altmacro", ".struct", ".reloc",
    };

    for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
        if (!strcmp(name, refused[i])) {
            return true;
        }
    }
    return false;
}

static void statement(struct reader *reader, const char *text);

static void directive(struct reader *reader, const char *text)
{
    struct program *program = reader->program;
    size_t len = strcspn(text, " ");
    const char *name = arena_copy(text, len);
    const char *arguments = text + len + strspn(text + len, " ");

    if (section_directive(reader, name, arguments) ||
        symbol_directive(reader, name, arguments, text)) {
        return;
    }
    if (is_refused(name)) {
        program_error(program, reader->place,
                      strcmp(name, ".intel_syntax") != 0
                          ? "write the statements out, or use the C preprocessor"
                          : "write it in AT&T syntax; compile without -masm=intel",
                      "`%s': directive is not supported", text);
        return;
    }
    struct section *section = program_section(program);
    const char *bytes =
        section->code && !strcmp(name, ".byte") ? instruction_bytes(arguments) : NULL;

    if (bytes) {
        statement(reader, bytes);
    } else if (section->code && is_alignment(name)) {
        align_code(reader, name, arguments);
    } else if (section->code && strcmp(name, ".code64") != 0 &&
               strcmp(name, ".att_syntax") != 0) {
        program_error(program, reader->place, "put it into .rodata or .data",
                      "`%s': data in a code section", text);
    } else {
        if (!section->debug) {
            program_take_addresses(program, arguments);
        }
        add_verbatim(reader, text);
    }
}

/* ---- statements ---- */

/* `name = expression`: written as `.set name, expression`. */
static bool assignment(struct reader *reader, const char *text)
{
    size_t len = strcspn(text, " =(%$*");
    const char *equals = text + len + strspn(text + len, " ");

    if (*equals != '=') {
        return false;
    }
    equals += strspn(equals, "= ");
    directive(reader, arena_printf(".set %.*s,%s", (int)len, text, equals));
    return true;
}

static void statement(struct reader *reader, const char *text)
{
    struct instruction in;

    if (*text == '.' && name_has(text[1])) {
        if (!assignment(reader, text)) {
            directive(reader, text);
        }
        return;
    }
    if (assignment(reader, text)) {
        return;
    }
    if (!program_section(reader->program)->code) {
        program_error(reader->program, reader->place, "put it into .text",
                      "`%s': instruction in a data section", text);
        return;
    }
    if (instruction_parse(reader->program, &reader->pending, text, reader->place,
                          &in)) {
        instrument(reader->program, &in);
    }
}

void source_read(struct program *program, const char *text)
{
    struct reader reader = {.program = program};
    struct scanner scanner;
    struct statement next;

    scan_init(&scanner, text, program->input);
    select_section(&reader, ".text");
    program->previous = program->current;
    while ((next = scan_next(&scanner)).kind != SCAN_END) {
        reader.place = next.place.file == program->input && reader.loc.file
                           ? reader.loc
                           : next.place;
        if (next.kind == SCAN_ERROR) {
            program_error(program, reader.place, NULL, "%s", next.text);
            break;
        }
        if (next.kind == SCAN_LABEL) {
            add_label(&reader, next.text);
        } else {
            statement(&reader, next.text);
        }
    }
    scan_free(&scanner);
    free(reader.files);
    control_resolve_weak(program);
}
