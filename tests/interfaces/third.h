/* A third cubicle for the conformance tests: what is delegated to it, and who dies
 * deeper down. */
#ifndef CUBICLE_TEST_THIRD_H
#define CUBICLE_TEST_THIRD_H

#include <cubicle/interface.h>
#include <stdint.h>

CUBICLE_INTERFACE(third);

int third_read(uint64_t address);
int third_write(uint64_t address, int value);
int third_die(void);
/** Sums @count zeroed bytes of freshly mapped memory. -errno, or the sum. */
int64_t third_fresh(uint64_t count);

#endif
