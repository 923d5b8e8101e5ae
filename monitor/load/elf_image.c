#include "elf_image.h"
#include "base/populate.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Larger alignments than a page cannot be kept, and nothing needs them. */
#define IMAGE_ALIGN_MAX 4096u
#define IMAGE_SECTIONS_MAX 65279u /* SHN_LORESERVE - 1 */

int image_fail(struct image_error *error, const char *path, const char *format, ...)
{
    const int n = snprintf(error->text, sizeof(error->text), "%s: ", path);
    if (n > 0 && (size_t)n < sizeof(error->text)) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(error->text + n, sizeof(error->text) - (size_t)n, format, arguments);
        va_end(arguments);
    }
    return -ENOEXEC;
}

static bool image_inside(const struct image *image, uint64_t offset, uint64_t size)
{
    return offset <= image->file_size && size <= image->file_size - offset;
}

static const Elf64_Ehdr *image_header(const struct image *image)
{
    return (const Elf64_Ehdr *)image->file;
}

/* Headers are read with memcpy: nothing promises that e_shoff is aligned. */
static Elf64_Shdr image_section_header(const struct image *image, size_t index)
{
    Elf64_Shdr header;
    memcpy(&header, image->file + image_header(image)->e_shoff + index * sizeof(header),
           sizeof(header));
    return header;
}

static int image_check_header(const struct image *image, struct image_error *error)
{
    if (image->file_size == 0) {
        return image_fail(error, image->path, "the file is empty");
    }
    if (image->file_size < sizeof(Elf64_Ehdr)) {
        return image_fail(error, image->path,
                          "the file is too short for an ELF header (%zu bytes)",
                          image->file_size);
    }
    const Elf64_Ehdr *header = image_header(image);
    if (memcmp(header->e_ident, ELFMAG, SELFMAG) != 0) {
        return image_fail(error, image->path, "not an ELF file");
    }
    if (header->e_ident[EI_CLASS] != ELFCLASS64 ||
        header->e_ident[EI_DATA] != ELFDATA2LSB || header->e_machine != EM_X86_64) {
        return image_fail(error, image->path, "not a 64-bit x86-64 ELF file");
    }
    if (header->e_type != ET_REL) {
        return image_fail(error, image->path,
                          "ELF type %u, but a module is a relocatable file (ET_REL); "
                          "link it with cubicle-cc",
                          header->e_type);
    }
    if (header->e_shentsize != sizeof(Elf64_Shdr) || header->e_shnum == 0 ||
        header->e_shnum > IMAGE_SECTIONS_MAX || header->e_shstrndx >= header->e_shnum ||
        !image_inside(image, header->e_shoff,
                      (uint64_t)header->e_shnum * sizeof(Elf64_Shdr))) {
        return image_fail(error, image->path,
                          "the section header table is damaged (%u headers at %#llx)",
                          header->e_shnum, (unsigned long long)header->e_shoff);
    }
    return 0;
}

/* The string at @offset of string table @table, or NULL; E2, E6. */
static const char *image_string(struct image *image, const Elf64_Shdr *table,
                                uint64_t offset)
{
    if (table->sh_type != SHT_STRTAB || offset >= table->sh_size ||
        !image_inside(image, table->sh_offset, table->sh_size)) {
        return NULL;
    }
    const char *string = (const char *)image->file + table->sh_offset + offset;
    const uint64_t rest = table->sh_size - offset;
    const size_t room = rest <= IMAGE_NAME_MAX ? rest : IMAGE_NAME_MAX + 1;
    const char *end = memchr(string, '\0', room);
    if (end != NULL) {
        image->name_bytes += (uint64_t)(end - string) + 1;
    }
    return end != NULL && image->name_bytes <= image->file_size ? string : NULL;
}

/* What was wrong where image_string() found none. */
static const char *image_bad_name(const struct image *image)
{
    return image->name_bytes > image->file_size
               ? "names that overlap, and are more bytes than the file"
               : "a bad name";
}

static enum image_segment image_segment_of(const Elf64_Shdr *header)
{
    if ((header->sh_flags & SHF_ALLOC) == 0) {
        return IMAGE_NOT_LOADED;
    }
    if ((header->sh_flags & SHF_TLS) != 0) {
        return IMAGE_TLS;
    }
    if ((header->sh_flags & SHF_EXECINSTR) != 0) {
        return IMAGE_CODE;
    }
    return (header->sh_flags & SHF_WRITE) != 0 ? IMAGE_DATA : IMAGE_RODATA;
}

