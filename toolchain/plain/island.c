/*
 * Forbidden bytes (forbidden.h) that only the linked module shows: in the distances
 * from its code to other functions and to its data. The linker's distances are final,
 * for the loader keeps the distances between segments (docs/memory-layout.md).
 *
 * Where the distance in an instruction contains such bytes, the instruction moves to an
 * island: code behind the module's code, from which the distance is a different one. A
 * jump to the island takes the instruction's old place, and a jump back follows it in
 * the island.
 *
 * Of an absolute address only the lowest byte is known here, since modules begin at a
 * page. A forbidden byte there goes away when the link is repeated with the data a
 * little further on. The other bytes of addresses, and distances to imports, depend on
 * where the loader puts the module; the loader chooses a place where none of them is
 * forbidden.
 */
#include "plain.h"

#include "assembler.h"

#include <Zydis/Zydis.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE 4096u
#define CODE_ALIGN 32u
#define JUMP_SIZE 5u /* jmp with a distance of 32 bits */
#define MAX_ROUNDS 1000

enum segment { SEGMENT_CODE, SEGMENT_RODATA, SEGMENT_DATA, SEGMENT_TLS, SEGMENTS };

struct module {
    const char *name;
    uint8_t *bytes; /* the file; malloc */
    size_t size;
    struct object object;    /* of bytes */
    unsigned text;           /* index of the only section of code; 0: there is none */
    Elf64_Rela *relocations; /* of the code; in bytes */
    size_t nrelocations;
    uint8_t *code; /* the section's new contents; malloc */
    uint64_t code_size;
    uint64_t code_capacity;
    uint64_t islands;    /* where the islands begin: the code's size before */
    uint64_t *addresses; /* of sections, from the start of the code; malloc */
};

/* ---- reading ---- */

static uint64_t round_up(uint64_t value, uint64_t boundary)
{
    return (value + boundary - 1) & ~(boundary - 1);
}

static bool is_loaded(const struct module *module, unsigned section)
{
    const char *name =
        module->object.section_names + module->object.sections[section].sh_name;

    /* The driver, cubicle-cc, removes the others. */
    return module->object.sections[section].sh_flags & SHF_ALLOC &&
           strncmp(name, ".eh_frame", 9) != 0 && strncmp(name, ".note", 5) != 0;
}

static enum segment segment_of(const Elf64_Shdr *section)
{
    return section->sh_flags & SHF_EXECINSTR ? SEGMENT_CODE
           : section->sh_flags & SHF_TLS     ? SEGMENT_TLS
           : section->sh_flags & SHF_WRITE   ? SEGMENT_DATA
                                             : SEGMENT_RODATA;
}

/* Places the sections as the loader will, the first segment at 0. */
static void lay_out(struct module *module)
{
    uint64_t base = 0;

    for (int segment = 0; segment < SEGMENTS; segment++) {
        uint64_t at = 0;

        for (unsigned i = 1; i < module->object.nsections; i++) {
            const Elf64_Shdr *section = &module->object.sections[i];

            if (!is_loaded(module, i) || (int)segment_of(section) != segment ||
                (section->sh_type == SHT_NOBITS && segment == SEGMENT_TLS)) {
                continue;
            }
            uint64_t align = section->sh_addralign > 1 ? section->sh_addralign : 1;

            at = round_up(at, segment == SEGMENT_CODE && align < CODE_ALIGN ? CODE_ALIGN
                                                                            : align);
            module->addresses[i] = base + at;
            at += i == module->text ? module->code_size : section->sh_size;
        }
        base += at > 0 ? round_up(at, PAGE) + PAGE : 0;
    }
}

