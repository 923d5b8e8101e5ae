/* What setrlimit() sets and mapping obeys, in a file of its own, which imports nothing. */
#ifndef CALL_LIMITS_H
#define CALL_LIMITS_H

/* Bytes that this libc has mapped, and how many it may have. */
extern unsigned long __call_mapped __attribute__((__visibility__("hidden")));
extern unsigned long __call_mapped_max __attribute__((__visibility__("hidden")));

#endif
