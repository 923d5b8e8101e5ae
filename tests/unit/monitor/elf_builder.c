#include "elf_builder.h"

#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

void elf_begin(struct elf_builder *b)
{
    memset(b, 0, sizeof(*b));
    b->sections[0].name = "";
    b->nsections = 1;
    b->symbols[0].name = "";
    b->nsymbols = 1;
}

unsigned elf_section(struct elf_builder *b, const char *name, uint32_t type,
                     uint64_t flags, uint64_t align, const void *data, uint64_t size)
{
    assert_true(b->nsections < ELF_SECTIONS_MAX);
    b->sections[b->nsections].name = name;
    b->sections[b->nsections].data = data;
    b->sections[b->nsections].header = (Elf64_Shdr){
        .sh_type = type, .sh_flags = flags, .sh_size = size, .sh_addralign = align};
    return b->nsections++;
}

unsigned elf_symbol(struct elf_builder *b, const char *name, unsigned char binding,
                    unsigned char type, uint16_t section, uint64_t value, uint64_t size)
{
    assert_true(b->nsymbols < ELF_SYMBOLS_MAX);
    b->symbols[b->nsymbols].name = name;
    b->symbols[b->nsymbols].symbol =
        (Elf64_Sym){.st_info = ELF64_ST_INFO(binding, type),
                    .st_shndx = section,
                    .st_value = value,
                    .st_size = size};
    return b->nsymbols++;
}

void elf_rela(struct elf_builder *b, unsigned section, uint64_t offset, uint32_t type,
              unsigned symbol, int64_t addend)
{
    assert_true(b->nrelas < ELF_RELAS_MAX);
    b->relas[b->nrelas].section = section;
    b->relas[b->nrelas++].rela =
        (Elf64_Rela){.r_offset = offset,
                     .r_info = ELF64_R_INFO((uint64_t)symbol, type),
                     .r_addend = addend};
}

/* Appends @text with its NUL to a string table; returns its offset. */
static uint32_t add_string(char *table, size_t *len, size_t size, const char *text)
{
    const size_t at = *len;

    assert_true(at + strlen(text) + 1 <= size);
    strcpy(table + at, text);
    *len += strlen(text) + 1;
    return (uint32_t)at;
}

static void add_relocations(struct elf_builder *b, Elf64_Rela *table)
{
    const unsigned nsections = b->nsections;
    size_t used = 0;

    for (unsigned target = 1; target < nsections; target++) {
        const size_t first = used;
        for (unsigned i = 0; i < b->nrelas; i++) {
            if (b->relas[i].section == target) {
                table[used++] = b->relas[i].rela;
            }
        }
        if (used != first) {
            const unsigned index =
                elf_section(b, ".rela", SHT_RELA, SHF_INFO_LINK, 8, table + first,
                            (used - first) * sizeof(*table));
            b->sections[index].header.sh_info = target;
            b->sections[index].header.sh_entsize = sizeof(*table);
        }
    }
}

static uint8_t *lay_out(struct elf_builder *b, size_t *size)
{
    const uint64_t headers = b->nsections * sizeof(Elf64_Shdr);
    uint64_t end = sizeof(Elf64_Ehdr) + (b->headers_first ? headers : 0);

    for (unsigned i = 1; i < b->nsections; i++) {
        Elf64_Shdr *header = &b->sections[i].header;
        end = (end + 7) & ~UINT64_C(7);
        header->sh_offset = end;
        end += header->sh_type == SHT_NOBITS ? 0 : header->sh_size;
    }
    const uint64_t at =
        b->headers_first ? sizeof(Elf64_Ehdr) : (end + 7) & ~UINT64_C(7);
    *size = b->headers_first ? end : at + headers;
    uint8_t *file = calloc(1, *size);
    assert_non_null(file);
    *elf_header(file) = (Elf64_Ehdr){
        .e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
                    EV_CURRENT},
        .e_type = ET_REL,
        .e_machine = EM_X86_64,
        .e_version = EV_CURRENT,
        .e_shoff = at,
        .e_ehsize = sizeof(Elf64_Ehdr),
        .e_shentsize = sizeof(Elf64_Shdr),
        .e_shnum = (uint16_t)b->nsections,
        .e_shstrndx = (uint16_t)b->shstrtab,
    };
    for (unsigned i = 0; i < b->nsections; i++) {
        const Elf64_Shdr *header = &b->sections[i].header;
        *elf_section_header(file, i) = *header;
        if (header->sh_type != SHT_NOBITS && b->sections[i].data != NULL) {
            memcpy(file + header->sh_offset, b->sections[i].data, header->sh_size);
        }
    }
    return file;
}

