/* One of three that call each other (tests/apps/storm.py). */
#ifndef CUBICLE_TEST_WEST_H
#define CUBICLE_TEST_WEST_H

#include <cubicle/interface.h>
#include <stddef.h>
#include <stdint.h>

CUBICLE_INTERFACE(west);

/** Adds one to every byte, and goes on where the low bits of @way say (storm.h); returns how often that was done. */
int west_go(uint64_t way, CUBICLE_INOUT(len) uint8_t *buf, size_t len);

#endif
