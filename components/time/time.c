/* Clocks and sleep over the platform's three clock sources. */
#include <clock.h>
#include <errno.h>
#include <plat.h>

enum time_source { TIME_REALTIME, TIME_MONOTONIC, TIME_CPU, TIME_NSOURCES };

/* Index: the clock numbers of clock_gettime(2). */
static const int8_t time_sources[] = {
    [0] = TIME_REALTIME,  /* CLOCK_REALTIME */
    [1] = TIME_MONOTONIC, /* CLOCK_MONOTONIC */
    [2] = TIME_CPU,       /* CLOCK_PROCESS_CPUTIME_ID */
    [3] = TIME_CPU,       /* CLOCK_THREAD_CPUTIME_ID: one thread */
    [4] = TIME_MONOTONIC, /* CLOCK_MONOTONIC_RAW */
    [5] = TIME_REALTIME,  /* CLOCK_REALTIME_COARSE */
    [6] = TIME_MONOTONIC, /* CLOCK_MONOTONIC_COARSE */
    [7] = TIME_MONOTONIC, /* CLOCK_BOOTTIME */
};

static int time_source(int id)
{
    if (id < 0 || (unsigned)id >= sizeof(time_sources) / sizeof(*time_sources)) {
        return -EINVAL;
    }
    return time_sources[id];
}

int64_t clock_now_ns(int id)
{
    const int source = time_source(id);
    return source < 0 ? source : plat_clock(source);
}

int64_t clock_resolution_ns(int id)
{
    const int source = time_source(id);
    return source < 0 ? source : 1;
}

int clock_sleep_ns(uint64_t duration_ns)
{
    return plat_sleep(duration_ns <= INT64_MAX ? duration_ns : INT64_MAX);
}
