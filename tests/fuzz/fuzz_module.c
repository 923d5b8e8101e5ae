/*
 * The loader on hostile files: reading, note, exports and relocations of a module, as
 * monitor_run() does them before any code is looked at. It may refuse; it may not write
 * outside the module's segments, read outside the file, or depend on undefined
 * behaviour.
 *
 * Mutations know the format: most change one field of one table of a file that was
 * good.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/message.h"
#include "call/trampoline.h"
#include "elf_builder.h"
#include "load/link.h"
#include "load/registry.h"

#define REQUIRE(condition)                                                  \
    do {                                                                    \
        if (!(condition)) {                                                 \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
            abort();                                                        \
        }                                                                   \
    } while (0)

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
                               unsigned seed);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* Where the segments lie: each may be IMAGE_SEGMENT_MAX long. */
#define SEGMENT_AT(segment) (0x10000000u * ((segment) + 1u))

static const char note[] = "cubicle-module 2\nisolation sfi\n"
                           "provides unit 0123456789abcdef\n"
                           "uses many 0000000000000002\n";
static struct descriptor_function functions[] = {{.name = "start"}};
static struct descriptor interfaces[] = {
    {.name = "unit",
     .fingerprint = UINT64_C(0x0123456789abcdef),
     .functions = functions,
     .nfunctions = 1},
    {.name = "many", .fingerprint = 2},
};
static const struct descriptor_function imported = {.name = "imported", .number = 1};
#define REGISTRY_FUNCTIONS 2
static struct trampoline trampoline = {.entry = 0x7f000000};
static struct cubicle cubicle = {.id = 1, .name = "fuzz"};
static int file_fd;
static char file_path[64];
static struct module module;

/* What must hold of every message: it is about the file, and it ends. */
int message_error(int error, const char *format, ...)
{
    char text[2048];
    va_list arguments;

    va_start(arguments, format);
    const int n = vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    REQUIRE(n > 0 && error < 0);
    return error;
}

const struct descriptor *registry_interface(const char *name, size_t len)
{
    for (size_t i = 0; i < 2; i++) {
        if (strlen(interfaces[i].name) == len &&
            memcmp(interfaces[i].name, name, len) == 0) {
            return &interfaces[i];
        }
    }
    return NULL;
}

const struct descriptor_function *registry_function(const char *name,
                                                    const struct descriptor **interface)
{
    const bool is_import = strcmp(name, "imported") == 0;
    *interface = &interfaces[is_import];
    return is_import ? &imported : strcmp(name, "start") == 0 ? &functions[0] : NULL;
}

size_t registry_functions(void)
{
    return REGISTRY_FUNCTIONS;
}

struct trampoline *trampoline_at(uint32_t address)
{
    (void)address;
    return NULL;
}

static const struct gate_interface *no_gates(const char *name)
{
    (void)name;
    return NULL;
}

struct trampoline *trampoline_create(unsigned caller, unsigned callee,
                                     const char *interface,
                                     const struct descriptor_function *function,
                                     uint64_t target, bool fenv)
{
    (void)caller;
    (void)callee;
    (void)interface;
    (void)function;
    (void)target;
    (void)fenv;
    return &trampoline;
}

struct trampoline *trampoline_renew(uint32_t entry)
{
    (void)entry;
    return &trampoline;
}

bool link_spells(const uint8_t *code, uint64_t size, uint64_t offset, uint32_t value)
{
    /* Reads what it may, for the sanitizers. */
    return size >= offset + 4 && code[offset] == (uint8_t)(value >> 8);
}

int32_t thread_disp(void)
{
    return -4096;
}

/* E4, once more and from outside. */
static int check_relocation(void *context, const struct image_relocation *r)
{
    const struct image *image = context;
    const uint64_t width = r->type == R_X86_64_64 ? 8 : 4;

    REQUIRE(r->section->segment < IMAGE_SEGMENTS && r->section->data != NULL);
    REQUIRE(r->offset <= r->section->size && width <= r->section->size - r->offset);
    REQUIRE(r->symbol >= image->symbols &&
            r->symbol < image->symbols + image->nsymbols);
    return 0;
}

