#define _GNU_SOURCE
#include "groups.h"

#include <sys/resource.h>
#include <sys/time.h>
#include <sys/times.h>
#include <time.h>

static int64_t now_ns(clockid_t clock)
{
    struct timespec t = {0, 0};
    CHECK_INT(clock_gettime(clock, &t), 0);
    CHECK(t.tv_nsec >= 0 && t.tv_nsec < 1000000000);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void test_clocks(void)
{
    const int64_t start = now_ns(CLOCK_MONOTONIC);
    const struct timespec pause = {0, 20000000};
    struct timespec t;
    CHECK_INT(nanosleep(&pause, NULL), 0);
    const int64_t slept = now_ns(CLOCK_MONOTONIC) - start;
    CHECK(slept >= 20000000 && slept < INT64_C(20000000000));
    CHECK(now_ns(CLOCK_REALTIME) > INT64_C(1600000000) * 1000000000);
    CHECK(now_ns(CLOCK_PROCESS_CPUTIME_ID) > 0);
    CHECK_INT(clock_getres(CLOCK_MONOTONIC, &t), 0);
    CHECK_ERROR(clock_gettime(12345, &t), EINVAL);
    CHECK_INT(
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &(struct timespec){0, 0}, NULL),
        0);
    CHECK_ERROR(nanosleep(&(struct timespec){0, -1}, NULL), EINVAL);
    struct timeval tv;
    CHECK_INT(gettimeofday(&tv, NULL), 0);
    CHECK(llabs((long long)time(NULL) - tv.tv_sec) <= 1);
    CHECK(clock() > 0);
    struct rusage usage;
    CHECK_INT(getrusage(RUSAGE_SELF, &usage), 0);
    CHECK(usage.ru_utime.tv_sec > 0 || usage.ru_utime.tv_usec > 0);
    CHECK(times(NULL) > 0);
}

static void test_calendar(void)
{
    struct tm tm;
    const time_t t = 951827696; /* 2000-02-29 12:34:56 */
    CHECK(gmtime_r(&t, &tm) == &tm);
    CHECK(tm.tm_year == 100 && tm.tm_mon == 1 && tm.tm_mday == 29 && tm.tm_hour == 12);
    CHECK(tm.tm_min == 34 && tm.tm_sec == 56 && tm.tm_wday == 2 && tm.tm_yday == 59);
    CHECK_INT(timegm(&tm), t);
    char buf[64];
    CHECK(strftime(buf, sizeof buf, "%Y-%m-%d %H:%M:%S %a %b %j %%", &tm) > 0);
    CHECK_STRING(buf, "2000-02-29 12:34:56 Tue Feb 060 %");
    CHECK_STRING(asctime_r(&tm, buf), "Tue Feb 29 12:34:56 2000\n");
    memset(&tm, 0, sizeof tm);
    CHECK(strptime("1999-12-31 23:59:58", "%Y-%m-%d %H:%M:%S", &tm) != NULL);
    CHECK_INT(timegm(&tm), 946684798);
    tm.tm_sec = 62; /* out of range: normalised */
    CHECK_INT(timegm(&tm), 946684802);
    CHECK(tm.tm_year == 100 && tm.tm_mon == 0 && tm.tm_sec == 2);
    const time_t early = -1, late = INT64_C(4102444800);
    CHECK(gmtime_r(&early, &tm) && tm.tm_year == 69 && tm.tm_hour == 23);
    CHECK(gmtime_r(&late, &tm) && tm.tm_year == 200);
}

static void test_zones(void)
{
    const time_t winter = 946684800, summer = 962409600;
    struct tm tm;
    setenv("TZ", "XST-1XDT,M3.5.0,M10.5.0/3", 1);
    tzset();
    CHECK(localtime_r(&winter, &tm) && tm.tm_hour == 1 && tm.tm_isdst == 0);
    CHECK(localtime_r(&summer, &tm) && tm.tm_hour == 2 && tm.tm_isdst == 1);
    CHECK_STRING(tzname[1], "XDT");
    CHECK_INT(mktime(&tm), summer);
    setenv("TZ", "UTC", 1);
    tzset();
}

void test_time(void)
{
    test_clocks();
    test_calendar();
    test_zones();
}
