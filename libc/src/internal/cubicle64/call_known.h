/*
 * What is known of descriptors, until they are closed or come to mean something else. They
 * belong to the cubicle, this knowledge to one module: one that is not alone in its cubicle
 * knows nothing.
 */
#ifndef CALL_KNOWN_H
#define CALL_KNOWN_H

#define CALL_KNOWN_SEEKS 1u      /* lseek() to any position works */
#define CALL_KNOWN_READ_LOCK 2u  /* vfs has agreed to a lock for reading */
#define CALL_KNOWN_WRITE_LOCK 4u /* ... and for writing */

#define CALL_KNOWN_MAX 1024 /* descriptors of a cubicle */

extern unsigned char __call_known_table[CALL_KNOWN_MAX]
    __attribute__((__visibility__("hidden")));

/* Value of an absolute symbol, which the compiler would take for an address, never zero. */
static inline unsigned long call_symbol(const char *symbol)
{
    __asm__("" : "+r"(symbol));
    return (unsigned long)symbol;
}

static inline unsigned __call_known(int fd, unsigned what)
{
    return (unsigned)fd < CALL_KNOWN_MAX ? __call_known_table[fd] & what : 0;
}

void __call_know(int fd, unsigned what) __attribute__((__visibility__("hidden")));

/* @fd is about to mean nothing, or something else. */
static inline void __call_unknow(int fd)
{
    if ((unsigned)fd < CALL_KNOWN_MAX) {
        __call_known_table[fd] = 0;
    }
}

#endif
