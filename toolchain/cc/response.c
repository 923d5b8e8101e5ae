/* Response files: `@FILE` on the command line. */
#include "cc.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_DEPTH 16

/* Appends the words of @text, with quotes and backslashes as gcc reads them. */
static void split_words(const char *text, struct list *words)
{
    while (*text) {
        text += strspn(text, " \t\r\n\f\v");
        if (!*text) {
            return;
        }
        char *word = arena_printf("%s", text);
        char *end = word;
        char quote = '\0';

        while (*text && (quote || !isspace((unsigned char)*text))) {
            if (*text == '\\' && text[1]) {
                *end++ = text[1];
                text += 2;
            } else if (quote ? *text == quote : (*text == '"' || *text == '\'')) {
                quote = quote ? '\0' : *text;
                text++;
            } else {
                *end++ = *text++;
            }
        }
        *end = '\0';
        list_add(words, word);
    }
}

/* Appends @word, or what the response file that it names holds. */
static bool expand_word(const char *word, struct list *words, unsigned depth)
{
    struct list inner = {0};
    FILE *file = *word == '@' ? fopen(word + 1, "r") : NULL;
    char *text = NULL;
    size_t size = 0;
    bool ok = true;

    if (!file) {
        list_add(words, word); /* as gcc does with an @ that names no file */
        return true;
    }
    if (depth == MAX_DEPTH) {
        fclose(file);
        return fail("%s: response files nested too deep", word);
    }
    if (getdelim(&text, &size, '\0', file) > 0) {
        split_words(text, &inner);
    }
    fclose(file);
    free(text);
    for (size_t i = 0; ok && i < inner.count; i++) {
        ok = expand_word(inner.items[i], words, depth + 1);
    }
    return ok;
}

bool response_expand(const char *word, struct list *words)
{
    return expand_word(word, words, 0);
}
