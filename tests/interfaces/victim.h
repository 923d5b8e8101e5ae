/* A cubicle with secrets. It tells everybody where they are: knowing must not be
 * enough. */
#ifndef CUBICLE_TEST_VICTIM_H
#define CUBICLE_TEST_VICTIM_H

#include <cubicle/interface.h>
#include <stddef.h>
#include <stdint.h>

CUBICLE_INTERFACE(victim);

enum {
    VICTIM_HEAP,
    VICTIM_STACK,
    VICTIM_DATA,
    VICTIM_RODATA,
    VICTIM_TLS,
    VICTIM_PRIVATE, /* a function that is no entry point; it writes to VICTIM_DATA */
    VICTIM_IMPORT,  /* what the victim calls for vfs_umask, which the attacker does not
                       import */
    VICTIM_ENTRY    /* the code of victim_intact itself */
};
uint64_t victim_address(int what);

/** 1 while no secret has changed. */
int victim_intact(void);

/** Calls hostile_event(event) and checks that its own registers and stack survive it.
 *  Returns 1 when they do. */
int victim_call(int event);

/** Calls hostile_event(event) while it has a copy of @memory. */
int victim_hold(CUBICLE_INOUT(size) char *memory, size_t size, int event);

/** Adds 1 to @count bytes, @stride apart, of what a window at @address shows; 0. */
int victim_increment(uint64_t address, uint64_t stride, uint64_t count);

enum {
    VICTIM_X87,
    VICTIM_X87_FLAGS, /* and an exception has happened */
    VICTIM_AVX512
};
/** Leaves a secret in registers of a kind, calls hostile_event(event) for its result, and
 *  leaves it there again. */
int victim_leave(int kind, int event);

/** Opens a window over VICTIM_HEAP to @peer; its id. */
int victim_lend(int peer);

#endif