/* E1, E2, E3, E5. */
static void check_image(const struct image *image)
{
    for (size_t i = 0; i < image->nsections; i++) {
        const struct image_section *section = &image->sections[i];
        if (section->segment == IMAGE_NOT_LOADED) {
            continue;
        }
        const uint64_t limit = section->segment == IMAGE_TLS
                                   ? image->tls_memory_size
                                   : image->segment_size[section->segment];
        REQUIRE(limit <= IMAGE_SEGMENT_MAX && section->at <= limit &&
                section->size <= limit - section->at);
        REQUIRE(section->data == NULL ||
                (section->data >= image->file &&
                 section->size <=
                     image->file_size - (size_t)(section->data - image->file)));
        REQUIRE(section->data == NULL || section->segment != IMAGE_TLS ||
                section->at + section->size <= image->segment_size[IMAGE_TLS]);
    }
    for (size_t i = 0; i < image->nsymbols; i++) {
        const struct image_symbol *symbol = &image->symbols[i];
        REQUIRE((const uint8_t *)symbol->name + strlen(symbol->name) <
                    image->file + image->file_size ||
                symbol->name[0] == '\0');
        REQUIRE(symbol->section == SHN_UNDEF || symbol->section == SHN_ABS ||
                symbol->section < image->nsections);
    }
}

/* What link_place() does, into memory of this process. */
static void place(void)
{
    for (unsigned s = 0; s < IMAGE_SEGMENTS; s++) {
        module.base[s] = SEGMENT_AT(s);
    }
    for (size_t i = 0; i < module.image.nsections; i++) {
        const struct image_section *section = &module.image.sections[i];
        if (section->segment == IMAGE_NOT_LOADED || section->data == NULL) {
            continue;
        }
        uint8_t *at = section->segment == IMAGE_CODE
                          ? (uint8_t *)(uintptr_t)SEGMENT_AT(IMAGE_CODE)
                          : cubicle_address(&cubicle, SEGMENT_AT(section->segment));
        memcpy(at + section->at, section->data, section->size);
    }
}

