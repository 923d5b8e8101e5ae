/* A cubicle of the storm: SELF is its step, SELF_GO its function. */
#include "storm.h"

#include <east.h>
#include <north.h>
#include <west.h>

/* Long enough for a process to be killed meanwhile. */
static void work(uint64_t way)
{
    for (volatile uint64_t i = way % 61 * 40; i > 0; i--) {
    }
}

int SELF_GO(uint64_t way, uint8_t *buf, size_t len)
{
    const uint64_t rest = way >> STEP_BITS;
    int done;
    work(way);
    for (size_t i = 0; i < len; i++) {
        buf[i]++;
    }
    switch (way & ((1 << STEP_BITS) - 1)) {
    case STEP_EAST:
        done = SELF == STEP_EAST ? 0 : east_go(rest, buf, len);
        break;
    case STEP_NORTH:
        done = SELF == STEP_NORTH ? 0 : north_go(rest, buf, len);
        break;
    case STEP_WEST:
        done = SELF == STEP_WEST ? 0 : west_go(rest, buf, len);
        break;
    case STEP_FAULT:
        __builtin_trap();
    default:
        done = 0;
        break;
    }
    work(way >> 7);
    return done < 0 ? done : done + 1;
}
