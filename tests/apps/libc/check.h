/* Checks of the libc tests: silent when they hold, one line with the place when they do
 * not. */
#ifndef TEST_LIBC_CHECK_H
#define TEST_LIBC_CHECK_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern int check_count, check_failed;

void check_report(int ok, const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#define CHECK(condition) \
    check_report((condition) != 0, __FILE__, __LINE__, "%s", #condition)

#define CHECK_INT(have, want)                                                    \
    do {                                                                         \
        const long long have_ = (long long)(have), want_ = (long long)(want);    \
        check_report(have_ == want_, __FILE__, __LINE__, "%s is %lld, not %lld", \
                     #have, have_, want_);                                       \
    } while (0)

#define CHECK_STRING(have, want)                                                \
    do {                                                                        \
        const char *have_ = (have), *want_ = (want);                            \
        check_report(have_ &&strcmp(have_, want_) == 0, __FILE__, __LINE__,     \
                     "%s is \"%s\", not \"%s\"", #have, have_ ? have_ : "NULL", \
                     want_);                                                    \
    } while (0)

/* The same bits, so that -0 and NaN count. */
#define CHECK_DOUBLE(have, want)                                                    \
    do {                                                                            \
        const double have_ = (have), want_ = (want);                                \
        check_report(memcmp(&have_, &want_, sizeof have_) == 0, __FILE__, __LINE__, \
                     "%s is %a, not %a", #have, have_, want_);                      \
    } while (0)

/* The call fails with @error. */
#define CHECK_ERROR(call, error)                                                       \
    do {                                                                               \
        errno = 0;                                                                     \
        const long result_ = (long)(call);                                             \
        check_report(result_ == -1 && errno == (error), __FILE__, __LINE__,            \
                     "%s is %ld with errno %d, not -1 with %d", #call, result_, errno, \
                     error);                                                           \
    } while (0)

void test_convert(void);
void test_cpuid(void);
void test_environment(void);
void test_fenv(void);
void test_files(void);
void test_format(void);
void test_jump(void);
void test_locale(void);
void test_math(void);
void test_memory(void);
void test_runtime(void);
void test_scan(void);
void test_full(void);
void test_shared(void);
void test_signal(void);
void test_sort(void);
void test_start(void);
void test_stream(void);
void test_string(void);
void test_system(void);
void test_thread(void);
void test_time(void);

/** Ends the program in the way that @how names. */
int test_end(const char *how);

#endif
