/*
 * Module files: E1-E5 of elf_image.h. A good file is spoiled in one place at a time,
 * and each reject is asserted with its whole message: the file, the place, the reason.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "elf_builder.h"
#include "load/elf_image.h"

static struct elf_builder builder;
static struct image_error error;

static uint8_t *good(size_t *size)
{
    elf_good(&builder, "cubicle-module 2\n");
    return elf_finish(&builder, size);
}

/* Takes @file over. Whatever is refused is refused with a message about the file. */
static int open_image(uint8_t *file, size_t size, struct image *image)
{
    struct image untouched;

    error.text[0] = '\0';
    const int failed = image_open("m.cub", file, size, image, &error);
    if (failed != 0) {
        assert_int_equal(failed, -ENOEXEC);
        assert_memory_equal(error.text, "m.cub: ", 7);
        memset(&untouched, 0, sizeof(untouched));
        assert_memory_equal(image, &untouched, sizeof(untouched)); /* nothing to free */
    }
    return failed;
}

static void refuse(uint8_t *file, size_t size, const char *text)
{
    struct image image;
    char expected[sizeof(error.text)];

    assert_int_equal(open_image(file, size, &image), -ENOEXEC);
    snprintf(expected, sizeof(expected), "m.cub: %s", text);
    assert_string_equal(error.text, expected);
}

static void test_good(void **state)
{
    struct image image;
    uint64_t into;
    size_t size;
    uint8_t *file = good(&size);

    (void)state;
    assert_int_equal(open_image(file, size, &image), 0);
    assert_int_equal(image.note_size, strlen("cubicle-module 2\n"));
    assert_memory_equal(image.note, "cubicle-module 2\n", image.note_size);
    assert_int_equal(image.nsymbols, builder.nsymbols);
    assert_string_equal(image.symbols[GOOD_START].name, "start");
    assert_int_equal(image.symbols[GOOD_START].type, STT_FUNC);
    assert_int_equal(image.symbols[GOOD_IMPORTED].section, SHN_UNDEF);
    assert_string_equal(image_function_at(&image, 0, &into), "start");
    assert_int_equal(into, 0);
    assert_string_equal(image_function_at(&image, 31, &into), "start");
    assert_string_equal(image_function_at(&image, 32, &into), "other");
    assert_string_equal(image_function_at(&image, 1000, &into), "other");
    assert_int_equal(into, 968);
    image_close(&image);
    assert_null(image.file);
}

/* E1, E5: what is loaded lies in its segment, aligned, in order, without overlaps. */
static void test_e1_layout(void **state)
{
    struct image image;
    size_t size;
    uint8_t *file = good(&size);

    (void)state;
    assert_int_equal(open_image(file, size, &image), 0);
    assert_int_equal(image.segment_size[IMAGE_CODE], 64);
    assert_int_equal(image.segment_size[IMAGE_RODATA], 40);
    /* 16 bytes of constructors, 8 of destructors, 24 of data, zeros from 64 on. */
    assert_int_equal(image.init_array_at, 0);
    assert_int_equal(image.init_array_size, 16);
    assert_int_equal(image.fini_array_at, 16);
    assert_int_equal(image.fini_array_size, 8);
    assert_int_equal(image.segment_size[IMAGE_DATA], 64 + 5000);
    assert_int_equal(image.segment_size[IMAGE_TLS], 12);
    assert_int_equal(image.tls_memory_size, 16 + 20);
    assert_int_equal(image.tls_align, 16);
    for (size_t i = 0; i < image.nsections; i++) {
        const struct image_section *a = &image.sections[i];
        if (a->segment == IMAGE_NOT_LOADED) {
            continue;
        }
        assert_true(a->at + a->size <= (a->segment == IMAGE_TLS
                                            ? image.tls_memory_size
                                            : image.segment_size[a->segment]));
        for (size_t k = 0; k < i; k++) {
            const struct image_section *b = &image.sections[k];
            assert_true(b->segment != a->segment || b->at + b->size <= a->at ||
                        a->at + a->size <= b->at);
        }
    }
    image_close(&image);
}

