/*
 * Reads an ELF64 object that binutils has just written, and takes it for well-formed.
 * The monitor, which trusts no file, has a reader of its own.
 */
#ifndef TOOLCHAIN_OBJECT_H
#define TOOLCHAIN_OBJECT_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct object {
    const uint8_t *bytes;
    size_t size;
    const Elf64_Shdr *sections;
    unsigned nsections;
    const char *section_names;
    const Elf64_Sym *symbols; /* NULL: no symbol table */
    size_t nsymbols;
    const char *symbol_names;
};

/** Maps file @name. Returns false with errno set; ENOEXEC: not an ELF64 file. */
bool object_open(const char *name, struct object *object);

void object_close(struct object *object);

/** Returns the section called @name, or NULL. */
const Elf64_Shdr *object_section(const struct object *object, const char *name);

const char *object_symbol_name(const struct object *object, const Elf64_Sym *symbol);

#endif
