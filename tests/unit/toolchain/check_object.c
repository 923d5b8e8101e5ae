/* check_object FILE.o: shows every code section of an object to the verifier. Symbols
 * are unresolved, so every target outside the section is allowed. */
#include "object.h"
#include "verify.h"

#include <stdio.h>

static bool any_target(void *context, uint32_t target)
{
    (void)context;
    (void)target;
    return true;
}

int main(int argc, char **argv)
{
    const struct verify_policy policy = {.tp_disp = 0, .target_allowed = any_target};
    struct object object;
    int failed = 0;

    if (argc != 2 || !object_open(argv[1], &object)) {
        fprintf(stderr, "usage: check_object FILE.o\n");
        return 2;
    }
    for (unsigned i = 0; i < object.nsections; i++) {
        const Elf64_Shdr *section = &object.sections[i];
        struct verify_result result;

        if ((section->sh_flags & SHF_EXECINSTR) &&
            !verify_code(object.bytes + section->sh_offset, section->sh_size, 0x100000,
                         &policy, &result) &&
            result.reason != VERIFY_FALL_THROUGH) {
            fprintf(stderr, "%s+%#x: %s: %s\n", object.section_names + section->sh_name,
                    result.offset, verify_reason_text(result.reason), result.text);
            failed = 1;
        }
    }
    return failed;
}
