/*
 * A program that uses all there is of the system, and does not trust the answers. After each of its
 * operations it looks whether
 *
 *  1. the result is one that the operation can have: at most what it was asked for, or -1 with
 *     an errno;
 *  2. nothing changed around its buffers, on the heap, on its stack and among its variables, nor in the
 *     frames above with their return addresses;
 *  3. what must not change of what it passed has not changed.
 */
#ifndef LIAR_WORKLOAD_H
#define LIAR_WORKLOAD_H

struct outcome {
    unsigned operations, errors, bad;
    char complaint[160]; /* the first */
};

/** Makes the buffers. */
void workload_prepare(void);

/** Runs once in directory @where ("" or a mount point), with names that end in @number. */
void workload(const char *where, unsigned number, struct outcome *outcome);

#endif
