/* A provider that has been taken over: it answers calls past its own monitor (--isolation=ipc). */
#ifndef CUBICLE_TEST_ANSWER_H
#define CUBICLE_TEST_ANSWER_H

#include <cubicle/interface.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

CUBICLE_INTERFACE(answer);

/** Finds its channels. @offsets: three numbers in hex, between spaces (processes.py). */
int answer_begin(CUBICLE_STRING(128) const char *offsets);

/** Answers with a forged message of kind @how (answerer.c). */
ssize_t answer_read(CUBICLE_OUT(size, ret) uint8_t *buf, size_t size, int how);
int answer_change(CUBICLE_INOUT(size) uint8_t *buf, size_t size, int how);
int64_t answer_number(int how);

#endif
