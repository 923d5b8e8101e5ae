/*
 * Facts about descriptors, which save calls of vfs. They hold until the descriptor is closed or
 * comes to mean another file. Descriptors belong to the cubicle and these facts to one module, so a
 * module that shares its cubicle keeps none: it would not see the others close a descriptor.
 */
#ifndef CALL_KNOWN_H
#define CALL_KNOWN_H

#define CALL_KNOWN_SEEKS 1u      /* lseek() to any position works */
#define CALL_KNOWN_READ_LOCK 2u  /* vfs has agreed to a lock for reading */
#define CALL_KNOWN_WRITE_LOCK 4u /* ... and for writing */

#define CALL_KNOWN_MAX 1024 /* descriptors of a cubicle */

extern unsigned char __call_known_table[CALL_KNOWN_MAX]
    __attribute__((__visibility__("hidden")));

/* The value of an absolute symbol. The compiler would take it for an address, which is never 0. */
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

/* To be called before @fd is closed, or comes to mean another file. */
static inline void __call_unknow(int fd)
{
    if ((unsigned)fd < CALL_KNOWN_MAX) {
        __call_known_table[fd] = 0;
    }
}

#endif
