/* Memory that runs out: the wrapped malloc, calloc, realloc and mmap of a test. */
#ifndef TEST_FAIL_AFTER_H
#define TEST_FAIL_AFTER_H

#include <stdbool.h>

/** Allocations that still succeed; -1: all of them. */
extern long fail_after;

/** Only one is to fail: it sets fail_after to -1. */
extern bool fail_once;

/** One has failed. */
extern bool fail_happened;

#endif