static int image_read_sections(struct image *image, struct image_error *error)
{
    const Elf64_Shdr names =
        image_section_header(image, image_header(image)->e_shstrndx);
    for (size_t i = 1; i < image->nsections; i++) {
        struct image_section *section = &image->sections[i];
        const Elf64_Shdr header = image_section_header(image, i);
        section->name = image_string(image, &names, header.sh_name);
        if (section->name == NULL) {
            return image_fail(error, image->path, "section %zu has %s", i,
                              image_bad_name(image));
        }
        section->size = header.sh_size;
        section->segment = image_segment_of(&header);
        if (header.sh_type == SHT_NOBITS) {
            if (section->segment == IMAGE_CODE) {
                return image_fail(error, image->path,
                                  "section %zu (%s) is code without contents", i,
                                  section->name);
            }
        } else if (!image_inside(image, header.sh_offset, header.sh_size)) {
            return image_fail(error, image->path,
                              "section %zu (%s) reaches beyond the end of the file", i,
                              section->name);
        } else {
            section->data = image->file + header.sh_offset;
        }
        if (section->segment == IMAGE_NOT_LOADED) {
            if (strcmp(section->name, ".cubicle.note") == 0) {
                if (image->note != NULL) {
                    return image_fail(error, image->path,
                                      "section %zu: a second .cubicle.note", i);
                }
                image->note = (const char *)section->data;
                image->note_size = section->data != NULL ? section->size : 0;
            }
            continue;
        }
        if (header.sh_addralign > IMAGE_ALIGN_MAX ||
            (header.sh_addralign & (header.sh_addralign - 1)) != 0 ||
            header.sh_size > IMAGE_SEGMENT_MAX) {
            return image_fail(error, image->path,
                              "section %zu (%s): size %#llx or alignment %#llx is not "
                              "possible",
                              i, section->name, (unsigned long long)header.sh_size,
                              (unsigned long long)header.sh_addralign);
        }
        image->loaded_bytes += section->data != NULL ? section->size : 0;
        if (image->loaded_bytes > image->file_size) {
            return image_fail(error, image->path,
                              "section %zu (%s): sections overlap, and are more bytes "
                              "than the file",
                              i, section->name);
        }
        if ((header.sh_flags & SHF_EXECINSTR) != 0 &&
            (header.sh_flags & SHF_WRITE) != 0) {
            return image_fail(error, image->path,
                              "section %zu (%s) is both writable and executable", i,
                              section->name);
        }
    }
    return 0;
}

/* Sections of a segment lie in this order, so that the arrays of constructors are in one
 * piece and zeros come last. */
static unsigned image_rank(const Elf64_Shdr *header)
{
    switch (header->sh_type) {
    case SHT_INIT_ARRAY:
        return 0;
    case SHT_FINI_ARRAY:
        return 1;
    case SHT_NOBITS:
        return 3;
    default:
        return 2;
    }
}

static int image_place(struct image *image, size_t index, const Elf64_Shdr *header,
                       struct image_error *error)
{
    struct image_section *section = &image->sections[index];
    uint64_t *size = &image->segment_size[section->segment];
    uint64_t align = header->sh_addralign > 1 ? header->sh_addralign : 1;
    if (section->segment == IMAGE_CODE && align < 32) {
        align = 32;
    }
    section->at = (*size + align - 1) & ~(align - 1);
    *size = section->at + section->size;
    if (*size > IMAGE_SEGMENT_MAX) {
        return image_fail(error, image->path,
                          "section %zu (%s): the module is too large", index,
                          section->name);
    }
    if (section->segment == IMAGE_TLS && align > image->tls_align) {
        image->tls_align = align;
    }
    return 0;
}

static int image_lay_out(struct image *image, struct image_error *error)
{
    for (unsigned rank = 0; rank <= 3; rank++) {
        const uint64_t before = image->segment_size[IMAGE_DATA];
        for (size_t i = 1; i < image->nsections; i++) {
            const Elf64_Shdr header = image_section_header(image, i);
            if (image->sections[i].segment == IMAGE_NOT_LOADED ||
                image_rank(&header) != rank) {
                continue;
            }
            const int failed = image_place(image, i, &header, error);
            if (failed != 0) {
                return failed;
            }
        }
        const uint64_t size = image->segment_size[IMAGE_DATA] - before;
        if (rank == 0) {
            image->init_array_at = before;
            image->init_array_size = size;
        } else if (rank == 1) {
            image->fini_array_at = before;
            image->fini_array_size = size;
        } else if (rank == 2) {
            image->tls_memory_size = image->segment_size[IMAGE_TLS];
        }
    }
    /* Only the initialised part of the TLS template takes memory in the image. */
    const uint64_t template_size = image->tls_memory_size;
    image->tls_memory_size = image->segment_size[IMAGE_TLS];
    image->segment_size[IMAGE_TLS] = template_size;
    return 0;
}

static int image_check_symbol(const struct image *image, size_t index,
                              const struct image_symbol *symbol,
                              struct image_error *error)
{
    if (symbol->section == SHN_UNDEF || symbol->section == SHN_ABS) {
        return 0;
    }
    if (symbol->section >= image->nsections) {
        return image_fail(error, image->path,
                          "symbol %zu (%s) is in section %u, which does not exist",
                          index, symbol->name, symbol->section);
    }
    const struct image_section *section = &image->sections[symbol->section];
    if (section->segment != IMAGE_NOT_LOADED && symbol->value > section->size) {
        return image_fail(error, image->path,
                          "symbol %zu (%s) lies outside its section", index,
                          symbol->name);
    }
    return 0;
}

