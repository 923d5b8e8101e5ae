/* Resource usage: of all that getrusage() can tell, only processor time is counted here. */
#include <string.h>
#include <sys/resource.h>
#include <sys/times.h>
#include <time.h>

#include "syscall.h"

#define NS_PER_S 1000000000
#define NS_PER_TICK 10000000 /* sysconf(_SC_CLK_TCK) is 100 */

long __call_getrusage(int who, void *usage)
{
    struct rusage *ru = usage;
    if (who != RUSAGE_SELF && who != RUSAGE_CHILDREN && who != RUSAGE_THREAD) {
        return -EINVAL;
    }
    const long cpu =
        who == RUSAGE_CHILDREN ? 0 : clock_now_ns(CLOCK_PROCESS_CPUTIME_ID);
    if (cpu < 0) {
        return cpu;
    }
    memset(ru, 0, 144); /* the kernel's part; musl has room for more behind it */
    ru->ru_utime.tv_sec = cpu / NS_PER_S;
    ru->ru_utime.tv_usec = cpu % NS_PER_S / 1000;
    return 0;
}

long __call_times(void *times)
{
    const long cpu = clock_now_ns(CLOCK_PROCESS_CPUTIME_ID);
    const long now = clock_now_ns(CLOCK_MONOTONIC);
    if (cpu < 0 || now < 0) {
        return cpu < 0 ? cpu : now;
    }
    if (times) {
        *(struct tms *)times = (struct tms){.tms_utime = cpu / NS_PER_TICK};
    }
    return now / NS_PER_TICK;
}