static bool open_module(const char *name, struct module *module)
{
    struct object object;

    *module = (struct module){.name = name};
    if (!object_open(name, &object)) {
        return tool_fail("cannot read", name);
    }
    module->size = object.size;
    module->bytes = malloc(object.size);
    module->addresses = calloc(object.nsections + 1, sizeof(*module->addresses));
    if (module->bytes) {
        memcpy(module->bytes, object.bytes, object.size);
    }
    for (unsigned i = 1; i < object.nsections; i++) {
        const Elf64_Shdr *section = &object.sections[i];

        if (section->sh_flags & SHF_EXECINSTR && section->sh_size > 0) {
            module->text = i;
            module->code_size = section->sh_size;
        }
    }
    for (unsigned i = 1; module->bytes && i < object.nsections; i++) {
        if (module->text && object.sections[i].sh_type == SHT_RELA &&
            object.sections[i].sh_info == module->text) {
            module->relocations =
                (Elf64_Rela *)(module->bytes + object.sections[i].sh_offset);
            module->nrelocations = object.sections[i].sh_size / sizeof(Elf64_Rela);
        }
    }
    module->islands = module->code_size;
    module->code_capacity = module->code_size;
    module->code = malloc(module->code_size + 1);
    if (module->code && module->text) {
        memcpy(module->code, object.bytes + object.sections[module->text].sh_offset,
               module->code_size);
    }
    module->object = object; /* stays mapped: its tables do not change */
    return module->bytes && module->code && module->addresses;
}

static void close_module(struct module *module)
{
    object_close(&module->object);
    free(module->bytes);
    free(module->code);
    free(module->addresses);
}

/* ---- distances and addresses ---- */

static bool is_distance(unsigned type)
{
    return type == R_X86_64_PC32 || type == R_X86_64_PLT32;
}

static bool is_address(unsigned type)
{
    return type == R_X86_64_32 || type == R_X86_64_32S;
}

/* Applies the relocations whose result is known: distances inside the module, and the
 * lowest byte of its addresses. */
static void relocate(struct module *module)
{
    lay_out(module);
    for (size_t i = 0; i < module->nrelocations; i++) {
        const Elf64_Rela *r = &module->relocations[i];
        const Elf64_Sym *symbol = &module->object.symbols[ELF64_R_SYM(r->r_info)];
        unsigned type = (unsigned)ELF64_R_TYPE(r->r_info);

        if (symbol->st_shndx == SHN_UNDEF || symbol->st_shndx >= SHN_LORESERVE) {
            continue;
        }
        uint32_t value = (uint32_t)(module->addresses[symbol->st_shndx] +
                                    symbol->st_value + (uint64_t)r->r_addend);

        if (is_distance(type)) {
            value -= (uint32_t)(module->addresses[module->text] + r->r_offset);
        } else if (is_address(type)) {
            value &= 0xff;
        } else {
            continue;
        }
        memcpy(module->code + r->r_offset, &value, sizeof(value));
    }
}

/* The function that @offset lies in, or NULL. */
static const Elf64_Sym *function_at(const struct module *module, uint64_t offset)
{
    const Elf64_Sym *found = NULL;

    for (size_t i = 1; i < module->object.nsymbols; i++) {
        const Elf64_Sym *symbol = &module->object.symbols[i];

        if (symbol->st_shndx == module->text && symbol->st_value <= offset &&
            ELF64_ST_TYPE(symbol->st_info) == STT_FUNC &&
            (!found || symbol->st_value >= found->st_value)) {
            found = symbol;
        }
    }
    return found;
}

/* Sets *@start to a place from which decoding one instruction after the other reaches
 * @offset: the start of its function, or of the islands. False: there is no such place.
 */
static bool decodable_from(const struct module *module, uint64_t offset,
                           uint64_t *start)
{
    const Elf64_Sym *function = function_at(module, offset);

    if (offset >= module->islands) {
        *start = module->islands;
        return true;
    }
    if (!function || offset - function->st_value >= function->st_size) {
        return false;
    }
    *start = function->st_value;
    return true;
}

/* Finds the instruction that contains all of [@offset, @end). False: there is none. */
static bool instruction_at(const struct module *module, uint64_t offset, uint64_t end,
                           uint64_t *start, ZydisDecodedInstruction *instruction)
{
    ZydisDecoder decoder;

    if (!decodable_from(module, offset, start)) {
        return false;
    }
    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    for (; *start <= offset; *start += instruction->length) {
        if (!ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(
                &decoder, ZYAN_NULL, module->code + *start, module->code_size - *start,
                instruction))) {
            return false;
        }
        if (offset < *start + instruction->length) {
            return end <= *start + instruction->length;
        }
    }
    return false;
}

