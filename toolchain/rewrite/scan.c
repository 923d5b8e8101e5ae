#include "scan.h"

#include "name.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

void scan_init(struct scanner *scanner, const char *text, const char *file)
{
    *scanner =
        (struct scanner){.at = text, .file = file, .line = 1, .line_start = true};
}

void scan_free(struct scanner *scanner)
{
    free(scanner->buffer);
}

static void scan_newline(struct scanner *scanner)
{
    scanner->line++;
    if (scanner->mark.file && !scanner->in_asm) {
        scanner->mark.line++;
    }
    scanner->line_start = true;
}

/*
 * A line that begins with '#': `# LINE "FILE"` (from the preprocessor, or from the
 * compiler before each inline assembly statement), #APP and #NO_APP around inline
 * assembly.
 */
static void scan_marker(struct scanner *scanner)
{
    const char *at = scanner->at + 1;
    char *end;

    if (!strncmp(at, "APP", 3)) {
        scanner->in_asm = true;
    } else if (!strncmp(at, "NO_APP", 6)) {
        scanner->in_asm = false;
        scanner->mark.file = NULL;
    } else {
        unsigned long line = strtoul(at, &end, 10);
        const char *quote = end != at ? strchr(end, '"') : NULL;
        const char *newline = strchr(at, '\n');
        const char *close = quote ? strchr(quote + 1, '"') : NULL;

        if (close && (!newline || close < newline)) {
            /* The newline that ends the marker counts, unless lines stand still. */
            scanner->mark.line = (unsigned)line - !scanner->in_asm;
            scanner->mark.file =
                close == quote + 1 ? NULL
                                   : arena_copy(quote + 1, (size_t)(close - quote - 1));
        }
    }
    scanner->at += strcspn(scanner->at, "\n");
}

static void scan_put(struct scanner *scanner, size_t *len, char c)
{
    scanner->buffer = array_grow(scanner->buffer, *len, &scanner->capacity, 1);
    scanner->buffer[(*len)++] = c;
}

/* Copies a string with its quotes. Returns false where it does not end. */
static bool scan_string(struct scanner *scanner, size_t *len)
{
    do {
        if (*scanner->at == '\\' && scanner->at[1]) {
            scan_put(scanner, len, *scanner->at++);
        }
        if (*scanner->at == '\n' || !*scanner->at) {
            return false;
        }
        scan_put(scanner, len, *scanner->at++);
    } while (*scanner->at != '"');
    scan_put(scanner, len, *scanner->at++);
    return true;
}

static bool scan_comment(struct scanner *scanner)
{
    for (scanner->at += 2; *scanner->at; scanner->at++) {
        if (scanner->at[0] == '*' && scanner->at[1] == '/') {
            scanner->at += 2;
            return true;
        }
        if (*scanner->at == '\n') {
            scan_newline(scanner);
        }
    }
    return false;
}

/*
 * Copies a word; `1f` and `1b` become the unique name of the numeric label they mean.
 * A word that starts behind '@' or '%' is never a label.
 */
static void scan_word(struct scanner *scanner, size_t *len)
{
    const char *start = scanner->at;
    char *end;

    while (name_has(*scanner->at)) {
        scanner->at++;
    }
    unsigned long number = strtoul(start, &end, 10);
    size_t size = (size_t)(scanner->at - start);

    if (end != start && end + 1 == scanner->at && (*end == 'f' || *end == 'b') &&
        number < SCAN_LOCAL_LABELS) {
        unsigned nth = scanner->defined[number] + (*end == 'f');
        const char *name = arena_printf(".Lnumeric_%lu_%u", number, nth);

        while (*name) {
            scan_put(scanner, len, *name++);
        }
        return;
    }
    for (size_t i = 0; i < size; i++) {
        scan_put(scanner, len, start[i]);
    }
}

static struct statement scan_failed(struct statement statement, const char *why)
{
    statement.kind = SCAN_ERROR;
    statement.text = arena_copy(why, strlen(why));
    return statement;
}

/* Names the label that ends at the ':' just read; numeric ones get their unique name.
 */
static struct statement scan_label(struct scanner *scanner, struct statement statement,
                                   size_t len)
{
    char *name = arena_copy(scanner->buffer, len);

    statement.kind = SCAN_LABEL;
    statement.text = name;
    if (isdigit((unsigned char)*name)) {
        char *end;
        unsigned long number = strtoul(name, &end, 10);

        if (*end || number >= SCAN_LOCAL_LABELS) {
            return scan_failed(statement, "numeric label out of range (0 to 99)");
        }
        statement.text =
            arena_printf(".Lnumeric_%lu_%u", number, ++scanner->defined[number]);
    }
    return statement;
}

/* Is what has been read so far one word, which a ':' makes a label? */
static bool scan_is_label(const struct scanner *scanner, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (!name_has(scanner->buffer[i])) {
            return false;
        }
    }
    return len > 0;
}

struct statement scan_next(struct scanner *scanner)
{
    struct statement statement = {.kind = SCAN_STATEMENT};
    size_t len = 0;

    for (;;) {
        char c = *scanner->at;

        if (scanner->line_start && c == '#') {
            scan_marker(scanner);
            continue;
        }
        if (!len) {
            statement.place = scanner->mark.file
                                  ? scanner->mark
                                  : (struct place){scanner->file, scanner->line};
        }
        if (c == '#') {
            scanner->at += strcspn(scanner->at, "\n");
        } else if (c == '/' && scanner->at[1] == '*') {
            if (!scan_comment(scanner)) {
                return scan_failed(statement, "comment does not end");
            }
        } else if (c == '\n' || c == ';' || !c) {
            if (c == '\n') {
                scan_newline(scanner);
            }
            scanner->at += c != 0;
            while (len && scanner->buffer[len - 1] == ' ') {
                len--;
            }
            if (len) {
                statement.text = arena_copy(scanner->buffer, len);
                return statement;
            }
            if (!c) {
                statement.kind = SCAN_END;
                return statement;
            }
        } else if (c == '"') {
            scanner->line_start = false;
            if (!scan_string(scanner, &len)) {
                return scan_failed(statement, "string does not end");
            }
        } else if (c == ':' && scan_is_label(scanner, len)) {
            scanner->at++;
            return scan_label(scanner, statement, len);
        } else if (isspace((unsigned char)c)) {
            scanner->at++;
            if (len && scanner->buffer[len - 1] != ' ') {
                scan_put(scanner, &len, ' ');
            }
        } else if (name_has(c) && c != '$') {
            scanner->line_start = false;
            scan_word(scanner, &len);
        } else {
            scanner->line_start = false;
            scan_put(scanner, &len, c);
            scanner->at++;
        }
    }
}
