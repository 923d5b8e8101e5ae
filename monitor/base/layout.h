/*
 * Where everything lies in the offset space, and the limits of a system.
 *
 * The offset space is 4 GiB in 4 KiB pages; a pointer's low 32 bits are its offset.
 *
 *   [0, 64 KiB)            never mapped: null pointers and small offsets from them trap
 *   [1 MiB, 0x7f000000)    modules: code (at the absolute address equal to its offset),
 *                          read-only data, data
 *   [0x7f000000, 2 GiB)    stubs of trampolines (code)
 *   [2 GiB, 4 GiB - 128 KiB) stacks and heaps; nothing here is ever executable
 *   the last 128 KiB       never mapped; the first half stands for a range on demand
 *
 * Above the offset space, at fixed addresses:
 *
 *   [4 GiB, 8 GiB + 64 KiB) never mapped: what is behind a view that begins at address 0
 *   from BODIES_START      bodies of trampolines
 */
#ifndef MONITOR_LAYOUT_H
#define MONITOR_LAYOUT_H

#include <cubicle/abi.h>
#include <stdint.h>

#define PAGE_SHIFT 12
#define PAGE_SIZE (1u << PAGE_SHIFT)
#define PAGE_COUNT (1u << (32 - PAGE_SHIFT))

#define SPACE_SIZE (UINT64_C(1) << 32)
#define SPACE_GUARD UINT64_C(0x10000)

#define MODULES_START UINT32_C(0x00100000)
#define MODULES_END UINT32_C(0x7f000000)
#define STUBS_START UINT32_C(0x7f000000)
#define STUBS_END UINT32_C(0x80000000)
#define HEAP_START UINT32_C(0x80000000)
#define HEAP_END UINT32_C(0xfffe0000)

/** A fixed address: stubs hold addresses of bodies, and a cubicle that can read code must not
 *  learn from them where the rest of the process lies. */
#define BODIES_START (2 * SPACE_SIZE + UINT64_C(0x100000))

/** Cubicle ids run from 1 to CUBICLE_MAX; 0 is the monitor. */
#define CUBICLE_MAX 256
#define CUBICLE_MONITOR 0

/** Instructions and their groups never cross a multiple of this. */
#define BUNDLE_SIZE 32u
/** Mask for return addresses and targets of indirect branches: starts of bundles below 2 GiB. */
#define RETURN_MASK 0x7fffffe0u

#define STACK_DEFAULT (UINT64_C(1) << 20)
#define STACK_DEFAULT_APP (UINT64_C(8) << 20)

/** A callee gets this address in place of a range on demand. Nothing is mapped there; passed on
 *  in a call, it stands for the range (demand.h). */
#define DEMAND_START CUBICLE_IN_START
/** Longest range on demand, in bytes; longer ones are copied. */
#define DEMAND_MAX CUBICLE_IN_SIZE
_Static_assert(DEMAND_START == HEAP_END &&
                   DEMAND_START + DEMAND_MAX <= SPACE_SIZE - SPACE_GUARD,
               "ranges on demand lie between heap and guard");

static inline uint32_t page_of(uint64_t offset)
{
    return (uint32_t)(offset >> PAGE_SHIFT);
}

static inline uint64_t page_round_up(uint64_t size)
{
    return (size + PAGE_SIZE - 1) & ~(uint64_t)(PAGE_SIZE - 1);
}

#endif
