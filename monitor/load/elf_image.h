/*
 * A module file, checked: one ELF64 relocatable object for x86-64. Everything in the
 * tables below has been bounds-checked against the file, so that later stages can use
 * indexes and offsets without checking again.
 *
 * Invariants of an opened image
 *   E1  Sections that are loaded lie inside the file and belong to exactly one segment.
 *   E2  Symbol names are NUL-terminated strings inside the file, at most IMAGE_NAME_MAX long.
 *   E3  A defined symbol points into (or one past) a loaded section.
 *   E4  Relocations apply to loaded sections, inside them, with a known type and symbol.
 *   E5  Segment sizes are at most IMAGE_SEGMENT_MAX.
 *   E6  Of names, of contents of loaded sections, and of relocations, each, no more bytes are
 *       read than the file has. Sections may overlap, so that without this rule a short file
 *       could make long work.
 */
#ifndef MONITOR_ELF_IMAGE_H
#define MONITOR_ELF_IMAGE_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IMAGE_FILE_MAX (UINT64_C(256) << 20)
#define IMAGE_SEGMENT_MAX (UINT64_C(256) << 20)
#define IMAGE_NAME_MAX 4096u
#define IMAGE_UNDEFINED_MAX 4096u

enum image_segment {
    IMAGE_CODE,
    IMAGE_RODATA,
    IMAGE_DATA, /* with .bss behind it */
    IMAGE_TLS,  /* the template: initialised part; lies in IMAGE_RODATA when loaded */
    IMAGE_SEGMENTS,
    IMAGE_NOT_LOADED = IMAGE_SEGMENTS,
};

struct image_section {
    const char *name;
    enum image_segment segment;
    uint64_t at; /* offset in the segment */
    uint64_t size;
    const uint8_t *data; /* NULL: zeros */
};

struct image_symbol {
    const char *name; /* "" for none */
    uint16_t section; /* index; SHN_UNDEF, SHN_ABS */
    uint8_t type, binding;
    bool resolved; /* undefined, and link.c has found its value */
    uint64_t value, size;
};

struct image_error {
    /* "FILE: place: what is wrong", with two names of sections or symbols */
    char text[3 * IMAGE_NAME_MAX];
};

struct image {
    const char *path;
    uint8_t *file; /* owned */
    size_t file_size;
    struct image_section *sections; /* owned */
    size_t nsections;
    struct image_symbol *symbols; /* owned */
    size_t nsymbols;
    uint64_t name_bytes, loaded_bytes; /* read so far (E6) */
    uint64_t segment_size[IMAGE_SEGMENTS];
    uint64_t tls_memory_size, tls_align; /* with .tbss; 0 where there is no TLS */
    const char *note;                    /* text of .cubicle.note, not NUL-terminated */
    size_t note_size;
    uint64_t init_array_at, init_array_size; /* in IMAGE_DATA or IMAGE_RODATA */
    uint64_t fini_array_at, fini_array_size;
};

/** Reads @path whole. 0 and @data, @size (free(@data)), or a negative errno and @error. */
int image_read_file(const char *path, uint8_t **data, size_t *size,
                    struct image_error *error);

/**
 * Checks @file and lays out its segments; takes ownership of @file, also on failure.
 * 0, or -ENOEXEC or -ENOMEM with @error filled and nothing to free.
 */
int image_open(const char *path, uint8_t *file, size_t size, struct image *image,
               struct image_error *error);

void image_close(struct image *image);

/** Writes one message "PATH: ..." and returns -ENOEXEC. */
int image_fail(struct image_error *error, const char *path, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/**
 * The function that covers @offset of the code segment, for messages; @into receives the
 * distance from its start. NULL where there is none. Allocates nothing.
 */
const char *image_function_at(const struct image *image, uint64_t offset,
                              uint64_t *into);

/* Relocations are visited, not stored. Returns 0 to go on. */
struct image_relocation {
    const struct image_section *section; /* where it applies */
    uint64_t offset; /* in the section; 8 bytes (or 4) are inside it */
    uint32_t type;
    const struct image_symbol *symbol;
    int64_t addend;
};
typedef int image_visit(void *context, const struct image_relocation *relocation);
int image_visit_relocations(const struct image *image, image_visit *visit,
                            void *context, struct image_error *error);

#endif
