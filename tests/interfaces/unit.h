/* One of many: the cubicles of the scaling benchmark. */
#ifndef CUBICLE_TEST_UNIT_H
#define CUBICLE_TEST_UNIT_H

#include <cubicle/interface.h>
#include <stdint.h>

CUBICLE_INTERFACE_MANY(unit);

/** Returns @x + 1. */
int64_t unit_step(int64_t x);

#endif