uint8_t *elf_finish(struct elf_builder *b, size_t *size)
{
    static Elf64_Rela relas[ELF_RELAS_MAX];
    Elf64_Sym symbols[ELF_SYMBOLS_MAX];
    char strings[1024] = "", names[1024] = "";
    size_t strings_len = 1, names_len = 1;

    add_relocations(b, relas);
    for (unsigned i = 0; i < b->nsymbols; i++) {
        symbols[i] = b->symbols[i].symbol;
        if (b->symbols[i].name[0] != '\0') {
            symbols[i].st_name =
                add_string(strings, &strings_len, sizeof(strings), b->symbols[i].name);
        }
    }
    b->symtab = elf_section(b, ".symtab", SHT_SYMTAB, 0, 8, symbols,
                            b->nsymbols * sizeof(*symbols));
    b->strtab = elf_section(b, ".strtab", SHT_STRTAB, 0, 1, strings, strings_len);
    b->shstrtab = elf_section(b, ".shstrtab", SHT_STRTAB, 0, 1, names, 0);
    b->sections[b->symtab].header.sh_link = b->strtab;
    b->sections[b->symtab].header.sh_entsize = sizeof(*symbols);
    for (unsigned i = 1; i < b->nsections; i++) {
        b->sections[i].header.sh_name =
            add_string(names, &names_len, sizeof(names), b->sections[i].name);
        if (b->sections[i].header.sh_type == SHT_RELA) {
            b->sections[i].header.sh_link = b->symtab;
        }
    }
    b->sections[b->shstrtab].header.sh_size = names_len;
    return lay_out(b, size);
}

Elf64_Ehdr *elf_header(uint8_t *file)
{
    return (Elf64_Ehdr *)(void *)file;
}

Elf64_Shdr *elf_section_header(uint8_t *file, unsigned index)
{
    return (Elf64_Shdr *)(void *)(file + elf_header(file)->e_shoff) + index;
}

Elf64_Shdr *elf_named(uint8_t *file, const char *name)
{
    const Elf64_Shdr *names = elf_section_header(file, elf_header(file)->e_shstrndx);

    for (unsigned i = 1; i < elf_header(file)->e_shnum; i++) {
        Elf64_Shdr *header = elf_section_header(file, i);
        if (strcmp((const char *)file + names->sh_offset + header->sh_name, name) ==
            0) {
            return header;
        }
    }
    fail_msg("no section %s", name);
    return NULL;
}

void elf_good(struct elf_builder *b, const char *note)
{
    static uint8_t text[64], data[24], array[16], tls[12], rodata[40], debug[8];

    memset(text, 0xcc, sizeof(text));
    memset(rodata, 0x11, sizeof(rodata));
    memset(data, 0x22, sizeof(data));
    memset(tls, 0x33, sizeof(tls));
    elf_begin(b);
    const unsigned code = elf_section(
        b, ".text", SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, 32, text, sizeof(text));
    const unsigned constants =
        elf_section(b, ".rodata", SHT_PROGBITS, SHF_ALLOC, 16, rodata, sizeof(rodata));
    const unsigned variables = elf_section(
        b, ".data", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, 8, data, sizeof(data));
    const unsigned zeros =
        elf_section(b, ".bss", SHT_NOBITS, SHF_ALLOC | SHF_WRITE, 64, NULL, 5000);
    elf_section(b, ".init_array", SHT_INIT_ARRAY, SHF_ALLOC | SHF_WRITE, 8, array, 16);
    elf_section(b, ".fini_array", SHT_FINI_ARRAY, SHF_ALLOC | SHF_WRITE, 8, array, 8);
    const unsigned tdata =
        elf_section(b, ".tdata", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE | SHF_TLS, 16, tls,
                    sizeof(tls));
    elf_section(b, ".tbss", SHT_NOBITS, SHF_ALLOC | SHF_WRITE | SHF_TLS, 8, NULL, 20);
    const unsigned debugging =
        elf_section(b, ".debug", SHT_PROGBITS, 0, 1, debug, sizeof(debug));
    if (note != NULL) {
        elf_section(b, ".cubicle.note", SHT_PROGBITS, 0, 1, note, strlen(note));
    }
    elf_symbol(b, "start", STB_GLOBAL, STT_FUNC, (uint16_t)code, 0, 32);
    elf_symbol(b, "other", STB_LOCAL, STT_FUNC, (uint16_t)code, 32, 32);
    elf_symbol(b, "table", STB_LOCAL, STT_OBJECT, (uint16_t)constants, 8, 8);
    elf_symbol(b, "counter", STB_LOCAL, STT_OBJECT, (uint16_t)variables, 24, 0);
    elf_symbol(b, "zeros", STB_LOCAL, STT_OBJECT, (uint16_t)zeros, 0, 5000);
    elf_symbol(b, "tls", STB_LOCAL, STT_TLS, (uint16_t)tdata, 4, 4);
    elf_symbol(b, "imported", STB_GLOBAL, STT_NOTYPE, SHN_UNDEF, 0, 0);
    elf_symbol(b, "absolute", STB_LOCAL, STT_NOTYPE, SHN_ABS, 0x1234, 0);
    elf_symbol(b, "weak", STB_WEAK, STT_NOTYPE, SHN_UNDEF, 0, 0);
    elf_symbol(b, "debug", STB_LOCAL, STT_OBJECT, (uint16_t)debugging, 0, 0);
    elf_rela(b, code, 4, R_X86_64_PC32, GOOD_TABLE, -4);
    elf_rela(b, code, 60, R_X86_64_PLT32, GOOD_IMPORTED, -4);
    elf_rela(b, code, 8, R_X86_64_TPOFF32, GOOD_TLS, 0);
    elf_rela(b, variables, 16, R_X86_64_64, GOOD_START, 0);
    elf_rela(b, variables, 0, R_X86_64_NONE, 0, 0);
    elf_rela(b, debugging, 0, R_X86_64_64, GOOD_START, 0);
}
