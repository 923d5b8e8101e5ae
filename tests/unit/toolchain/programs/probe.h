/* What a test program may use: it prints numbers into a buffer, and nothing else. */
#ifndef TESTS_TOOLCHAIN_PROBE_H
#define TESTS_TOOLCHAIN_PROBE_H

#include <stddef.h>
#include <stdint.h>

/** Runs the program; its output is a string of at most @size bytes in @out. */
int probe_run(char *out, unsigned long size);

/** The body of each program. */
void program(void);

/** Prints "@name @value\n"; doubles with their bits. */
void probe_int(const char *name, int64_t value);
void probe_double(const char *name, double value);
void probe_text(const char *text);

/** Provided by who runs the program: 3 * a + (long)b. */
long probe_echo(long a, double b);

/** Returns @value, and the compiler cannot know that. */
static inline int64_t probe_hide(int64_t value)
{
    __asm__ volatile("" : "+r"(value));
    return value;
}

#endif
