/* What modules may know of the processor: words of CPUID, as values of symbols. */
#ifndef MONITOR_PROCESSOR_H
#define MONITOR_PROCESSOR_H

#include <stdbool.h>
#include <stdint.h>

/**
 * The value of loader symbol @name: `__cubicle_cpuid_LEAF_REGISTER` for registers eax to edx
 * and the leaves 0, 1, 7 (subleaf 0) and 80000001, or `__cubicle_xcr0`. It is 0 where the
 * processor does not have the leaf. Returns false where @name is none of these. The number
 * of the processor that this happens to run on is left out.
 *
 * What a module makes of it is its own affair: the code that it runs was verified.
 */
bool processor_symbol(const char *name, uint64_t *value);

#endif
