/* Checks of the conformance driver: one line of TAP each; a failed one names its place. */
#ifndef TEST_CHECK_H
#define TEST_CHECK_H

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern int check_count, check_failed;

void check_report(int ok, const char *text, const char *file, int line);
void check_report_equal(int64_t have, int64_t want, const char *text, const char *file,
                        int line);

/** Where the driver's own frame was when home_step() was called last. */
extern uint32_t home_frame;

#define CHECK(condition) check_report((condition) != 0, #condition, __FILE__, __LINE__)
#define CHECK_EQUAL(have, want) \
    check_report_equal((int64_t)(have), (int64_t)(want), #have, __FILE__, __LINE__)

/** Address of @p as the other cubicles know it: its offset. */
static inline uint64_t offset_of(const volatile void *p)
{
    return (uint32_t)(uintptr_t)p;
}

/** @count whole pages of this cubicle's heap, zeroed. Never NULL. */
uint8_t *pages(size_t count);
void pages_free(uint8_t *base, size_t count);
/* An extent that is unmapped when it is given back: a few pages stay their owner's. */
enum { PAGES_GONE = 4200 };

/** False where no memory can be lent: cubicle_window_init() returns -ENOSYS. */
int windows_possible(void);

/* What each file offers to main(). */
void test_no_windows(void);
void test_windows(void);
void test_delegation(void);
void test_calls(void);
void test_ranges(void);
void test_foreign(void);
void test_hot(void);
/** A window of @npages pages at @memory that was opened, used by both sides and closed often. */
int hot_window(uint8_t *memory, size_t npages, int rights);
void test_demand(void);
void test_demand_foreign(void);
void test_registers(void);
void test_control_words(void);
void test_switches(void);
void test_memory(void);
void test_death(const char *how);
void test_restart(const char *times);
void test_survive(void);
void test_dense(const char *rounds);
void test_waits(const char *times);
void test_denied(const char *name);

/** The window and the memory that home_event() acts on. */
extern int event_window;
extern uint8_t *event_memory;
/** What EVENT_KILL got. */
extern int event_results[3];

#endif
