/* Loads a module file into the view of a test. */
#ifndef TESTS_TOOLCHAIN_LOAD_H
#define TESTS_TOOLCHAIN_LOAD_H

#include <stdbool.h>
#include <stdint.h>

/** Address of the import called @name, or 0. */
typedef uint32_t (*load_import)(const char *name);

/**
 * Places, relocates and, if @verify, verifies the module, and sets up its thread-local
 * data. Returns false after a message.
 */
bool load_module(const char *file, load_import import, bool verify);

/** Address of the module's symbol @name, or 0. */
uint32_t load_symbol(const char *name);

#endif