/* Each section of code begins a bundle, whatever its alignment says. */
static void test_e1_bundles(void **state)
{
    struct image image;
    size_t size;

    (void)state;
    elf_good(&builder, "cubicle-module 2\n");
    const unsigned first = elf_section(&builder, ".text.a", SHT_PROGBITS,
                                       SHF_ALLOC | SHF_EXECINSTR, 1, NULL, 5);
    const unsigned second = elf_section(&builder, ".text.b", SHT_PROGBITS,
                                        SHF_ALLOC | SHF_EXECINSTR, 16, NULL, 5);
    uint8_t *file = elf_finish(&builder, &size);
    assert_int_equal(open_image(file, size, &image), 0);
    assert_int_equal(image.sections[first].at, 64);
    assert_int_equal(image.sections[second].at, 96);
    image_close(&image);
}

/* One field of a good file, spoiled. */
static void test_bad_headers(void **state)
{
    enum { EHDR, SHDR };
    static const struct {
        int what;
        const char *section; /* SHDR: which */
        size_t field, width;
        uint64_t value;
        const char *text;
    } rows[] = {
#define E(field, value, text)                                                    \
    {EHDR,  NULL, offsetof(Elf64_Ehdr, field), sizeof(((Elf64_Ehdr *)0)->field), \
     value, text}
#define S(section, field, value, text)                                                \
    {                                                                                 \
        SHDR, section, offsetof(Elf64_Shdr, field), sizeof(((Elf64_Shdr *)0)->field), \
            value, text                                                               \
    }
        E(e_ident[0], 0x7e, "not an ELF file"),
        E(e_ident[EI_CLASS], ELFCLASS32, "not a 64-bit x86-64 ELF file"),
        E(e_ident[EI_DATA], ELFDATA2MSB, "not a 64-bit x86-64 ELF file"),
        E(e_machine, EM_AARCH64, "not a 64-bit x86-64 ELF file"),
        E(e_type, ET_EXEC,
          "ELF type 2, but a module is a relocatable file (ET_REL); link "
          "it with cubicle-cc"),
        E(e_type, ET_DYN,
          "ELF type 3, but a module is a relocatable file (ET_REL); link "
          "it with cubicle-cc"),
        E(e_shnum, 0, "the section header table is damaged (0 headers at 0x368)"),
        E(e_shnum, 0xffff,
          "the section header table is damaged (65535 headers at 0x368)"),
        E(e_shnum, 18, "the section header table is damaged (18 headers at 0x368)"),
        E(e_shentsize, 63, "the section header table is damaged (17 headers at 0x368)"),
        E(e_shoff, UINT64_MAX,
          "the section header table is damaged (17 headers at 0xffffffffffffffff)"),
        E(e_shoff, UINT64_MAX - 17 * 64 + 1,
          "the section header table is damaged (17 headers at 0xfffffffffffffbc0)"),
        E(e_shstrndx, 17, "the section header table is damaged (17 headers at 0x368)"),
        E(e_shstrndx, 0xffff,
          "the section header table is damaged (17 headers at 0x368)"),
        E(e_shstrndx, 0, "section 1 has a bad name"),
        E(e_shstrndx, 1, "section 1 has a bad name"), /* not a string table */
        S(".rodata", sh_name, 0xffffffff, "section 2 has a bad name"),
        S(".shstrtab", sh_offset, UINT64_MAX, "section 1 has a bad name"),
        S(".shstrtab", sh_size, UINT64_MAX, "section 1 has a bad name"),
        S(".shstrtab", sh_size, 5, "section 1 has a bad name"), /* no NUL */
        /* Contents outside of the file, and sums that wrap. */
        S(".rodata", sh_offset, 0x100000,
          "section 2 (.rodata) reaches beyond the end of the file"),
        S(".rodata", sh_offset, UINT64_MAX - 20,
          "section 2 (.rodata) reaches beyond the end of the file"),
        S(".rodata", sh_size, 0x100000,
          "section 2 (.rodata) reaches beyond the end of the file"),
        S(".rodata", sh_size, UINT64_MAX,
          "section 2 (.rodata) reaches beyond the end of the file"),
        S(".debug", sh_size, UINT64_MAX,
          "section 9 (.debug) reaches beyond the end of the file"),
        S(".symtab", sh_offset, UINT64_MAX,
          "section 14 (.symtab) reaches beyond the end of the file"),
        S(".symtab", sh_size, UINT64_MAX,
          "section 14 (.symtab) reaches beyond the end of the file"),
        /* E5: sizes and alignments. */
        S(".bss", sh_size, UINT64_MAX,
          "section 4 (.bss): size 0xffffffffffffffff or "
          "alignment 0x40 is not possible"),
        S(".bss", sh_size, IMAGE_SEGMENT_MAX + 1,
          "section 4 (.bss): size 0x10000001 or alignment 0x40 is not possible"),
        S(".bss", sh_size, IMAGE_SEGMENT_MAX,
          "section 4 (.bss): the module is too large"),
        S(".tbss", sh_size, IMAGE_SEGMENT_MAX,
          "section 8 (.tbss): the module is too large"),
        S(".data", sh_addralign, 8192,
          "section 3 (.data): size 0x18 or alignment 0x2000 is not possible"),
        S(".data", sh_addralign, 24,
          "section 3 (.data): size 0x18 or alignment 0x18 is not possible"),
        S(".data", sh_addralign, UINT64_MAX,
          "section 3 (.data): size 0x18 or alignment 0xffffffffffffffff is not "
          "possible"),
        /* W^X, and code that is not there. */
        S(".text", sh_flags, SHF_ALLOC | SHF_EXECINSTR | SHF_WRITE,
          "section 1 (.text) is both writable and executable"),
        S(".tdata", sh_flags, SHF_ALLOC | SHF_TLS | SHF_WRITE | SHF_EXECINSTR,
          "section 7 (.tdata) is both writable and executable"),
        S(".text", sh_type, SHT_NOBITS, "section 1 (.text) is code without contents"),
        /* The symbol table. */
        S(".symtab", sh_type, SHT_PROGBITS, "no symbol table"),
        S(".strtab", sh_type, SHT_SYMTAB, "two symbol tables"),
        S(".symtab", sh_entsize, 0, "the symbol table is damaged"),
        S(".symtab", sh_entsize, 23, "the symbol table is damaged"),
        S(".symtab", sh_link, 17, "the symbol table is damaged"),
        S(".symtab", sh_link, UINT32_MAX, "the symbol table is damaged"),
        S(".symtab", sh_link, 0, "symbol 1 has a bad name"),
        S(".symtab", sh_link, 1, "symbol 1 has a bad name"),
        S(".strtab", sh_size, 5, "symbol 1 has a bad name"), /* "start" without NUL */
        S(".strtab", sh_offset, UINT64_MAX,
          "section 15 (.strtab) reaches beyond the end "
          "of the file"),
#undef E
#undef S
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t size;
        uint8_t *file = good(&size);
        uint8_t *base =
            rows[i].what == EHDR ? file : (uint8_t *)elf_named(file, rows[i].section);
        memcpy(base + rows[i].field, &rows[i].value, rows[i].width);
        refuse(file, size, rows[i].text);
    }
}

