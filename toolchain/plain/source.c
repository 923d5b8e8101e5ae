#include "plain.h"

#include "assembler.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* Not a local name: those are not in the object. */
#define LABEL "__cubicle_statement_"

/*
 * gcc knows Linux's place of the thread pointer, %fs:0, which belongs to the host's libc.
 * Ours is where the loader says.
 */
static const char *own_thread_pointer(const char *text)
{
    static const char slot[] = "%fs:0";
    const char *at = *text != '.' && !strchr(text, '"') ? strstr(text, slot) : NULL;

    if (!at ||
        (at[sizeof(slot) - 1] && strchr("xX0123456789@+-", at[sizeof(slot) - 1]))) {
        return text;
    }
    return arena_printf("%.*s%%fs:__cubicle_tp%s", (int)(at - text), text,
                        at + sizeof(slot) - 1);
}

/* Only a prefix: it belongs to the next statement. */
static bool is_prefix(const char *text)
{
    static const char *const prefixes[] = {"lock",   "rep",     "repe",   "repz",
                                           "repne",  "repnz",   "data16", "addr32",
                                           "data32", "notrack", "bnd",    "rex64"};
    size_t len = strcspn(text, " \t#");

    for (size_t i = 0; i < sizeof(prefixes) / sizeof(*prefixes); i++) {
        if (len == strlen(prefixes[i]) && !strncmp(text, prefixes[i], len)) {
            return !text[len + strspn(text + len, " \t")] || strchr(text, '#');
        }
    }
    return false;
}

/* Does it count bytes from where it is? */
static bool counts_bytes(const char *text)
{
    const char *at = *text != '.' ? strpbrk(text, " \t,*") : NULL;

    for (; at; at = strpbrk(at + 1, " \t,*")) {
        if (at[1] == '.' && strchr("+- \t", at[2])) {
            return true;
        }
    }
    return false;
}

static void note_macro(struct source *source, const char *text)
{
    static const char macro[] = ".macro";

    if (!strncmp(text, macro, strlen(macro))) {
        text += strlen(macro) + strspn(text + strlen(macro), " \t");
        string_table_add(&source->macros, text, strcspn(text, " \t,"));
    }
}

/* The name of a macro that was defined before. */
static bool is_macro_call(const struct source *source, const char *text)
{
    size_t len = strcspn(text, " \t");

    for (size_t i = 0; i < source->macros.count; i++) {
        const char *name = source->macros.names[i];

        if (strlen(name) == len && !strncmp(name, text, len)) {
            return true;
        }
    }
    return false;
}

/* Directives between which statements are repeated or used elsewhere: no labels there. */
static int nesting(const char *text)
{
    static const char *const opening[] = {".macro", ".rept", ".irp"};
    static const char *const closing[] = {".endm", ".endr"};

    for (size_t i = 0; i < sizeof(opening) / sizeof(*opening); i++) {
        if (!strncmp(text, opening[i], strlen(opening[i]))) {
            return 1;
        }
    }
    for (size_t i = 0; i < sizeof(closing) / sizeof(*closing); i++) {
        if (!strncmp(text, closing[i], strlen(closing[i]))) {
            return -1;
        }
    }
    return 0;
}

/* The name of a label that is not the compiler's own, or NULL. */
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
    int depth = 0;
    bool comment = false; /* of several lines */
    bool prefix = false;

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
            int change = nesting(piece);

            source->name = source->name ? source->name : source_name(piece);
            depth += change;
            function = function_label(piece) ? function_label(piece) : function;
            source->statements =
                array_grow(source->statements, source->count, &source->capacity,
                           sizeof(*source->statements));
            source->statements[source->count++] = (struct statement){
                .text = own_thread_pointer(piece),
                .function = function,
                .labelled = depth == 0 && change == 0 && !comment,
                .joined = prefix,
                .given_up = prefix || is_macro_call(source, piece),
            };
            note_macro(source, piece);
            source->counted |= counts_bytes(piece);
            prefix = is_prefix(piece);
            const char *open = strstr(piece, "/*");

            comment = open ? !strstr(open, "*/") : comment && !strstr(piece, "*/");
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
        if (labels && statement->labelled) {
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
