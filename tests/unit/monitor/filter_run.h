/* Runs a filter of host calls as the kernel would, instruction by instruction. */
#ifndef TESTS_UNIT_MONITOR_FILTER_RUN_H
#define TESTS_UNIT_MONITOR_FILTER_RUN_H

#include "base/filter.h"

#include <stdint.h>

/**
 * What complete program @filter says to host call @call of ABI @arch, with @value as its argument
 * @argument (from 0) and 0 as the others: SECCOMP_RET_*. Fails the test at an instruction that
 * filter.c does not use, and at the end of the program.
 */
uint32_t filter_run(const struct filter *filter, uint32_t arch, uint32_t call,
                    unsigned argument, uint64_t value);

#endif