/* E2, E3: symbols. */
static void test_bad_symbols(void **state)
{
    static const struct {
        unsigned symbol;
        size_t field, width;
        uint64_t value;
        const char *text;
    } rows[] = {
#define Y(symbol, field, value, text) \
    {symbol, offsetof(Elf64_Sym, field), sizeof(((Elf64_Sym *)0)->field), value, text}
        Y(GOOD_START, st_name, UINT32_MAX, "symbol 1 has a bad name"),
        Y(GOOD_START, st_shndx, 17,
          "symbol 1 (start) is in section 17, which does not exist"),
        Y(GOOD_START, st_shndx, SHN_COMMON,
          "symbol 1 (start) is in section 65522, which does not exist"),
        Y(GOOD_START, st_shndx, SHN_XINDEX,
          "symbol 1 (start) is in section 65535, which does not exist"),
        Y(GOOD_START, st_value, 65, "symbol 1 (start) lies outside its section"),
        Y(GOOD_START, st_value, UINT64_MAX,
          "symbol 1 (start) lies outside its section"),
        Y(GOOD_ZEROS, st_value, 5001, "symbol 5 (zeros) lies outside its section"),
        Y(GOOD_TLS, st_value, 13, "symbol 6 (tls) lies outside its section"),
#undef Y
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t size;
        uint8_t *file = good(&size);
        memcpy(file + elf_named(file, ".symtab")->sh_offset +
                   rows[i].symbol * sizeof(Elf64_Sym) + rows[i].field,
               &rows[i].value, rows[i].width);
        refuse(file, size, rows[i].text);
    }
    /* One past the end is allowed: "end of table" labels. */
    struct image image;
    size_t size;
    uint8_t *file = good(&size);
    Elf64_Sym *symbols =
        (Elf64_Sym *)(void *)(file + elf_named(file, ".symtab")->sh_offset);
    symbols[GOOD_START].st_value = 64;
    assert_int_equal(open_image(file, size, &image), 0);
    image_close(&image);
}

