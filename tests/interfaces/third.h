/* A third cubicle for the conformance tests: what is delegated to it, and who dies
 * deeper down. */
#ifndef CUBICLE_TEST_THIRD_H
#define CUBICLE_TEST_THIRD_H

#include <cubicle/interface.h>
#include <stddef.h>
#include <stdint.h>

CUBICLE_INTERFACE(third);

int third_read(uint64_t address);
int third_write(uint64_t address, int value);
int third_die(void);
/** What its component_init got when it called peer, which is set up later: without a range, and with one. */
int64_t third_early(int with_range);
/** Sum of the bytes, copied or brought in on demand. */
int64_t third_sum(CUBICLE_IN(len) const uint8_t *buf, size_t len);
int64_t third_take(CUBICLE_IN(len) CUBICLE_ON_DEMAND const uint8_t *buf, size_t len);
/** Fills the buffer with ones. */
int third_fill(CUBICLE_OUT(len) uint8_t *buf, size_t len);
/** Sums @count zeroed bytes of freshly mapped memory. -errno, or the sum. */
int64_t third_fresh(uint64_t count);

#endif
