/*
 * Shared mappings of files (src/mman/cubicle64/map_shared.c), for the other functions that manage
 * memory. They call it by way of a table, so that a module that maps no file neither links it nor
 * imports vfs.
 */
#ifndef CALL_SHARED_H
#define CALL_SHARED_H

struct call_shared {
    /* Does the module have a shared mapping anywhere in these whole pages? */
    int (*has)(unsigned long base, unsigned long len);
    /* For whole pages, all of them mapped so. Return 0 or -errno. */
    long (*unmap)(unsigned long base, unsigned long len);
    long (*protect)(unsigned long base, unsigned long len, int prot);
    long (*sync)(unsigned long base, unsigned long len);
    /* mremap() of whole pages, in place: @base or -errno. */
    long (*resize)(unsigned long base, unsigned long len, unsigned long new_len);
};

/* 0 until the module makes a shared mapping. */
extern const struct call_shared *__call_shared __attribute__((__visibility__("hidden")));

/* The table above where [@base, @base + @len) has a shared mapping; else 0. */
static inline const struct call_shared *__call_shared_at(const void *base,
                                                         unsigned long len)
{
    const struct call_shared *shared = __call_shared;
    const unsigned long start = (unsigned long)base & -4096UL;
    return __builtin_expect(shared != 0, 0) &&
                   shared->has(start, ((unsigned long)base + len - start + 4095) & -4096UL)
               ? shared
               : 0;
}

#endif
