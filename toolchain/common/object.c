#include "object.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static bool map_file(const char *name, struct object *object)
{
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    struct stat st;

    if (fd < 0) {
        return false;
    }
    if (fstat(fd, &st) < 0 || (size_t)st.st_size < sizeof(Elf64_Ehdr)) {
        close(fd);
        errno = ENOEXEC;
        return false;
    }
    object->size = (size_t)st.st_size;
    object->bytes = mmap(NULL, object->size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    return object->bytes != MAP_FAILED;
}

bool object_open(const char *name, struct object *object)
{
    *object = (struct object){0};
    if (!map_file(name, object)) {
        return false;
    }
    const Elf64_Ehdr *header = (const void *)object->bytes;

    if (memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
        header->e_ident[EI_CLASS] != ELFCLASS64 || !header->e_shoff) {
        object_close(object);
        errno = ENOEXEC;
        return false;
    }
    /* Numbers that do not fit into the header stand in section 0. */
    const Elf64_Shdr *sections = (const void *)(object->bytes + header->e_shoff);
    unsigned names =
        header->e_shstrndx != SHN_XINDEX ? header->e_shstrndx : sections->sh_link;

    object->sections = sections;
    object->nsections = header->e_shnum ? header->e_shnum : (unsigned)sections->sh_size;
    object->section_names = (const char *)object->bytes + sections[names].sh_offset;
    for (unsigned i = 0; i < object->nsections; i++) {
        if (sections[i].sh_type == SHT_SYMTAB) {
            object->symbols = (const void *)(object->bytes + sections[i].sh_offset);
            object->nsymbols = sections[i].sh_size / sizeof(Elf64_Sym);
            object->symbol_names =
                (const char *)object->bytes + sections[sections[i].sh_link].sh_offset;
        }
    }
    return true;
}

void object_close(struct object *object)
{
    munmap((void *)object->bytes, object->size);
    *object = (struct object){0};
}

const Elf64_Shdr *object_section(const struct object *object, const char *name)
{
    for (unsigned i = 0; i < object->nsections; i++) {
        if (!strcmp(object->section_names + object->sections[i].sh_name, name)) {
            return &object->sections[i];
        }
    }
    return NULL;
}

const char *object_symbol_name(const struct object *object, const Elf64_Sym *symbol)
{
    return object->symbol_names + symbol->st_name;
}
