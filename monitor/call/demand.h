/*
 * Ranges on demand: an `in` range that the callee brings in itself, as much of it as it
 * needs and to where it needs it, or passes on without looking at it. In its place the
 * callee is given DEMAND_START, an address of nothing; marshal.c has the invariant (M5).
 *
 * What it is worth: 4 KiB written to a file, through two calls, take 212 ns with it and 293 ns
 * where both calls copy (bench/micro, pwrite-4096, sfi; the fastest of 15 runs each, in turn).
 */
#ifndef MONITOR_DEMAND_H
#define MONITOR_DEMAND_H

#include "base/layout.h"
#include "base/thread.h"

#include <stdbool.h>

/** Ranges up to this many bytes are copied all the same: that is cheaper. */
#define DEMAND_MIN 2048

/** True when the pointer @offset can only stand for a range on demand. */
static inline bool demand_stands_for(uint64_t offset)
{
    return offset - DEMAND_START < DEMAND_MAX;
}

/**
 * Finds @size bytes at offset @at of the range on demand that @frame, a call in progress, gave to
 * cubicle @callee. Returns their address in the view of the cubicle that owns them, whose id
 * *@whose receives; 0 where @frame gave no such bytes.
 */
uint64_t demand_source(const struct call_frame *frame, unsigned callee, uint64_t at,
                       uint64_t size, unsigned *whose);

/**
 * Copies such bytes to offset @to of the running cubicle, at its request. 0; -EFAULT the cubicle
 * was given no such bytes, they cannot be read any more, or @to cannot be written.
 */
int demand_fetch(uint32_t to, uint64_t at, uint64_t size)
    __attribute__((warn_unused_result));

#endif
