/*
 * Checks of test programs: silent when they hold, one line with the place when they do not. The
 * same program runs in a cubicle and, where it can, natively on Linux.
 */
#ifndef TEST_SUPPORT_CHECK_H
#define TEST_SUPPORT_CHECK_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** Checks of the group that runs, and how many of them did not hold. */
extern int check_count, check_failed;

void check_report(int ok, const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#define CHECK(condition) \
    check_report((condition) != 0, __FILE__, __LINE__, "%s", #condition)

/* The text of errno helps where a call failed, and means nothing elsewhere. */
#define CHECK_INT(have, want)                                                 \
    do {                                                                      \
        const long long have_ = (long long)(have), want_ = (long long)(want); \
        check_report(have_ == want_, __FILE__, __LINE__,                      \
                     "%s is %lld, not %lld (errno: %s)", #have, have_, want_, \
                     strerror(errno));                                        \
    } while (0)

#define CHECK_STRING(have, want)                                                     \
    do {                                                                             \
        const char *have_ = (have), *want_ = (want);                                 \
        check_report(have_ != NULL && strcmp(have_, want_) == 0, __FILE__, __LINE__, \
                     "%s is \"%s\", not \"%s\"", #have, have_ ? have_ : "NULL",      \
                     want_);                                                         \
    } while (0)

/** The same bits, so that -0 and NaN count. */
#define CHECK_DOUBLE(have, want)                                                    \
    do {                                                                            \
        const double have_ = (have), want_ = (want);                                \
        check_report(memcmp(&have_, &want_, sizeof have_) == 0, __FILE__, __LINE__, \
                     "%s is %a, not %a", #have, have_, want_);                      \
    } while (0)

/** The call fails with @error. */
#define CHECK_ERROR(call, error)                                                     \
    do {                                                                             \
        errno = 0;                                                                   \
        const long result_ = (long)(call);                                           \
        check_report(result_ == -1 && errno == (error), __FILE__, __LINE__,          \
                     "%s is %ld with errno %d (%s), not -1 with %d", #call, result_, \
                     errno, strerror(errno), error);                                 \
    } while (0)

/** Checks that belong together. */
struct check_group {
    const char *name;
    void (*run)(void);
    bool on_request; /* runs only where it is named */
};

/**
 * Runs the groups that @argv names, all but those on request where it names none, each by @run;
 * one line of PASS or FAIL for each. Returns main()'s status: 0, or 1 where one failed or none
 * ran.
 */
int check_groups(const struct check_group *groups, size_t ngroups, int argc,
                 char **argv, void (*run)(const struct check_group *));

/** What @run of check_groups() is where a group needs nothing around it. */
void check_run(const struct check_group *group);

#endif