static unsigned nvisited;
static int visit_result;

static int count_visit(void *context, const struct image_relocation *r)
{
    const struct image *image = context;

    /* E4 */
    assert_true(r->section->segment < IMAGE_SEGMENTS && r->section->data != NULL);
    assert_true(r->offset + (r->type == R_X86_64_64 ? 8 : 4) <= r->section->size);
    assert_true(r->symbol >= image->symbols &&
                r->symbol < image->symbols + image->nsymbols);
    nvisited++;
    return visit_result;
}

static int visit(struct image *image)
{
    nvisited = 0;
    error.text[0] = '\0';
    return image_visit_relocations(image, count_visit, image, &error);
}

static void test_relocations(void **state)
{
    struct image image;
    size_t size;
    uint8_t *file = good(&size);

    (void)state;
    assert_int_equal(open_image(file, size, &image), 0);
    assert_int_equal(visit(&image), 0);
    assert_int_equal(nvisited, 4); /* neither NONE nor debugging information */
    visit_result = -EPERM;
    assert_int_equal(visit(&image), -EPERM);
    assert_int_equal(nvisited, 1);
    assert_string_equal(error.text, "");
    visit_result = 0;
    image_close(&image);
}

/* E4: each field of the first relocation, and of its section. */
static void test_bad_relocations(void **state)
{
    static const struct {
        uint64_t offset, info;
        const char *text;
    } rows[] = {
        {65, ELF64_R_INFO(1, R_X86_64_PC32),
         ".text+0x41: relocation outside the section"},
        {61, ELF64_R_INFO(1, R_X86_64_PC32),
         ".text+0x3d: relocation outside the section"},
        {57, ELF64_R_INFO(1, R_X86_64_64),
         ".text+0x39: relocation outside the section"},
        {UINT64_MAX, ELF64_R_INFO(1, R_X86_64_PC32),
         ".text+0xffffffffffffffff: relocation outside the section"},
        {UINT64_MAX - 2, ELF64_R_INFO(1, R_X86_64_64),
         ".text+0xfffffffffffffffd: relocation outside the section"},
        {0, ELF64_R_INFO(11, R_X86_64_PC32),
         ".text+0: relocation against symbol 11, which does not exist"},
        {0, ELF64_R_INFO((uint64_t)UINT32_MAX, R_X86_64_PC32),
         ".text+0: relocation against symbol 4294967295, which does not exist"},
        {0, ELF64_R_INFO(1, R_X86_64_GOTPCRELX),
         ".text+0: relocation type 41 is not supported; modules are compiled by "
         "cubicle-cc "
         "without PIC"},
        {0, ELF64_R_INFO(1, R_X86_64_COPY),
         ".text+0: relocation type 5 is not supported; modules are compiled by "
         "cubicle-cc "
         "without PIC"},
        {0, ELF64_R_INFO(1, 0xffffffff),
         ".text+0: relocation type 4294967295 is not supported; modules are compiled "
         "by "
         "cubicle-cc without PIC"},
        {0, ELF64_R_INFO(1, R_X86_64_PC64),
         ".text+0: relocation type 24 is not supported; modules are compiled by "
         "cubicle-cc "
         "without PIC"},
    };
    static const struct {
        size_t field, width;
        uint64_t value;
        const char *text;
    } sections[] = {
        {offsetof(Elf64_Shdr, sh_info), 4, 0,
         "relocation section 11 applies to nothing"},
        {offsetof(Elf64_Shdr, sh_info), 4, 17,
         "relocation section 11 applies to nothing"},
        {offsetof(Elf64_Shdr, sh_info), 4, UINT32_MAX,
         "relocation section 11 applies to nothing"},
        {offsetof(Elf64_Shdr, sh_info), 4, 4,
         "relocations for .bss, which has no contents"},
        {offsetof(Elf64_Shdr, sh_type), 4, SHT_REL, "section 11: REL relocations"},
    };
    char expected[sizeof(error.text)];
    struct image image;
    size_t size;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t *file = good(&size);
        Elf64_Rela *rela =
            (Elf64_Rela *)(void *)(file + elf_named(file, ".rela")->sh_offset);
        rela->r_offset = rows[i].offset;
        rela->r_info = rows[i].info;
        assert_int_equal(open_image(file, size, &image), 0);
        assert_int_equal(visit(&image), -ENOEXEC);
        snprintf(expected, sizeof(expected), "m.cub: %s", rows[i].text);
        assert_string_equal(error.text, expected);
        assert_int_equal(nvisited, 0);
        image_close(&image);
    }
    for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
        uint8_t *file = good(&size);
        memcpy((uint8_t *)elf_named(file, ".rela") + sections[i].field,
               &sections[i].value, sections[i].width);
        assert_int_equal(open_image(file, size, &image), 0);
        assert_int_equal(visit(&image), -ENOEXEC);
        snprintf(expected, sizeof(expected), "m.cub: %s", sections[i].text);
        assert_string_equal(error.text, expected);
        image_close(&image);
    }
}

