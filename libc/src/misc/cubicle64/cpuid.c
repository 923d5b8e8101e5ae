/*
 * CPUID as cubicle code sees it. The loader says what the processor answered, in symbols
 * whose value is the word; only the bits of cpu_offered.h are shown.
 *
 * The caller (cpuid_call.S) stands for one instruction, which keeps vector registers. So nothing
 * here may use one.
 */
#include "cpu_offered.h"
#include "cpuid_impl.h"

#include <stdint.h>

#define LOADER(name) extern const char __cubicle_cpuid_##name[]
LOADER(0_eax);
LOADER(0_ebx);
LOADER(0_ecx);
LOADER(0_edx);
LOADER(1_eax);
LOADER(1_ebx);
LOADER(1_ecx);
LOADER(1_edx);
LOADER(7_ebx);
LOADER(7_edx);
LOADER(80000001_ecx);
LOADER(80000001_edx);
extern const char __cubicle_xcr0[];

const void *const __libc_xcr0 = __cubicle_xcr0;

#define LAST_LEAF 7u
#define LAST_EXTENDED 0x80000001u

enum { EAX, EBX, ECX, EDX };

static const struct {
    unsigned leaf, reg, offered;
    const void *word;
} words[] = {
    {0, EBX, ~0u, __cubicle_cpuid_0_ebx}, /* the maker's name */
    {0, ECX, ~0u, __cubicle_cpuid_0_ecx},
    {0, EDX, ~0u, __cubicle_cpuid_0_edx},
    {1, EAX, ~0u, __cubicle_cpuid_1_eax}, /* family, model, stepping */
    {1, EBX, CPU_OFFERED_1_EBX, __cubicle_cpuid_1_ebx},
    {1, ECX, CPU_OFFERED_1_ECX, __cubicle_cpuid_1_ecx},
    {1, EDX, CPU_OFFERED_1_EDX, __cubicle_cpuid_1_edx},
    {7, EBX, CPU_OFFERED_7_EBX, __cubicle_cpuid_7_ebx},
    {7, EDX, CPU_OFFERED_7_EDX, __cubicle_cpuid_7_edx},
    {0x80000001, ECX, CPU_OFFERED_80000001_ECX, __cubicle_cpuid_80000001_ecx},
    {0x80000001, EDX, CPU_OFFERED_80000001_EDX, __cubicle_cpuid_80000001_edx},
};

__attribute__((target("general-regs-only"))) void
__libc_cpuid_words(unsigned leaf, unsigned subleaf, unsigned out[4])
{
    const unsigned last = (unsigned)(uintptr_t)__cubicle_cpuid_0_eax;

    /* Word by word: no library function and no vector register. */
    for (volatile unsigned *at = out; at < out + 4; at++) {
        *at = 0;
    }
    if (leaf == 0) {
        out[EAX] = last < LAST_LEAF ? last : LAST_LEAF;
    } else if (leaf == 0x80000000) {
        out[EAX] = LAST_EXTENDED;
    }
    for (unsigned i = 0; i < sizeof(words) / sizeof(*words); i++) {
        if (words[i].leaf == leaf && (leaf != 7 || subleaf == 0)) {
            out[words[i].reg] =
                (unsigned)(uintptr_t)words[i].word & words[i].offered;
        }
    }
}
