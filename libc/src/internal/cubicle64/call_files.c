/*
 * Invariant: each byte of each private mapping of a file is in one of the ranges. With more
 * mappings than ranges the last range spans several, and other memory between them, for which more
 * is then refused than need be.
 */
#include "call_files.h"

#define RANGES 64

static struct {
    unsigned long base, end;
} ranges[RANGES];
static unsigned nranges;

void __call_file_note(unsigned long base, unsigned long len)
{
    if (nranges == RANGES) { /* the last range takes in the new one */
        nranges--;
        if (ranges[nranges].base < base) {
            len += base - ranges[nranges].base;
            base = ranges[nranges].base;
        }
        if (ranges[nranges].end > base + len) {
            len = ranges[nranges].end - base;
        }
    }
    ranges[nranges].base = base;
    ranges[nranges++].end = base + len;
}

void __call_file_forget(unsigned long base, unsigned long len)
{
    const unsigned long end = base + len;
    for (unsigned i = 0; i < nranges;) {
        /* A range that goes on at both ends stays as it is: two would be needed for its ends. */
        if (base <= ranges[i].base && end > ranges[i].base) {
            ranges[i].base = end;
        } else if (base < ranges[i].end && end >= ranges[i].end) {
            ranges[i].end = base;
        }
        if (ranges[i].base >= ranges[i].end) {
            ranges[i] = ranges[--nranges];
        } else {
            i++;
        }
    }
}

int __call_file_is(unsigned long base, unsigned long len)
{
    for (unsigned i = 0; i < nranges; i++) {
        if (base < ranges[i].end && base + len > ranges[i].base) {
            return 1;
        }
    }
    return 0;
}
