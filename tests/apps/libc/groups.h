/* The groups of the libc tests. */
#ifndef TEST_LIBC_GROUPS_H
#define TEST_LIBC_GROUPS_H

#include <check.h>

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
