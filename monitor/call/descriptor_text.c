/* The text of a descriptor: a cursor over lines, a cursor over words, and what words are. */
#include "descriptor_parser.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int parser_refuse(struct parser *p, const char *format, ...)
{
    va_list args;
    char reason[256];

    va_start(args, format);
    vsnprintf(reason, sizeof(reason), format, args);
    va_end(args);
    p->error->line = p->line;
    snprintf(p->error->text, sizeof(p->error->text), "%.100s:%u: %s", p->file, p->line,
             reason);
    return -EINVAL;
}

int parser_next_line(struct parser *p)
{
    p->line++;
    if (p->next == p->end) {
        return parser_refuse(p, "the file ends before its `end' line");
    }
    char *newline = memchr(p->next, '\n', (size_t)(p->end - p->next));
    if (newline == NULL) {
        return parser_refuse(p, "the last line has no line end");
    }
    *newline = '\0';
    p->word = p->next;
    p->next = newline + 1;
    for (const char *s = p->word; s < newline; s++) {
        if (*s < 0x20 || *s > 0x7e) {
            return parser_refuse(p, "byte 0x%02x is not printable ASCII",
                                 (unsigned char)*s);
        }
    }
    return 0;
}

const char *parser_next_word(struct parser *p)
{
    char *word = p->word;

    if (word == NULL) {
        return "";
    }
    p->word = strchr(word, ' ');
    if (p->word != NULL) {
        *p->word++ = '\0';
    }
    return word;
}

int parser_end_line(struct parser *p)
{
    if (p->word != NULL) {
        return parser_refuse(p, "unexpected `%.40s' at the end of the line", p->word);
    }
    return 0;
}

/* Invariant 1. */
bool parser_is_identifier(const char *s, size_t max)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
    size_t len = strlen(s);

    return len > 0 && len <= max && !(*s >= '0' && *s <= '9') &&
           strspn(s, letters) == len;
}

bool parser_number(const char *s, uint64_t max, uint64_t *value)
{
    uint64_t n = 0;

    if (*s == '\0' || (s[0] == '0' && s[1] != '\0')) {
        return false;
    }
    for (; *s != '\0'; s++) {
        if (*s < '0' || *s > '9') {
            return false;
        }
        n = n * 10 + (uint64_t)(*s - '0');
        if (n > max) {
            return false;
        }
    }
    *value = n;
    return true;
}

bool parser_type(const char *word, enum descriptor_type *type)
{
    for (int i = DESCRIPTOR_VOID; i <= DESCRIPTOR_PTR; i++) {
        if (strcmp(word, descriptor_type_name((enum descriptor_type)i)) == 0) {
            *type = (enum descriptor_type)i;
            return true;
        }
    }
    return false;
}
