#include "cc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void exhausted(void)
{
    fputs("cubicle-cc: out of memory\n", stderr);
    exit(1);
}

void list_add(struct list *list, const char *item)
{
    if (list->count + 1 >= list->capacity) {
        list->capacity = list->capacity ? list->capacity * 2 : 16;
        list->items = reallocarray(list->items, list->capacity, sizeof(*list->items));
        if (!list->items) {
            exhausted();
        }
    }
    list->items[list->count++] = item;
    list->items[list->count] = NULL;
}

void list_add_all(struct list *list, const struct list *more)
{
    for (size_t i = 0; i < more->count; i++) {
        list_add(list, more->items[i]);
    }
}

bool list_has(const struct list *list, const char *item)
{
    for (size_t i = 0; i < list->count; i++) {
        if (!strcmp(list->items[i], item)) {
            return true;
        }
    }
    return false;
}

void list_free(struct list *list)
{
    free(list->items);
    *list = (struct list){0};
}

char *text_printf(const char *format, ...)
{
    va_list args;
    char *text;

    va_start(args, format);
    if (vasprintf(&text, format, args) < 0) {
        exhausted();
    }
    va_end(args);
    return text;
}

bool fail(const char *format, ...)
{
    va_list args;

    fputs("cubicle-cc: error: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    return false;
}
