/*
 * Many waits, and behind each the same accesses to memory from the same place: what tells a
 * program that goes on from one that does not is in its memory only.
 */
#include "check.h"

#include <cubicle.h>

static volatile unsigned done;

void test_waits(const char *times)
{
    const unsigned n = (unsigned)atoi(times);
    printf("# %u waits\n", n);
    fflush(stdout);
    while (done < n && cubicle_signal_wait(0, 1) == 0) {
        done++;
    }
    CHECK_EQUAL(done, n);
    fflush(stdout);
}
