/*
 * Checks of the file tests: silent when they hold, one line with the place when they do
 * not. The same program runs in a cubicle and natively on Linux.
 */
#ifndef TEST_FILES_CHECK_H
#define TEST_FILES_CHECK_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

extern int check_count, check_failed;

void check_report(int ok, const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#define CHECK(condition) \
    check_report((condition) != 0, __FILE__, __LINE__, "%s", #condition)

#define CHECK_INT(have, want)                                                         \
    do {                                                                              \
        errno = 0;                                                                    \
        const long long have_ = (long long)(have), want_ = (long long)(want);         \
        check_report(have_ == want_, __FILE__, __LINE__, "%s is %lld, not %lld (%s)", \
                     #have, have_, want_, strerror(errno));                           \
    } while (0)

#define CHECK_STRING(have, want)                                                     \
    do {                                                                             \
        const char *have_ = (have), *want_ = (want);                                 \
        check_report(have_ != NULL && strcmp(have_, want_) == 0, __FILE__, __LINE__, \
                     "%s is \"%s\", not \"%s\"", #have, have_ ? have_ : "NULL",      \
                     want_);                                                         \
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

/** Opens, and checks that it did. */
int check_open(const char *path, int flags, mode_t mode);
/** A file with that content, closed again. */
void check_file(const char *path, const char *content);
/** The file's content is that. */
void check_content(const char *path, const char *content);

void test_open(void);
void test_data(void);
void test_seek(void);
void test_size(void);
void test_absent(void);
void test_names(void);
void test_links(void);
void test_directories(void);
void test_relative(void);
void test_rights(void);
void test_times(void);
void test_locks(void);
void test_pipes(void);
void test_mapping(void);
void test_devices(void);
void test_long(void);
void test_large(void);

#endif
