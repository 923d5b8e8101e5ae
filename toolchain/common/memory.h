/*
 * Memory of one run of a tool: an arena that lives until the process ends,
 * growing arrays, and a table of strings. Out of memory ends the program.
 */
#ifndef TOOLCHAIN_MEMORY_H
#define TOOLCHAIN_MEMORY_H

#include <stddef.h>

/** Returns @size zeroed bytes from the arena. Never NULL. */
void *arena_alloc(size_t size);

/** Returns a copy of the @len bytes at @text with a NUL behind them. */
char *arena_copy(const char *text, size_t len);

/** printf into the arena. */
char *arena_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** Releases everything that the arena handed out. */
void arena_free(void);

/**
 * Makes room for element @count of @array (its next one): returns @array, or where it
 * was moved to. @capacity is in elements and is updated. The array is malloc memory.
 */
void *array_grow(void *array, size_t count, size_t *capacity, size_t element_size);

/** A map from strings to indexes: the n-th distinct string added has index n. */
struct string_table {
    const char **names;
    size_t count;
    size_t capacity;
    unsigned *slots;
    size_t nslots;
};

/** Returns the index of the @len bytes at @name, adding them when they are new. */
unsigned string_table_add(struct string_table *table, const char *name, size_t len);

void string_table_free(struct string_table *table);

#endif