/* Tables that lie on each other are no more work than the file is long. */
static void test_overlapping_relocations(void **state)
{
    static const Elf64_Rela none[100];
    struct image image;
    size_t size;

    (void)state;
    elf_good(&builder, "cubicle-module 2\n");
    for (unsigned i = 0; i < 4; i++) {
        elf_section(&builder, i == 0 ? ".many" : ".more", SHT_RELA, 0, 8, none,
                    i == 0 ? sizeof(none) : sizeof(none[0]));
    }
    uint8_t *file = elf_finish(&builder, &size);
    const Elf64_Shdr *many = elf_named(file, ".many");
    for (Elf64_Shdr *table = (Elf64_Shdr *)(uintptr_t)many, *end = table + 4;
         table < end; table++) {
        table->sh_offset = many->sh_offset;
        table->sh_size = sizeof(none);
        table->sh_info = 1;
        table->sh_link = elf_named(file, ".rela")->sh_link;
        table->sh_entsize = sizeof(none[0]);
    }
    assert_true(size < 4 * sizeof(none));
    assert_int_equal(open_image(file, size, &image), 0);
    assert_int_equal(visit(&image), -ENOEXEC);
    assert_non_null(strstr(error.text, ": relocations of more bytes than the file"));
    image_close(&image);
}

/* The exact ends of sections are inside. */
static void test_relocation_at_the_end(void **state)
{
    static const struct {
        uint64_t offset, type;
    } rows[] = {
        {60, R_X86_64_32}, {60, R_X86_64_32S}, {56, R_X86_64_64}, {0, R_X86_64_PC32}};
    struct image image;
    size_t size;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t *file = good(&size);
        Elf64_Rela *rela =
            (Elf64_Rela *)(void *)(file + elf_named(file, ".rela")->sh_offset);
        rela->r_offset = rows[i].offset;
        rela->r_info = ELF64_R_INFO(1, rows[i].type);
        assert_int_equal(open_image(file, size, &image), 0);
        assert_int_equal(visit(&image), 0);
        image_close(&image);
    }
}

/* Sections may share bytes of the file; each is loaded from its own copy. */
static void test_overlapping_sections(void **state)
{
    struct image image;
    size_t size;
    uint8_t *file = good(&size);

    (void)state;
    elf_named(file, ".data")->sh_offset = elf_named(file, ".text")->sh_offset;
    elf_named(file, ".rodata")->sh_offset = 0; /* the ELF header */
    assert_int_equal(open_image(file, size, &image), 0);
    assert_int_equal(image.segment_size[IMAGE_CODE], 64);
    assert_int_equal(visit(&image), 0);
    image_close(&image);
}

