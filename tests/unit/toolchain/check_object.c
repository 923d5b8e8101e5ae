/* check_object FILE.o: shows every code section of an object to the verifier. Symbols
 * are unresolved, so every target outside the section is allowed; but the two FS slots are
 * told apart. */
#include "object.h"
#include "verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TP_DISP 0 /* what an unresolved symbol leaves */
#define VIEW_DISP 8

static bool any_target(void *context, uint32_t target)
{
    (void)context;
    (void)target;
    return true;
}

/* Writes VIEW_DISP into @code, the bytes of section @index, where the slot is meant. */
static void resolve_view(const struct object *object, unsigned index, uint8_t *code)
{
    const int32_t disp = VIEW_DISP;

    for (unsigned i = 0; i < object->nsections; i++) {
        const Elf64_Shdr *section = &object->sections[i];
        const Elf64_Rela *relocations =
            (const void *)(object->bytes + section->sh_offset);

        if (section->sh_type != SHT_RELA || section->sh_info != index) {
            continue;
        }
        for (size_t k = 0; k < section->sh_size / sizeof(*relocations); k++) {
            const Elf64_Sym *symbol =
                &object->symbols[ELF64_R_SYM(relocations[k].r_info)];
            if (strcmp(object_symbol_name(object, symbol), "__cubicle_view") == 0) {
                memcpy(code + relocations[k].r_offset, &disp, sizeof(disp));
            }
        }
    }
}

int main(int argc, char **argv)
{
    const struct verify_policy policy = {
        .tp_disp = TP_DISP, .view_disp = VIEW_DISP, .target_allowed = any_target};
    struct object object;
    int failed = 0;

    if (argc != 2 || !object_open(argv[1], &object)) {
        fprintf(stderr, "usage: check_object FILE.o\n");
        return 2;
    }
    for (unsigned i = 0; i < object.nsections; i++) {
        const Elf64_Shdr *section = &object.sections[i];
        struct verify_result result;

        if (!(section->sh_flags & SHF_EXECINSTR) || section->sh_size == 0) {
            continue;
        }
        uint8_t *code = malloc(section->sh_size);
        if (code == NULL) {
            return 2;
        }
        memcpy(code, object.bytes + section->sh_offset, section->sh_size);
        resolve_view(&object, i, code);
        if (!verify_code(code, section->sh_size, 0x100000, &policy, &result) &&
            result.reason != VERIFY_FALL_THROUGH) {
            fprintf(stderr, "%s+%#x: %s: %s\n", object.section_names + section->sh_name,
                    result.offset, verify_reason_text(result.reason), result.text);
            failed = 1;
        }
        free(code);
    }
    return failed;
}
