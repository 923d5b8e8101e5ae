#include "load.h"

#include "object.h"
#include "verify.h"
#include "view.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define MAX_SECTIONS 256
#define PAGE 4096u
#define CODE_END 0x40000000u

static struct object module;
static uint32_t addresses[MAX_SECTIONS]; /* of sections; 0: not loaded */
static uint32_t tls_image;
static uint32_t tls_size; /* file and zero part together, rounded up */

static uint32_t round_up(uint64_t value, uint64_t boundary)
{
    return (uint32_t)((value + boundary - 1) & ~(boundary - 1));
}

/* Where the bytes of a section are while we write them: code at its own address. */
static uint8_t *section_bytes(unsigned index)
{
    const Elf64_Shdr *section = &module.sections[index];

    return section->sh_flags & SHF_EXECINSTR ? (uint8_t *)(uintptr_t)addresses[index]
                                             : view_pointer(addresses[index]);
}

static bool place_section(unsigned index, uint32_t *next)
{
    const Elf64_Shdr *section = &module.sections[index];
    uint32_t size = round_up(section->sh_size + 1, PAGE);

    addresses[index] = *next;
    *next += size;
    if (section->sh_flags & SHF_EXECINSTR) {
        void *wanted = (void *)(uintptr_t)addresses[index];

        if (mmap(wanted, size, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != wanted) {
            perror("map code");
            return false;
        }
        memset(wanted, 0xcc, size);
    } else if (mprotect(view_pointer(addresses[index]), size, PROT_READ | PROT_WRITE)) {
        perror("map data");
        return false;
    }
    if (section->sh_type != SHT_NOBITS) {
        memcpy(section_bytes(index), module.bytes + section->sh_offset,
               section->sh_size);
    }
    return true;
}

static bool place_sections(void)
{
    uint32_t next = VIEW_CODE;

    if (module.nsections > MAX_SECTIONS) {
        fprintf(stderr, "too many sections\n");
        return false;
    }
    for (unsigned i = 1; i < module.nsections; i++) {
        if ((module.sections[i].sh_flags & SHF_ALLOC) && !place_section(i, &next)) {
            return false;
        }
        if (module.sections[i].sh_flags & SHF_TLS) {
            /* .tdata, then .tbss: one piece, as the thread pointer counts from its end. */
            uint32_t at = round_up(tls_size, module.sections[i].sh_addralign);

            if (module.sections[i].sh_type != SHT_NOBITS) {
                tls_image = addresses[i];
            }
            addresses[i] = at;
            tls_size = round_up(at + module.sections[i].sh_size, 64);
        }
    }
    return true;
}

/* ---- relocation ---- */

static bool symbol_value(const Elf64_Sym *symbol, load_import import, int64_t *value)
{
    const char *name = object_symbol_name(&module, symbol);

    if (symbol->st_shndx == SHN_ABS || symbol == module.symbols) {
        *value = (int64_t)symbol->st_value;
    } else if (symbol->st_shndx != SHN_UNDEF) {
        *value = (int64_t)(addresses[symbol->st_shndx] + symbol->st_value);
    } else if (!strcmp(name, "__cubicle_tp")) {
        *value = view_tp_displacement();
    } else if (!strcmp(name, "__cubicle_view")) {
        *value = view_base_displacement();
    } else if ((*value = import(name)) == 0) {
        fprintf(stderr, "undefined symbol %s\n", name);
        return false;
    }
    return true;
}

static bool relocate(unsigned target, const Elf64_Rela *relocation, load_import import)
{
    const Elf64_Sym *symbol = &module.symbols[ELF64_R_SYM(relocation->r_info)];
    uint8_t *place = section_bytes(target) + relocation->r_offset;
    int64_t here = (int64_t)(addresses[target] + relocation->r_offset);
    int64_t value;

    if (!symbol_value(symbol, import, &value)) {
        return false;
    }
    value += relocation->r_addend;
    switch (ELF64_R_TYPE(relocation->r_info)) {
    case R_X86_64_64:
        memcpy(place, &value, 8);
        return true;
    case R_X86_64_PC32:
    case R_X86_64_PLT32:
        value -= here;
        break;
    case R_X86_64_TPOFF32:
        value -= tls_size;
        break;
    case R_X86_64_32:
    case R_X86_64_32S:
        break;
    default:
        fprintf(stderr, "relocation type %u\n",
                (unsigned)ELF64_R_TYPE(relocation->r_info));
        return false;
    }
    memcpy(place, &value, 4);
    return true;
}

static bool relocate_all(load_import import)
{
    for (unsigned i = 1; i < module.nsections; i++) {
        const Elf64_Shdr *section = &module.sections[i];
        const Elf64_Rela *relocations =
            (const void *)(module.bytes + section->sh_offset);

        if (section->sh_type != SHT_RELA ||
            !(module.sections[section->sh_info].sh_flags & SHF_ALLOC)) {
            continue;
        }
        for (size_t k = 0; k < section->sh_size / sizeof(*relocations); k++) {
            if (!relocate(section->sh_info, &relocations[k], import)) {
                return false;
            }
        }
    }
    return true;
}

/* ---- the rest ---- */

static bool stub_allowed(void *context, uint32_t target)
{
    (void)context;
    return target >= VIEW_STUBS && target < VIEW_STUBS + PAGE;
}

static bool verify_section(unsigned index)
{
    const struct verify_policy policy = {.tp_disp = view_tp_displacement(),
                                         .view_disp = view_base_displacement(),
                                         .target_allowed = stub_allowed};
    struct verify_result result;
    uint32_t size = round_up(module.sections[index].sh_size, VERIFY_BUNDLE);

    if (verify_code(section_bytes(index), size, addresses[index], &policy, &result)) {
        return true;
    }
    fprintf(stderr, "refused: %s at offset %#x: %s\n",
            verify_reason_text(result.reason), result.offset, result.text);
    return false;
}

static bool seal_code(bool verify)
{
    for (unsigned i = 1; i < module.nsections; i++) {
        if (!(module.sections[i].sh_flags & SHF_EXECINSTR) || !addresses[i]) {
            continue;
        }
        if (verify && !verify_section(i)) {
            return false;
        }
        if (mprotect(section_bytes(i), round_up(module.sections[i].sh_size + 1, PAGE),
                     PROT_READ | PROT_EXEC)) {
            perror("protect code");
            return false;
        }
    }
    return true;
}

static void set_up_tls(void)
{
    uint64_t tp = VIEW_HEAP + VIEW_HEAP_SIZE - PAGE;

    for (unsigned i = 1; i < module.nsections; i++) {
        if ((module.sections[i].sh_flags & SHF_TLS) && tls_image &&
            module.sections[i].sh_type != SHT_NOBITS) {
            memcpy(view_pointer(tp - tls_size + addresses[i]), view_pointer(tls_image),
                   module.sections[i].sh_size);
        }
    }
    memcpy(view_pointer(tp), &tp, sizeof(tp));
    view_set_tp(tp);
}

bool load_module(const char *file, load_import import, bool verify)
{
    if (!object_open(file, &module)) {
        fprintf(stderr, "%s: %s\n", file, strerror(errno));
        return false;
    }
    if (!place_sections() || !relocate_all(import) || !seal_code(verify)) {
        return false;
    }
    set_up_tls();
    return true;
}

uint32_t load_symbol(const char *name)
{
    for (size_t i = 1; i < module.nsymbols; i++) {
        const Elf64_Sym *symbol = &module.symbols[i];

        if (symbol->st_shndx != SHN_UNDEF &&
            !strcmp(object_symbol_name(&module, symbol), name)) {
            return (uint32_t)(addresses[symbol->st_shndx] + symbol->st_value);
        }
    }
    return 0;
}
