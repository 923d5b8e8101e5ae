/* What stage.c and memory.c share: the memory of the system that is traced. */
#ifndef TESTS_FUZZ_ESCAPE_MEMORY_H
#define TESTS_FUZZ_ESCAPE_MEMORY_H

#include <stddef.h>
#include <stdint.h>

/** Opens it, once traced_pid runs. */
void memory_open(void);

/** Reads what the traced process could; writes whatever its rights are. */
void memory_read(uint64_t at, void *to, size_t size);
void memory_write(uint64_t at, const void *from, size_t size);

/** Fills [@from, @from + @size) with @word. */
void memory_fill(uint64_t from, size_t size, uint32_t word);

/** Finds stage.regions and the stack; chooses stage.hot; makes the copies. */
void memory_find_regions(void);
void memory_choose_hot(void);
void memory_copy_regions(void);

#endif
