#include "processor.h"

#include <cpuid.h>
#include <stddef.h>
#include <string.h>

#define PROCESSOR_CPUID "__cubicle_cpuid_"
#define LEAF_1_EBX_LINE 0xff00u /* the rest numbers processors */

enum { EAX, EBX, ECX, EDX, REGISTERS };

static const struct {
    const char *name;
    uint32_t leaf;
} leaves[] = {{"0", 0}, {"1", 1}, {"7", 7}, {"80000001", 0x80000001}};

#define NLEAVES (sizeof(leaves) / sizeof(leaves[0]))

/* Asked once: in a virtual machine each CPUID is a way out to its host. */
static uint32_t answers[NLEAVES][REGISTERS];
static uint32_t xcr0;

static void processor_ask(void)
{
    static bool asked;
    if (asked) {
        return;
    }
    asked = true;
    for (size_t i = 0; i < NLEAVES; i++) {
        uint32_t *to = answers[i];
        (void)__get_cpuid_count(leaves[i].leaf, 0, &to[EAX], &to[EBX], &to[ECX],
                                &to[EDX]);
        if (leaves[i].leaf == 1) {
            to[EBX] &= LEAF_1_EBX_LINE;
            if ((to[ECX] & bit_OSXSAVE) != 0) {
                __asm__("xgetbv" : "=a"(xcr0) : "c"(0) : "edx");
            }
        }
    }
}

bool processor_symbol(const char *name, uint64_t *value)
{
    static const char *const registers[REGISTERS] = {"_eax", "_ebx", "_ecx", "_edx"};

    processor_ask();
    if (strcmp(name, "__cubicle_xcr0") == 0) {
        *value = xcr0;
        return true;
    }
    if (strncmp(name, PROCESSOR_CPUID, strlen(PROCESSOR_CPUID)) != 0) {
        return false;
    }
    name += strlen(PROCESSOR_CPUID);
    for (size_t i = 0; i < NLEAVES; i++) {
        const size_t len = strlen(leaves[i].name);
        for (unsigned k = 0; k < REGISTERS; k++) {
            if (strncmp(name, leaves[i].name, len) == 0 &&
                strcmp(name + len, registers[k]) == 0) {
                *value = answers[i][k];
                return true;
            }
        }
    }
    return false;
}
