/* How the believer tells a hostile provider what to do (tests/liars/). */
#ifndef CUBICLE_TEST_TELL_H
#define CUBICLE_TEST_TELL_H

#include <cubicle/interface.h>
#include <stdint.h>

CUBICLE_INTERFACE_MANY(tell);

/**
 * What a hostile function does, and what @value means to it. "Works" is what the real
 * component does; AROUND with a bit above the lowest 16: of ranges above 64 KiB only.
 */
enum tell_lie {
    TELL_TRUTH,
    TELL_RETURN,  /* only returns @value */
    TELL_AFTER,   /* works, and then returns @value */
    TELL_ROOM,    /* returns its range's size plus @value, and writes nothing */
    TELL_WORD,    /* works; 8 bytes at @value >> 8 become pattern @value & 255 */
    TELL_FILL,    /* random bytes for all results (seed @value) */
    TELL_MUTATE,  /* works; some bytes of the results change (seed @value) */
    TELL_FROM,    /* says that the result lies at address @value */
    TELL_AROUND,  /* works; writes @value & 0xffff bytes around each range */
    TELL_LATE,    /* works; also writes to the ranges of its last call */
    TELL_FETCH,   /* asks for bytes on demand that it was not given; works */
    TELL_REENTER, /* calls all that it can call, its caller included; works */
    TELL_DIE,     /* ends in way @value of tell_death */
    TELL_NLIES
};

enum tell_death {
    TELL_DIE_NULL,
    TELL_DIE_ILLEGAL,
    TELL_DIE_DIVIDE,
    TELL_DIE_STACK,
    TELL_DIE_ABORT,
    TELL_DIE_EXIT,
    TELL_DIE_LOOP, /* until its time is up */
    TELL_NDEATHS
};

/**
 * From now on every call of function @function is answered with @lie; "": all is the truth again.
 * How often it has lied since the last tell_lie(), or -ENOENT.
 */
int tell_lie(CUBICLE_STRING(64) const char *function, int lie, uint64_t value);

#endif
