/*
 * A program that calls three cubicles, which call each other, and it again, while their processes are killed
 * (tests/apps/storm.py): `test-storm SECONDS CALM SEED`. Every call comes back; its result is an error of a cubicle that begins
 * anew, or right, and then so is the buffer. After SECONDS nobody is killed: within CALM seconds there are no errors any more.
 */
#include "storm.h"

#include <east.h>
#include <errno.h>
#include <north.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <west.h>

#define STEPS_MAX 12
#define LENGTH_MAX 5000
#define RIGHT_AT_LAST 100

static uint64_t state;

static uint64_t pick(uint64_t bound)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (state >> 20) % bound;
}

static double now(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

/* Nobody calls himself; now and then somebody dies. */
static uint64_t pick_way(unsigned steps, int faults)
{
    uint64_t way = faults && pick(500) == 0 ? STEP_FAULT : STEP_BACK;
    uint64_t last = 0;
    for (unsigned i = 0; i < steps; i++) {
        uint64_t step;
        do {
            step = STEP_EAST + pick(3);
        } while (step == last);
        last = step;
        way = way << STEP_BITS | step;
    }
    return way;
}

static int go(uint64_t way, uint8_t *buf, size_t len)
{
    const uint64_t rest = way >> STEP_BITS;
    switch (way & ((1 << STEP_BITS) - 1)) {
    case STEP_EAST:
        return east_go(rest, buf, len);
    case STEP_NORTH:
        return north_go(rest, buf, len);
    default:
        return west_go(rest, buf, len);
    }
}

static int is_right(const uint8_t *buf, size_t len, uint8_t value)
{
    for (size_t i = 0; i < len; i++) {
        if (buf[i] != value) {
            return 0;
        }
    }
    return 1;
}

int main(int argc, char **argv)
{
    static uint8_t buf[LENGTH_MAX];
    unsigned long calls = 0, errors = 0, right = 0;
    const double seconds = argc > 1 ? strtod(argv[1], NULL) : 1;
    const double calm = argc > 2 ? strtod(argv[2], NULL) : 1;
    state = (argc > 3 ? strtoul(argv[3], NULL, 10) : 1) * 2 + 1;
    const double start = now();
    printf("running\n");
    fflush(stdout);
    for (;;) {
        const double passed = now() - start;
        const int calms = passed >= seconds;
        if (passed >= seconds + calm || (calms && right >= RIGHT_AT_LAST)) {
            break;
        }
        const unsigned steps = 1 + (unsigned)pick(STEPS_MAX);
        const size_t len = pick(4) == 0 ? pick(LENGTH_MAX) : pick(64);
        const uint8_t first = (uint8_t)pick(256);
        for (size_t i = 0; i < len; i++) {
            buf[i] = first;
        }
        const int result = go(pick_way(steps, !calms), buf, len);
        calls++;
        if (result == -ECONNRESET || result == -EAGAIN) {
            errors++;
            right = 0;
            continue;
        }
        if (result != (int)steps || !is_right(buf, len, (uint8_t)(first + steps))) {
            printf("FAIL storm: call %lu: %d, not %u\n", calls, result, steps);
            return 1;
        }
        right++;
    }
    printf("%s storm: %lu calls, %lu errors, %lu right at last\n",
           right >= RIGHT_AT_LAST ? "PASS" : "FAIL", calls, errors, right);
    return right >= RIGHT_AT_LAST ? 0 : 1;
}
