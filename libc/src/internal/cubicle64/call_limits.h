/* The limit that setrlimit() sets and mapping obeys: a file of its own, which imports nothing. */
#ifndef CALL_LIMITS_H
#define CALL_LIMITS_H

/* Bytes that this libc has mapped or reserved, and how many it may have. */
extern unsigned long __call_mapped __attribute__((__visibility__("hidden")));
extern unsigned long __call_mapped_max __attribute__((__visibility__("hidden")));

/* Are @len more bytes within the limit? */
static inline int __call_mapped_may(unsigned long len)
{
    return __call_mapped <= __call_mapped_max && len <= __call_mapped_max - __call_mapped;
}

#endif
