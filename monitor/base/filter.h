/*
 * The filter of host calls: a program for the kernel (classic BPF, seccomp(2)) that allows the
 * calls that have been added to it, and ends the process at any other. The program is written
 * into struct filter, without allocation: a rule that does not fit is reported by filter_end().
 */
#ifndef MONITOR_FILTER_H
#define MONITOR_FILTER_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>

#define FILTER_MAX 256

struct filter {
    struct sock_filter code[FILTER_MAX];
    unsigned len;
    bool full; /* something did not fit */
};

/** Makes the filter empty: it ends the process at every call. Calls of other ABIs (32-bit, x32)
 *  can never be added. */
void filter_begin(struct filter *f);

/** Allows host call @call. */
void filter_allow(struct filter *f, unsigned call);

/** Allows host call @call where (argument @argument & @mask) == @value, all 64 bits of it. */
void filter_allow_if(struct filter *f, unsigned call, unsigned argument, uint64_t mask,
                     uint64_t value);

/** Ends the process at host call @call where (argument @argument & @mask) != @value; else the
 *  rules that are added later decide. */
void filter_require(struct filter *f, unsigned call, unsigned argument, uint64_t mask,
                    uint64_t value);

/** Completes the program: no more rules can be added. 0; -E2BIG a rule did not fit. */
int filter_end(struct filter *f) __attribute__((warn_unused_result));

/** Installs a complete program, for the rest of the process. 0 or a negative errno. */
int filter_load(struct filter *f) __attribute__((warn_unused_result));

#endif
