/*
 * The filter of host calls: a program for the kernel (classic BPF, seccomp(2)) that allows what
 * has been added to it and ends the process at anything else. It is written in place: nothing
 * is allocated, so that nothing of it can be missing without a word.
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

/** An empty filter: it ends the process at every call, and at those of other ABIs, also later. */
void filter_begin(struct filter *f);

/** Allows host call @call. */
void filter_allow(struct filter *f, unsigned call);

/** Allows host call @call where (argument @argument & @mask) == @value, all 64 bits of it. */
void filter_allow_if(struct filter *f, unsigned call, unsigned argument, uint64_t mask,
                     uint64_t value);

/** Ends the process at host call @call where (argument @argument & @mask) != @value; else goes on to the rules behind it. */
void filter_require(struct filter *f, unsigned call, unsigned argument, uint64_t mask,
                    uint64_t value);

/** Ends the program: what has not been allowed is not. 0; -E2BIG it did not fit. */
int filter_end(struct filter *f) __attribute__((warn_unused_result));

/** Installs a program that has been ended; for good. 0 or a negative errno. */
int filter_load(struct filter *f) __attribute__((warn_unused_result));

#endif
