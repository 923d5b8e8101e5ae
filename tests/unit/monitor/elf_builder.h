/* Builds small relocatable ELF files in memory, good ones, for tests to spoil. */
#ifndef TESTS_UNIT_MONITOR_ELF_BUILDER_H
#define TESTS_UNIT_MONITOR_ELF_BUILDER_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ELF_SECTIONS_MAX 24
#define ELF_SYMBOLS_MAX 32
#define ELF_RELAS_MAX 32

struct elf_builder {
    struct {
        const char *name;
        Elf64_Shdr header;
        const void *data; /* header.sh_size bytes; NULL: zeros, or nothing for NOBITS */
    } sections[ELF_SECTIONS_MAX];
    unsigned nsections; /* index 0 is the null section */
    struct {
        const char *name;
        Elf64_Sym symbol;
    } symbols[ELF_SYMBOLS_MAX];
    unsigned nsymbols; /* index 0 is the null symbol */
    struct {
        unsigned section; /* it applies to */
        Elf64_Rela rela;
    } relas[ELF_RELAS_MAX];
    unsigned nrelas;
    bool headers_first; /* section headers before the contents, not behind */
    /* Indexes of what elf_finish() adds. */
    unsigned symtab, strtab, shstrtab;
};

void elf_begin(struct elf_builder *b);
unsigned elf_section(struct elf_builder *b, const char *name, uint32_t type,
                     uint64_t flags, uint64_t align, const void *data, uint64_t size);
unsigned elf_symbol(struct elf_builder *b, const char *name, unsigned char binding,
                    unsigned char type, uint16_t section, uint64_t value,
                    uint64_t size);
void elf_rela(struct elf_builder *b, unsigned section, uint64_t offset, uint32_t type,
              unsigned symbol, int64_t addend);

/** Adds the tables and returns the file, exactly @size bytes for the caller to free. */
uint8_t *elf_finish(struct elf_builder *b, size_t *size);

/** The headers of a finished file. */
Elf64_Ehdr *elf_header(uint8_t *file);
Elf64_Shdr *elf_section_header(uint8_t *file, unsigned index);
/** Section header by name; fails the test where there is none. */
Elf64_Shdr *elf_named(uint8_t *file, const char *name);

/**
 * A module with every kind of section: .text (64 bytes, `start` at 0 and `other` at
 * 32), .rodata, .data, .bss, .init_array, .fini_array, .tdata, .tbss, .debug, @note as
 * .cubicle.note, relocations for .text, .data and .debug, and undefined `imported`.
 */
void elf_good(struct elf_builder *b, const char *note);

/* Symbols of elf_good(), by index. */
enum {
    GOOD_START = 1,
    GOOD_OTHER,
    GOOD_TABLE,
    GOOD_COUNTER,
    GOOD_ZEROS,
    GOOD_TLS,
    GOOD_IMPORTED,
    GOOD_ABSOLUTE,
    GOOD_WEAK,
    GOOD_DEBUG,
};

#endif
