/* What the micro-benchmarks call. */
#ifndef CUBICLE_TEST_BENCH_H
#define CUBICLE_TEST_BENCH_H

#include <cubicle/interface.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

CUBICLE_INTERFACE(bench);

int bench_null(void);
int64_t bench_sum6(int64_t a, int64_t b, int64_t c, int64_t d, int64_t e, int64_t f);
/** Looks at the first and last byte only: what is measured is the carrying. */
int bench_in(CUBICLE_IN(len) const uint8_t *buf, size_t len);
int bench_out(CUBICLE_OUT(len) uint8_t *buf, size_t len);
int bench_inout(CUBICLE_INOUT(len) uint8_t *buf, size_t len);
int bench_string(CUBICLE_STRING(4096) const char *text);
/** Reads the byte at @address, which is in an open window. */
int bench_touch(uint64_t address);

#endif