/* The file, cut at every length, with the headers in front and behind. */
static void test_truncated(void **state)
{
    (void)state;
    for (unsigned front = 0; front < 2; front++) {
        size_t size;
        elf_good(&builder, "cubicle-module 2\n");
        builder.headers_first = front;
        uint8_t *file = elf_finish(&builder, &size);
        for (size_t len = 0; len < size; len++) {
            struct image image;
            uint8_t *part =
                malloc(len != 0 ? len : 1); /* exactly: ASan sees a byte more */
            assert_non_null(part);
            memcpy(part, file, len);
            assert_int_equal(open_image(part, len, &image), -ENOEXEC);
            if (len == 0) {
                assert_string_equal(error.text, "m.cub: the file is empty");
            } else if (len < sizeof(Elf64_Ehdr)) {
                assert_non_null(strstr(error.text, "too short for an ELF header"));
            } else if (!front) {
                assert_non_null(
                    strstr(error.text, "the section header table is damaged"));
            }
        }
        free(file);
    }
}

/* Every byte of the file, changed in five ways: refused or opened, never worse. */
static void test_every_byte(void **state)
{
    static const uint8_t changes[] = {0x01, 0x80, 0xff, 0x10, 0x7f};
    size_t size, opened = 0;
    uint8_t *file = good(&size);

    (void)state;
    for (size_t at = 0; at < size; at++) {
        for (size_t i = 0; i < sizeof(changes); i++) {
            struct image image;
            uint8_t *spoiled = malloc(size);
            assert_non_null(spoiled);
            memcpy(spoiled, file, size);
            spoiled[at] ^= changes[i];
            if (open_image(spoiled, size, &image) == 0) {
                uint64_t into;
                (void)visit(&image);
                (void)image_function_at(&image, 33, &into);
                image_close(&image);
                opened++;
            }
        }
    }
    assert_true(opened > 0);
    free(file);
}

/* E6: names that share their bytes. */
static void test_e6_names(void **state)
{
    static char name[400];
    size_t size;

    (void)state;
    memset(name, 'a', sizeof(name) - 1);
    elf_good(&builder, NULL);
    unsigned first = 0;
    for (unsigned i = 0; i < 18; i++) {
        const unsigned at =
            elf_symbol(&builder, i == 0 ? name : "x", STB_LOCAL, STT_NOTYPE, 1, 0, 0);
        first = i == 0 ? at : first;
    }
    uint8_t *file = elf_finish(&builder, &size);
    const Elf64_Shdr *table = elf_named(file, ".symtab");
    Elf64_Sym *symbols = (Elf64_Sym *)(file + table->sh_offset);
    for (unsigned i = first; i < first + 18; i++) {
        symbols[i].st_name = symbols[first].st_name;
    }
    assert_true(size < 18 * sizeof(name));
    struct image image;
    assert_int_equal(open_image(file, size, &image), -ENOEXEC);
    assert_non_null(strstr(error.text,
                           " has names that overlap, and are more bytes than "
                           "the file"));
}

/* E6: sections that share their contents. */
static void test_e6_sections(void **state)
{
    static uint8_t contents[4096];
    size_t size;

    (void)state;
    for (unsigned extra = 0; extra < 2; extra++) {
        elf_good(&builder, NULL);
        for (unsigned i = 0; i < 4; i++) {
            elf_section(&builder, ".many", SHT_PROGBITS, SHF_ALLOC, 1, contents,
                        i == 0 ? sizeof(contents) : 1);
        }
        uint8_t *file = elf_finish(&builder, &size);
        const Elf64_Shdr *first = elf_named(file, ".many");
        for (unsigned i = 1; extra && i < builder.nsections; i++) {
            Elf64_Shdr *header = elf_section_header(file, i);
            if (header->sh_name == first->sh_name || header->sh_size == 1) {
                header->sh_offset = first->sh_offset;
                header->sh_size = first->sh_size;
            }
        }
        struct image image;
        assert_int_equal(open_image(file, size, &image), extra ? -ENOEXEC : 0);
        if (extra) {
            assert_non_null(strstr(error.text,
                                   "(.many): sections overlap, and are more "
                                   "bytes than the file"));
        } else {
            image_close(&image);
        }
    }
}