static int image_count_undefined(const struct image *image, struct image_error *error)
{
    uint32_t nundefined = 0;
    for (size_t i = 1; i < image->nsymbols; i++) { /* symbol 0 stands for none */
        nundefined += image->symbols[i].section == SHN_UNDEF;
    }
    return nundefined <= IMAGE_UNDEFINED_MAX
               ? 0
               : image_fail(error, image->path, "more than %u undefined symbols",
                            IMAGE_UNDEFINED_MAX);
}

static int image_read_symbols(struct image *image, struct image_error *error)
{
    size_t table = 0;
    for (size_t i = 1; i < image->nsections; i++) {
        if (image_section_header(image, i).sh_type == SHT_SYMTAB) {
            if (table != 0) {
                return image_fail(error, image->path, "two symbol tables");
            }
            table = i;
        }
    }
    if (table == 0) {
        return image_fail(error, image->path, "no symbol table");
    }
    const Elf64_Shdr header = image_section_header(image, table);
    if (header.sh_entsize != sizeof(Elf64_Sym) || header.sh_link >= image->nsections) {
        return image_fail(error, image->path, "the symbol table is damaged");
    }
    const Elf64_Shdr strings = image_section_header(image, header.sh_link);
    image->nsymbols = header.sh_size / sizeof(Elf64_Sym);
    image->symbols = calloc(image->nsymbols + 1, sizeof(*image->symbols));
    if (image->symbols == NULL) {
        (void)image_fail(error, image->path, "out of memory");
        return -ENOMEM;
    }
    populate(image->symbols, image->nsymbols * sizeof(*image->symbols));
    for (size_t i = 0; i < image->nsymbols; i++) {
        Elf64_Sym raw;
        memcpy(&raw, image->file + header.sh_offset + i * sizeof(raw), sizeof(raw));
        struct image_symbol *symbol = &image->symbols[i];
        *symbol = (struct image_symbol){
            .name = raw.st_name == 0 ? "" : image_string(image, &strings, raw.st_name),
            .section = raw.st_shndx,
            .type = ELF64_ST_TYPE(raw.st_info),
            .binding = ELF64_ST_BIND(raw.st_info),
            .value = raw.st_value,
            .size = raw.st_size,
        };
        if (symbol->name == NULL) {
            return image_fail(error, image->path, "symbol %zu has %s", i,
                              image_bad_name(image));
        }
        const int failed = image_check_symbol(image, i, symbol, error);
        if (failed != 0) {
            return failed;
        }
    }
    return image_count_undefined(image, error);
}

int image_open(const char *path, uint8_t *file, size_t size, struct image *image,
               struct image_error *error)
{
    *image = (struct image){.path = path, .file = file, .file_size = size};
    int failed = image_check_header(image, error);
    if (failed == 0) {
        image->nsections = image_header(image)->e_shnum;
        image->sections = calloc(image->nsections, sizeof(*image->sections));
        if (image->sections == NULL) {
            (void)image_fail(error, path, "out of memory");
            failed = -ENOMEM;
        } else {
            image->sections[0].segment = IMAGE_NOT_LOADED;
            image->sections[0].name = "";
        }
    }
    if (failed == 0) {
        failed = image_read_sections(image, error);
    }
    if (failed == 0) {
        failed = image_lay_out(image, error);
    }
    if (failed == 0) {
        failed = image_read_symbols(image, error);
    }
    if (failed != 0) {
        image_close(image);
    }
    return failed;
}

void image_close(struct image *image)
{
    free(image->symbols);
    free(image->sections);
    free(image->file);
    *image = (struct image){0};
}

const char *image_function_at(const struct image *image, uint64_t offset,
                              uint64_t *into)
{
    const char *name = NULL;
    uint64_t nearest = UINT64_MAX;
    for (size_t i = 0; i < image->nsymbols; i++) {
        const struct image_symbol *symbol = &image->symbols[i];
        if (symbol->name[0] == '\0' || symbol->section == SHN_UNDEF ||
            symbol->section >= image->nsections ||
            (symbol->type != STT_FUNC && symbol->type != STT_NOTYPE) ||
            image->sections[symbol->section].segment != IMAGE_CODE) {
            continue;
        }
        const uint64_t start = image->sections[symbol->section].at + symbol->value;
        const bool better = symbol->type == STT_FUNC ? offset - start <= nearest
                                                     : offset - start < nearest;
        if (start <= offset && better) {
            nearest = offset - start;
            name = symbol->name;
        }
    }
    *into = nearest;
    return name;
}
