#include "plain.h"

#include "assembler.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Not a local name: those are not in the object. */
#define LABEL "__cubicle_statement_"

/*
 * gcc reads the thread pointer from %fs:0, its place on Linux, which here belongs to
 * the host's libc. A cubicle's thread pointer is in the slot that the loader names.
 */
static const char *own_thread_pointer(const char *text)
{
    static const char slot[] = "%fs:0";
    const char *at = *text != '.' && !strchr(text, '"') ? strstr(text, slot) : NULL;

    if (!at ||
        (at[sizeof(slot) - 1] && strchr("xX0123456789@+-(", at[sizeof(slot) - 1]))) {
        return text;
    }
    return arena_printf("%.*s%%fs:__cubicle_tp%s", (int)(at - text), text,
                        at + sizeof(slot) - 1);
}

/* The text behind labels: `lock` in `1: lock`. */
static const char *behind_labels(const char *text)
{
    for (;;) {
        size_t len = strcspn(text, ": \t\"");

        if (text[len] != ':') {
            return text;
        }
        text += len + 1;
        text += strspn(text, " \t");
    }
}

static bool starts_with(const char *text, const char *start)
{
    return !strncasecmp(text, start, strlen(start));
}

static bool is_one_of(const char *text, const char *const *words, size_t count)
{
    size_t len = strcspn(text, " \t");

    for (size_t i = 0; i < count; i++) {
        if (len == strlen(words[i]) && !strncasecmp(text, words[i], len)) {
            return true;
        }
    }
    return false;
}

/* May @text be only the beginning of the next instruction: a prefix, or bytes? */
static bool may_be_prefix(const char *text)
{
    static const char *const prefixes[] = {
        "lock",   "rep",    "repe",    "repz", "repne",    "repnz",   "data16",
        "addr32", "data32", "notrack", "bnd",  "cs",       "ds",      "es",
        "fs",     "gs",     "ss",      "wait", "xacquire", "xrelease"};
    static const char *const data[] = {".byte", ".value", ".word",  ".short", ".hword",
                                       ".long", ".quad",  ".ascii", ".string"};

    return is_one_of(text, prefixes, sizeof(prefixes) / sizeof(*prefixes)) ||
           is_one_of(text, data, sizeof(data) / sizeof(*data)) ||
           starts_with(text, "rex") || strstr(text, "/*");
}

/* Does the line make no bytes? Then the statement before it still comes before the next
 * one. */
static bool is_nothing(const char *text)
{
    return !*text || *text == '#' || starts_with(text, ".loc") ||
           starts_with(text, ".cfi_");
}

/* Does @text count bytes from some place, as jmp .+4, jmp 1f+5 and lea 7(%rip) do? */
static bool counts_bytes(const char *text)
{
    bool branch = starts_with(text, "j") || starts_with(text, "call");

    for (size_t i = 1; *text != '.' && text[i] && text[i] != '#'; i++) {
        const char *at = text + i;
        bool starts = strchr(" \t,*$", at[-1]) != NULL;
        const char *number = at + (*at == '-');

        if ((starts && *at == '.' && strchr("+- \t,", at[1])) ||
            (branch && strchr("+-", *at) && !strchr(text, '(')) ||
            (starts && isdigit((unsigned char)*number) &&
             !strncmp(number + strspn(number, "0123456789xabcdefABCDEF"), "(%rip",
                      5))) {
            return true;
        }
    }
    return false;
}

/*
 * Does @text belong to what only a whole assembler could read: statements that are
 * repeated or stand for others, other names for registers, comments of several lines?
 * In a source with such text, or with distances in bytes, no statement is written
 * differently.
 */
static bool fixes_source(const char *text)
{
    static const char *const directives[] = {".macro",      ".rep",          ".ir",
                                             ".att_syntax", ".intel_syntax", ".include",
                                             ".subsection", ".altmacro"};
    const char *comment = strstr(text, "/*");

    for (size_t i = 0; i < sizeof(directives) / sizeof(*directives); i++) {
        if (starts_with(text, directives[i])) {
            return true;
        }
    }
    bool assigns = starts_with(text, ".set") || starts_with(text, ".equ") ||
                   (*text != '.' && strchr(text, '='));

    if (assigns && strchr(text, '%')) {
        return true;
    }
    /* In strings and behind # it is none. */
    return counts_bytes(text) ||
           (comment && comment < text + strcspn(text, "\"#") && !strstr(comment, "*/"));
}

/* The name of the label at @text unless the compiler made it up, or NULL. */
static const char *function_label(const char *text)
{
    size_t len = strcspn(text, ": \t\"");

    return text[len] == ':' && text[0] != '.' && !isdigit((unsigned char)text[0])
               ? arena_copy(text, len)
               : NULL;
}

/* The name in `.file "NAME"` or in the preprocessor's `# LINE "NAME"`, or NULL. */
static const char *source_name(const char *text)
{
    const char *quote = strchr(text, '"');
    bool says = !strncmp(text, ".file", 5) || (*text == '#' && strspn(text + 1, " ") &&
                                               isdigit((unsigned char)text[2]));

    return says && quote ? arena_copy(quote + 1, strcspn(quote + 1, "\"")) : NULL;
}

void source_read(struct source *source, const char *text)
{
    const char *function = "?";
    bool joined = false;

    *source = (struct source){0};
    while (*text) {
        size_t len = strcspn(text, "\n");
        const char *line = arena_copy(text, len);

        text += len + (text[len] == '\n');
        do {
            /* Strings may hold a semicolon, and so may comments. */
            size_t end = strpbrk(line, "\"#") ? strlen(line) : strcspn(line, ";");
            const char *piece = arena_copy(line, end);

            line += end + (line[end] == ';');
            piece += strspn(piece, " \t");
            const char *inner = behind_labels(piece);

            source->name = source->name ? source->name : source_name(piece);
            source->fixed |= fixes_source(inner);
            function = function_label(piece) ? function_label(piece) : function;
            source->statements =
                array_grow(source->statements, source->count, &source->capacity,
                           sizeof(*source->statements));
            source->statements[source->count++] = (struct statement){
                .text = own_thread_pointer(piece),
                .function = function,
                .joined = joined,
                .given_up = joined,
            };
            joined = is_nothing(inner) ? joined : may_be_prefix(inner);
        } while (*line);
    }
}

static void write_statement(const struct statement *statement, size_t index, FILE *out,
                            bool labels)
{
    const char *whole[] = {statement->text, NULL};
    const char **pieces = statement->pieces ? statement->pieces : whole;

    if (statement->apart) {
        fputs("\tnop\n", out);
    }
    for (unsigned i = 0; pieces[i]; i++) {
        if (i > 0 && statement->pieces_apart) {
            fputs("\tnop\n", out);
        }
        if (labels) {
            fprintf(out, LABEL "%zu_%u:\n", index, i);
        }
        fprintf(out, "\t%s\n", pieces[i]);
    }
}

bool source_write(const struct source *source, const char *name, bool labels)
{
    FILE *out = fopen(name, "w");

    if (!out) {
        return tool_fail("cannot write", name);
    }
    for (size_t i = 0; i < source->count; i++) {
        write_statement(&source->statements[i], i, out, labels);
    }
    bool ok = !ferror(out);

    return (fclose(out) == 0 && ok) || tool_fail("cannot write", name);
}

bool source_label(const char *name, size_t *statement, unsigned *piece)
{
    return sscanf(name, LABEL "%zu_%u", statement, piece) == 2;
}