/* ---- islands ---- */

static void append(struct module *module, const void *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        module->code =
            array_grow(module->code, module->code_size, &module->code_capacity, 1);
        module->code[module->code_size++] = ((const uint8_t *)bytes)[i];
    }
}

static void put_jump(uint8_t *at, uint64_t from, uint64_t to)
{
    uint32_t distance = (uint32_t)(to - (from + JUMP_SIZE));

    *at = 0xe9;
    memcpy(at + 1, &distance, sizeof(distance));
}

static Elf64_Rela *relocation_in(const struct module *module, uint64_t start,
                                 uint64_t end)
{
    for (size_t i = 0; i < module->nrelocations; i++) {
        if (module->relocations[i].r_offset >= start &&
            module->relocations[i].r_offset < end) {
            return &module->relocations[i];
        }
    }
    return NULL;
}

/* Finds the bytes of the instruction at @start that hold a distance, and so change when
 * the instruction moves. False: it has no distance of 32 bits. */
static bool distance_in(const ZydisDecodedInstruction *instruction, uint64_t start,
                        uint64_t *from)
{
    if (instruction->raw.imm[0].is_relative && instruction->raw.imm[0].size == 32) {
        *from = start + instruction->raw.imm[0].offset;
        return true;
    }
    /* Relative to the instruction pointer: no base, mod 0 and rm 5. */
    if (instruction->raw.disp.size == 32 && instruction->raw.modrm.mod == 0 &&
        instruction->raw.modrm.rm == 5) {
        *from = start + instruction->raw.disp.offset;
        return true;
    }
    return false;
}

/* Does a direct branch of the same function lead into the middle of [@start, @end)? */
static bool is_entered(const struct module *module, uint64_t start, uint64_t end)
{
    ZydisDecodedInstruction in;
    ZydisDecoder decoder;
    uint64_t at;

    if (!decodable_from(module, start, &at)) {
        return true;
    }
    const Elf64_Sym *function = function_at(module, start);
    const uint64_t stop = start >= module->islands
                              ? module->code_size
                              : function->st_value + function->st_size;

    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    for (; at < stop; at += in.length) {
        if (!ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(
                &decoder, ZYAN_NULL, module->code + at, stop - at, &in))) {
            return true; /* this may be data: leave it as it is */
        }
        if (in.raw.imm[0].is_relative) {
            uint64_t target = at + in.length + (uint64_t)in.raw.imm[0].value.s;

            if (target > start && target < end) {
                return true;
            }
        }
    }
    return false;
}

/* Moves the instruction of @finding to an island. False: moving it would not help,
 * because the forbidden bytes are not those of its distance. */
static bool move(struct module *module, const struct finding *finding)
{
    ZydisDecodedInstruction instruction;
    uint64_t start;
    uint64_t field;

    if (!instruction_at(module, finding->offset, finding->end, &start, &instruction) ||
        instruction.length < JUMP_SIZE || !distance_in(&instruction, start, &field) ||
        finding->end <= field || finding->offset >= field + sizeof(uint32_t)) {
        return false;
    }
    const uint64_t island = module->code_size;
    const uint64_t end = start + instruction.length;

    /* Without a relocation only a branch holds a distance. Other bytes would be data.
     */
    if ((!instruction.raw.imm[0].is_relative &&
         !relocation_in(module, field, field + 1)) ||
        is_entered(module, start, end)) {
        return false;
    }
    uint8_t copy[ZYDIS_MAX_INSTRUCTION_LENGTH];
    uint8_t back[JUMP_SIZE];
    uint32_t distance;

    memcpy(copy, module->code + start, instruction.length);
    /* A relocation moves along, and relocate() computes its distance again. A distance
     * without a relocation was computed by the assembler, and is corrected here. */
    memcpy(&distance, copy + (field - start), sizeof(distance));
    distance -= (uint32_t)(island - start);
    memcpy(copy + (field - start), &distance, sizeof(distance));
    for (size_t i = 0; i < module->nrelocations; i++) {
        if (module->relocations[i].r_offset >= start &&
            module->relocations[i].r_offset < end) {
            module->relocations[i].r_offset += island - start;
        }
    }
    append(module, copy, instruction.length);
    put_jump(back, module->code_size, end);
    append(module, back, JUMP_SIZE);
    memset(module->code + start, 0xcc, instruction.length);
    put_jump(module->code + start, start, island);
    return true;
}

