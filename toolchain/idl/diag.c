/* Messages, kept until the end so that they come in the order of the source; memory. */
#include "idl.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct idl_message {
    struct idl_location at;
    bool error;
    size_t order;
    const char *text, *hint;
};

struct block {
    struct block *next;
    _Alignas(16) char bytes[];
};

static struct block *blocks;

void *idl_calloc(size_t size)
{
    struct block *block = calloc(1, sizeof(*block) + size);

    if (block == NULL) {
        fprintf(stderr, "cubicle-idl: out of memory\n");
        exit(1);
    }
    block->next = blocks;
    blocks = block;
    return block->bytes;
}

void idl_free_all(void)
{
    while (blocks != NULL) {
        struct block *next = blocks->next;
        free(blocks);
        blocks = next;
    }
}

char *idl_strndup(const char *s, size_t len)
{
    return memcpy(idl_calloc(len + 1), s, len);
}

char *idl_strdup(const char *s)
{
    return idl_strndup(s, strlen(s));
}

static char *format_text(const char *format, va_list args)
{
    va_list again;

    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, again);
    va_end(again);
    char *text = idl_calloc((size_t)len + 1);
    vsnprintf(text, (size_t)len + 1, format, args);
    return text;
}

char *idl_printf(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    char *text = format_text(format, args);
    va_end(args);
    return text;
}

static void add_message(struct idl *idl, struct idl_location at, bool error,
                        const char *text, const char *hint)
{
    struct idl_message *grown =
        realloc(idl->messages, (idl->nmessages + 1) * sizeof(*idl->messages));

    if (grown == NULL) {
        fprintf(stderr, "cubicle-idl: out of memory\n");
        exit(1);
    }
    idl->messages = grown;
    grown[idl->nmessages] = (struct idl_message){
        .at = at, .error = error, .order = idl->nmessages, .text = text, .hint = hint};
    idl->nmessages++;
    idl->nerrors += error;
    idl->nwarnings += !error;
}

void idl_error(struct idl *idl, struct idl_location at, const char *hint,
               const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add_message(idl, at, true, format_text(format, args), hint);
    va_end(args);
}

void idl_warning(struct idl *idl, struct idl_location at, const char *hint,
                 const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add_message(idl, at, idl->strict, format_text(format, args), hint);
    va_end(args);
}

void idl_refuse(struct idl *idl, struct idl_function *function, struct idl_location at,
                const char *hint, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    const char *reason = format_text(format, args);
    va_end(args);
    if (!idl->plain) {
        add_message(idl, at, true, idl_printf("%s: %s", function->name, reason), hint);
        return;
    }
    /* One reason is enough: a third-party header is left as it is. */
    if (!function->left_out) {
        function->left_out = true;
        idl->nleft_out++;
        add_message(idl, at, idl->strict,
                    idl_printf("%s left out: %s", function->name, reason), NULL);
    }
}

static int compare_messages(const void *a, const void *b)
{
    const struct idl_message *x = a, *y = b;

    if (x->at.line != y->at.line) {
        return x->at.line < y->at.line ? -1 : 1;
    }
    if (x->at.column != y->at.column) {
        return x->at.column < y->at.column ? -1 : 1;
    }
    return x->order < y->order ? -1 : 1;
}

void idl_print_messages(struct idl *idl, FILE *stream)
{
    if (idl->nmessages > 0) {
        qsort(idl->messages, idl->nmessages, sizeof(*idl->messages), compare_messages);
    }
    for (size_t i = 0; i < idl->nmessages; i++) {
        const struct idl_message *m = &idl->messages[i];

        fprintf(stream, "%s:%u:%u: %s: %s\n", m->at.file, m->at.line, m->at.column,
                m->error ? "error" : "warning", m->text);
        if (m->hint != NULL) {
            fprintf(stream, "    hint: %s\n", m->hint);
        }
    }
    free(idl->messages);
    idl->messages = NULL;
    idl->nmessages = 0;
}
