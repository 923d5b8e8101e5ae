/* A way through the cubicles of the storm: three bits for each step, the first in the low ones. */
#ifndef TEST_STORM_H
#define TEST_STORM_H

enum {
    STEP_BACK, /* and with nothing behind it: the end */
    STEP_EAST,
    STEP_NORTH,
    STEP_WEST,
    STEP_FAULT, /* the cubicle dies of itself */
    STEP_BITS = 3
};

#endif