static void look_up(const struct image *image)
{
    static const uint64_t offsets[] = {0,         1, 31, 32, 4096, IMAGE_SEGMENT_MAX,
                                       UINT64_MAX};
    uint64_t into;

    for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
        const char *name = image_function_at(image, offsets[i], &into);
        REQUIRE(name == NULL || into <= offsets[i]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct monitor_config config = {.system = "fuzz"};
    const struct link_system system = {.gates = no_gates,
                                       .modules = &module,
                                       .nmodules = 1,
                                       .config = &config,
                                       .standalone = true};
    struct image_error error = {.text = ""};

    REQUIRE(ftruncate(file_fd, 0) == 0 &&
            pwrite(file_fd, data, size, 0) == (ssize_t)size);
    module = (struct module){.name = "fuzz", .cubicle = &cubicle};
    if (module_read(file_path, "sfi", &module) != 0) {
        REQUIRE(module.image.file == NULL && module.image.sections == NULL);
        return 0;
    }
    check_image(&module.image);
    for (size_t i = 0; i < module.nstarts; i++) { /* E3, R5 */
        REQUIRE(module.starts[i] <= module.image.segment_size[IMAGE_CODE] &&
                module.starts[i] % 32 == 0);
    }
    (void)image_visit_relocations(&module.image, check_relocation, &module.image,
                                  &error);
    place();
    (void)link_relocate(&system, &module);
    look_up(&module.image);
    module_close(&module);
    return 0;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    const void *code =
        mmap((void *)(uintptr_t)SEGMENT_AT(IMAGE_CODE), IMAGE_SEGMENT_MAX,
             PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    const void *view = mmap(NULL, SPACE_SIZE, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    REQUIRE(code == (void *)(uintptr_t)SEGMENT_AT(IMAGE_CODE) && view != MAP_FAILED);
    cubicle.view = (uint64_t)(uintptr_t)view;
    file_fd = memfd_create("module", MFD_CLOEXEC);
    REQUIRE(file_fd >= 0);
    snprintf(file_path, sizeof(file_path), "/proc/self/fd/%d", file_fd);
    return 0;
}

static unsigned next(unsigned *seed)
{
    *seed = *seed * 1103515245u + 12345u;
    return *seed >> 8;
}

static uint64_t interesting(unsigned *seed, size_t size)
{
    static const uint64_t values[] = {
        0,
        1,
        2,
        3,
        4,
        8,
        24,
        31,
        32,
        63,
        64,
        4095,
        4096,
        0x7f,
        0x80,
        0xff,
        0xffff,
        0xfff1,
        0xfff2,
        0x7fffffff,
        0x80000000,
        0xffffffff,
        0x100000000,
        0x10000000,
        0x0fffffff,
        0x10000001,
        UINT64_MAX,
        INT64_MAX,
        UINT64_C(1) << 63,
    };
    const unsigned which = next(seed);

    if (which % 4 == 0) {
        return next(seed) % (size + 64);
    }
    if (which % 4 == 1) {
        return next(seed) % 48; /* types, indexes */
    }
    return values[which / 4 % (sizeof(values) / sizeof(values[0]))];
}

/* Changes 1, 2, 4 or 8 bytes of a table of @count entries of @width bytes at @at. */
static void change_table(uint8_t *data, size_t size, uint64_t at, uint64_t count,
                         size_t width, unsigned *seed)
{
    static const size_t widths[] = {1, 2, 4, 8};
    const size_t bytes = widths[next(seed) % 4];

    if (count == 0 || count > size || at > size || count * width > size - at) {
        return;
    }
    const uint64_t field = next(seed) % (width / bytes) * bytes;
    const uint64_t value = interesting(seed, size);
    memcpy(data + at + next(seed) % count * width + field, &value, bytes);
}

static void change_field(uint8_t *data, size_t size, unsigned *seed)
{
    Elf64_Ehdr header;
    Elf64_Shdr section;

    memcpy(&header, data, sizeof(header));
    const unsigned what = next(seed) % 8;
    if (what == 0) {
        change_table(data, size, 0, 1, sizeof(header), seed);
    } else if (what <= 3) {
        change_table(data, size, header.e_shoff, header.e_shnum, sizeof(section), seed);
    } else if (header.e_shnum != 0 && header.e_shoff < size &&
               header.e_shnum * sizeof(section) <= size - header.e_shoff) {
        const unsigned index = next(seed) % header.e_shnum;
        memcpy(&section, data + header.e_shoff + index * sizeof(section),
               sizeof(section));
        const size_t width = section.sh_type == SHT_SYMTAB ? sizeof(Elf64_Sym)
                             : section.sh_type == SHT_RELA ? sizeof(Elf64_Rela)
                                                           : 8;
        change_table(data, size, section.sh_offset, section.sh_size / width, width,
                     seed);
    }
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
                               unsigned seed)
{
    static struct elf_builder builder;

    if (size < sizeof(Elf64_Ehdr) || next(&seed) % 256 == 0) {
        elf_good(&builder, note);
        builder.headers_first = next(&seed) % 2;
        uint8_t *file = elf_finish(&builder, &size);
        REQUIRE(size <= max_size);
        memcpy(data, file, size);
        free(file);
    }
    if (next(&seed) % 8 == 0) {
        return LLVMFuzzerMutate(data, size, max_size);
    }
    for (unsigned n = next(&seed) % 3 + 1; n > 0; n--) {
        change_field(data, size, &seed);
    }
    return size;
}
