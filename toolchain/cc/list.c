#include "cc.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void list_add(struct list *list, const char *item)
{
    if (list->count + 1 >= list->capacity) {
        const char **old = list->items;

        list->capacity = list->capacity ? list->capacity * 2 : 16;
        list->items = arena_alloc(list->capacity * sizeof(*list->items));
        if (old) {
            memcpy(list->items, old, list->count * sizeof(*old));
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
