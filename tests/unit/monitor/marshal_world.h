/*
 * Two cubicles, a call between them, and the monitor's marshalling: views of real
 * memory in this process, a few pages each. Everything else in them traps, and a
 * handler ends the monitor's copies as the real one does.
 */
#ifndef TESTS_UNIT_MONITOR_MARSHAL_WORLD_H
#define TESTS_UNIT_MONITOR_MARSHAL_WORLD_H

#include <stddef.h>
#include <stdint.h>

#include "call/marshal.h"

/* Offsets in both views: four pages of heap, the last of them read-only; a stack. */
#define HEAP 0x80000000u
#define HEAP_SIZE (4 * PAGE_SIZE)
#define LOCKED (HEAP + 3 * PAGE_SIZE)
#define BIG 0x90000000u /* caller only: room for the largest copies */
#define BIG_SIZE (16u << 16)
#define STACK 0xa0000000u
#define STACK_SIZE (1u << 20)
#define LAST_PAGE (HEAP_END - PAGE_SIZE)

extern struct cubicle caller, callee, third;
extern struct call_frame frames[5];    /* [0] is the bottom */
extern struct call_frame *const frame; /* the call from caller to callee */
extern struct descriptor_function function;
extern struct trampoline trampoline;       /* its id is 1 */
extern struct trampoline inner_trampoline; /* of a call by the callee; its id is 2 */
extern struct call_frame *const inner;     /* that call, to `third` */

/* Bytes of the callee's stack in use when it is called; begin() sets 0. */
extern uint32_t callee_used;

/** Group setup for cmocka. */
int world_setup(void **state);

uint8_t *at(const struct cubicle *cubicle, uint64_t offset);

/** From now on the monitor's copies do not trap where the cubicle has no rights, so that it has
 * to ask (backend.h). begin() ends that. */
void check_copies(bool check);
/** Takes @peer's rights to the page at @offset away, and gives back what was taken before. */
void deny(unsigned peer, uint32_t offset);

/** A fresh call, heaps full of 'a' (caller) and 'b' (callee), the callee's stack of
 * 's'. */
void begin(enum descriptor_type returns);
/** Adds a parameter and its argument, where that goes into a register. */
void value(enum descriptor_type type, uint64_t argument);
struct descriptor_arg *pointer(enum descriptor_kind kind, uint64_t argument,
                               enum descriptor_size size_kind, uint32_t size_value);

/** marshal_enter() to @to, NULL for the monitor, or to the callee. */
int enter_to(struct cubicle *to);
int enter(void);
/** marshal_enter() of the callee's own call, to `third`, with one pointer. */
int enter_inner(const struct descriptor_arg *arg, uint64_t argument);
/** The caller gets @error instead of a call. */
void refused(int error);
/** marshal_leave() with the callee's @result. */
void leave(int64_t result);

/** Argument @i as the callee gets it: on its own stack, below what was there, aligned. */
uint8_t *received(unsigned i);

void assert_bytes(const uint8_t *bytes, int byte, size_t n);

#endif