/* Moves one more instruction. Sets *@done when there is none left to move. */
static void improve(struct module *module, bool *done)
{
    struct findings findings = {0};

    relocate(module);
    find_in(module->code, module->code_size, module->text, &findings);
    *done = true;
    for (size_t i = 0; *done && i < findings.count; i++) {
        *done = !move(module, &findings.items[i]);
    }
    free(findings.items);
}

/* Would another address of the data remove a finding that is left? */
static bool needs_other_addresses(const struct module *module,
                                  const struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->items[i];
        const Elf64_Rela *relocation =
            relocation_in(module, finding->offset, finding->end);

        if (relocation && is_address((unsigned)ELF64_R_TYPE(relocation->r_info))) {
            return true;
        }
    }
    return false;
}

/* Returns true where, with @retry, other addresses of the data would help. Else warns
 * of every finding that is left, and returns false. */
static bool report(struct module *module, bool retry)
{
    struct findings findings = {0};

    relocate(module);
    find_in(module->code, module->code_size, module->text, &findings);
    if (retry && needs_other_addresses(module, &findings)) {
        free(findings.items);
        return true;
    }
    for (size_t i = 0; i < findings.count; i++) {
        const Elf64_Sym *function = function_at(module, findings.items[i].offset);

        fprintf(stderr,
                "%s: in function %s: warning: the bytes of %s at %#llx of the code; "
                "--isolation=mpk will refuse the module\n",
                module->name,
                function ? object_symbol_name(&module->object, function) : "?",
                findings.items[i].name, (unsigned long long)findings.items[i].offset);
    }
    free(findings.items);
    return false;
}

/* ---- writing ---- */

static bool write_module(const struct module *module)
{
    Elf64_Ehdr *header = (Elf64_Ehdr *)module->bytes;
    Elf64_Shdr *sections = (Elf64_Shdr *)(module->bytes + header->e_shoff);
    const uint64_t at = round_up(module->size, CODE_ALIGN);
    static const uint8_t zeros[CODE_ALIGN];

    sections[module->text].sh_offset = at;
    sections[module->text].sh_size = module->code_size;
    FILE *out = fopen(module->name, "wb");

    if (!out) {
        return tool_fail("cannot write", module->name);
    }
    fwrite(module->bytes, 1, module->size, out);
    fwrite(zeros, 1, at - module->size, out);
    fwrite(module->code, 1, module->code_size, out);
    bool ok = !ferror(out);

    return (fclose(out) == 0 && ok) || tool_fail("cannot write", module->name);
}

/* Code ends with a bundle that traps. */
static void close_code(struct module *module)
{
    static const uint8_t trap = 0xcc;
    const uint64_t end = round_up(module->code_size, CODE_ALIGN) + CODE_ALIGN;

    while (module->code_size < end) {
        append(module, &trap, 1);
    }
}

int plain_link(const char *name, bool retry)
{
    struct module module;
    bool ok = open_module(name, &module);
    bool done = !ok || !module.text;

    for (unsigned round = 0; !done && round < MAX_ROUNDS; round++) {
        improve(&module, &done);
    }
    if (ok && module.code_size != module.islands) {
        close_code(&module);
    }
    bool other = ok && module.text && report(&module, retry);

    if (ok && !other && module.code_size != module.islands) {
        ok = write_module(&module);
    }
    close_module(&module);
    return !ok ? 1 : other ? 2 : 0;
}
