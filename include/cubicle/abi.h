/*
 * Numbers that the monitor and the code in cubicles must have alike. Each stands here once; both
 * sides include this. What an interface fixes is in its header (interfaces/).
 */
#ifndef CUBICLE_ABI_H
#define CUBICLE_ABI_H

#include <stdint.h>

/* ---- ranges on demand (in.h; monitor/call/demand.h) ---- */

/** First of the addresses that stand for a range: nothing is ever mapped there. */
#define CUBICLE_IN_START UINT64_C(0xfffe0000)
/** Bytes of the longest range on demand. A longer one is copied. */
#define CUBICLE_IN_SIZE UINT64_C(0x10000)

/* ---- results past the callee (out.h; monitor/call/marshal.h) ---- */

/** Bytes in front of each copy of a range; the first 8 are a word for the callee to set: 0,
 *  CUBICLE_OUT_FORWARD, or the address of the result's bytes. */
#define CUBICLE_OUT_ROOM 16
/** The next call that is given the buffer delivers to our caller. */
#define CUBICLE_OUT_FORWARD 1

/* ---- calls of the monitor ---- */

/** Bytes of the longest range that a function of the monitor takes. */
#define CUBICLE_MONITOR_RANGE_MAX UINT64_C(0x10000)

/* ---- exit statuses of `cubicle run`, besides the program's own ---- */

#define CUBICLE_EXIT_CONFIG 125 /* the manifest, a module: nothing was started */
#define CUBICLE_EXIT_FAULT 139  /* a fault ended the system */

#endif
