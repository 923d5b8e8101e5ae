/* Reading a module file from the host, and visiting its relocations. */
#include "base/populate.h"
#include "elf_image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int image_read_file(const char *path, uint8_t **data, size_t *size,
                    struct image_error *error)
{
    uint8_t *buffer = NULL;
    struct stat st;
    const int fd =
        open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO is refused */
    if (fd < 0 || fstat(fd, &st) != 0) {
        goto failed;
    }
    if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size > IMAGE_FILE_MAX) {
        (void)image_fail(error, path, "not a regular file of at most %llu bytes",
                         (unsigned long long)IMAGE_FILE_MAX);
        close(fd);
        return -ENOEXEC;
    }
    /* One copy of the file is read and then verified: later edits do not matter. */
    const size_t wanted = (size_t)st.st_size;
    buffer = malloc(wanted + 1);
    if (buffer == NULL) {
        goto failed;
    }
    populate(buffer, wanted);
    size_t got = 0;
    while (got < wanted) {
        const ssize_t n = read(fd, buffer + got, wanted - got);
        if (n < 0) {
            if (errno == EINTR) {
                continue;
            }
            goto failed;
        }
        if (n == 0) {
            break;
        }
        got += (size_t)n;
    }
    close(fd);
    *data = buffer;
    *size = got;
    return 0;

failed:;
    const int reason = errno;
    (void)image_fail(error, path, "cannot read the module: %s", strerror(reason));
    free(buffer);
    if (fd >= 0) {
        close(fd);
    }
    return -reason;
}

/* Bytes that a relocation of @type patches; 0: a type we do not know. */
static unsigned relocation_width(uint32_t type)
{
    switch (type) {
    case R_X86_64_64:
        return 8;
    case R_X86_64_32:
    case R_X86_64_32S:
    case R_X86_64_PC32:
    case R_X86_64_PLT32:
    case R_X86_64_TPOFF32:
        return 4;
    default:
        return 0;
    }
}

/* Visits the entries of relocation section @index. */
static int image_visit_section(const struct image *image, size_t index,
                               const Elf64_Shdr *header, image_visit *visit,
                               void *context, struct image_error *error)
{
    if (header->sh_info >= image->nsections || header->sh_info == 0) {
        return image_fail(error, image->path,
                          "relocation section %zu applies to nothing", index);
    }
    const struct image_section *target = &image->sections[header->sh_info];
    if (target->segment == IMAGE_NOT_LOADED) {
        return 0; /* debugging information and the like */
    }
    if (target->data == NULL) {
        return image_fail(error, image->path,
                          "relocations for %s, which has no contents", target->name);
    }
    const uint64_t count = header->sh_size / sizeof(Elf64_Rela);
    for (uint64_t i = 0; i < count; i++) {
        Elf64_Rela raw;
        memcpy(&raw, image->file + header->sh_offset + i * sizeof(raw), sizeof(raw));
        const uint32_t type = (uint32_t)ELF64_R_TYPE(raw.r_info);
        const uint64_t symbol = ELF64_R_SYM(raw.r_info);
        const unsigned width = relocation_width(type);
        if (type == R_X86_64_NONE) {
            continue;
        }
        if (width == 0) {
            return image_fail(
                error, image->path,
                "%s+%#llx: relocation type %u is not supported; modules are "
                "compiled by cubicle-cc without PIC",
                target->name, (unsigned long long)raw.r_offset, type);
        }
        if (raw.r_offset > target->size || width > target->size - raw.r_offset) {
            return image_fail(error, image->path,
                              "%s+%#llx: relocation outside the section", target->name,
                              (unsigned long long)raw.r_offset);
        }
        if (symbol >= image->nsymbols) {
            return image_fail(
                error, image->path,
                "%s+%#llx: relocation against symbol %llu, which does not "
                "exist",
                target->name, (unsigned long long)raw.r_offset,
                (unsigned long long)symbol);
        }
        const struct image_relocation relocation = {
            .section = target,
            .offset = raw.r_offset,
            .type = type,
            .symbol = &image->symbols[symbol],
            .addend = raw.r_addend,
        };
        const int failed = visit(context, &relocation);
        if (failed != 0) {
            return failed;
        }
    }
    return 0;
}

int image_visit_relocations(const struct image *image, image_visit *visit,
                            void *context, struct image_error *error)
{
    uint64_t total = 0;
    for (size_t i = 1; i < image->nsections; i++) {
        Elf64_Shdr header;
        const Elf64_Ehdr *file = (const Elf64_Ehdr *)image->file;
        memcpy(&header, image->file + file->e_shoff + i * sizeof(header),
               sizeof(header));
        if (header.sh_type == SHT_REL) {
            return image_fail(error, image->path, "section %zu: REL relocations", i);
        }
        if (header.sh_type != SHT_RELA) {
            continue;
        }
        /* Tables that overlap would be more work than the file is long. */
        total += header.sh_size < image->file_size ? header.sh_size : image->file_size;
        if (total > image->file_size) {
            return image_fail(error, image->path,
                              "section %zu: relocations of more bytes than the file",
                              i);
        }
        const int failed =
            image_visit_section(image, i, &header, visit, context, error);
        if (failed != 0) {
            return failed;
        }
    }
    return 0;
}