/* There is one note, not the first or the last of several. */
static void test_second_note(void **state)
{
    size_t size;

    (void)state;
    elf_good(&builder, "cubicle-module 2\n");
    const unsigned second = elf_section(&builder, ".cubicle.note", SHT_PROGBITS, 0, 1,
                                        "cubicle-module 2\n", 17);
    uint8_t *file = elf_finish(&builder, &size);
    char expected[60];
    snprintf(expected, sizeof(expected), "section %u: a second .cubicle.note", second);
    refuse(file, size, expected);
}

/* A table whose headers do not end at a multiple of the alignment is read all the same. */
static void test_unaligned_headers(void **state)
{
    struct image image;
    size_t size;
    uint8_t *file = good(&size);
    uint8_t *moved = calloc(1, size + 1);

    (void)state;
    assert_non_null(moved);
    const size_t at = elf_header(file)->e_shoff;
    memcpy(moved, file, at);
    memcpy(moved + at + 1, file + at, size - at);
    elf_header(moved)->e_shoff = at + 1;
    free(file);
    assert_int_equal(open_image(moved, size + 1, &image), 0);
    assert_int_equal(visit(&image), 0);
    image_close(&image);
}

/* @file with @more bytes behind it. */
static uint8_t *extend(uint8_t *file, size_t size, size_t more)
{
    uint8_t *longer = realloc(file, size + more);
    assert_non_null(longer);
    memset(longer + size, 0, more);
    return longer;
}

/* Many symbols can share one long name: reading it for each would take hours. */
static void test_long_name(void **state)
{
    (void)state;
    for (size_t over = 0; over < 2; over++) {
        struct image image;
        size_t size;
        uint8_t *file = good(&size);
        const size_t length = IMAGE_NAME_MAX + over;
        const Elf64_Shdr old = *elf_named(file, ".strtab");
        file = extend(file, size, old.sh_size + length + 1);
        memcpy(file + size, file + old.sh_offset, old.sh_size);
        memset(file + size + old.sh_size, 'n', length);
        elf_named(file, ".strtab")->sh_offset = size;
        elf_named(file, ".strtab")->sh_size = old.sh_size + length + 1;
        Elf64_Sym *symbols = (void *)(file + elf_named(file, ".symtab")->sh_offset);
        symbols[GOOD_START].st_name = (uint32_t)old.sh_size;
        size += old.sh_size + length + 1;
        if (over != 0) {
            refuse(file, size, "symbol 1 has a bad name");
        } else {
            assert_int_equal(open_image(file, size, &image), 0);
            image_close(&image);
        }
    }
}

/* Whoever asks for a function that is not there walks along all that are undefined. */
static void test_many_undefined(void **state)
{
    (void)state;
    for (size_t over = 0; over < 2; over++) {
        struct image image;
        size_t size;
        uint8_t *file = good(&size);
        const Elf64_Shdr old = *elf_named(file, ".symtab");
        /* `imported` and `weak` are in the good file already. */
        const size_t more = (IMAGE_UNDEFINED_MAX - 2 + over) * sizeof(Elf64_Sym);
        file = extend(file, size, old.sh_size + more);
        memcpy(file + size, file + old.sh_offset, old.sh_size);
        elf_named(file, ".symtab")->sh_offset = size;
        elf_named(file, ".symtab")->sh_size = old.sh_size + more;
        size += old.sh_size + more;
        if (over != 0) {
            refuse(file, size, "more than 4096 undefined symbols");
        } else {
            assert_int_equal(open_image(file, size, &image), 0);
            image_close(&image);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_long_name),
        cmocka_unit_test(test_many_undefined),
        cmocka_unit_test(test_e1_bundles),
        cmocka_unit_test(test_e1_layout),
        cmocka_unit_test(test_bad_headers),
        cmocka_unit_test(test_bad_symbols),
        cmocka_unit_test(test_relocations),
        cmocka_unit_test(test_bad_relocations),
        cmocka_unit_test(test_overlapping_relocations),
        cmocka_unit_test(test_relocation_at_the_end),
        cmocka_unit_test(test_overlapping_sections),
        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_every_byte),
        cmocka_unit_test(test_unaligned_headers),
        cmocka_unit_test(test_e6_names),
        cmocka_unit_test(test_e6_sections),
        cmocka_unit_test(test_second_note),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("elf_image", tests, NULL, NULL);
}
