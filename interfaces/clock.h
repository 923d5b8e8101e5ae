/* Clocks and sleep. Clock numbers are those of clock_gettime(2). */
#ifndef CUBICLE_CLOCK_H
#define CUBICLE_CLOCK_H

#include <cubicle/interface.h>
#include <stdint.h>

CUBICLE_INTERFACE(clock);

/** Nanoseconds of clock @id, or -EINVAL. */
int64_t clock_now_ns(int id);

/** Resolution in nanoseconds, or -EINVAL. */
int64_t clock_resolution_ns(int id);

/** Sleeps for @duration_ns. 0. */
int clock_sleep_ns(uint64_t duration_ns);

#endif
