/*
 * Invariant: both blocks (`given` to malloc, `spare`) are mapped, can be read and written, and are
 * used by malloc() only. So a block is kept only where it is unmapped exactly as malloc() got it,
 * and only in a module that is alone in its cubicle and opens no windows: then no window can be
 * open on it.
 */
#include "call_spare.h"

#include "call_known.h"
#include "syscall.h"

#define SPARE_MAX \
    (8ul << 20) /* bytes: other cubicles may need the space, and cannot ask for it */

extern const char __cubicle_alone[];

/* 0 where the module does not use windows. */
extern int cubicle_window_init(void) __attribute__((__weak__));

static struct {
    char *base;
    size_t len;
} given, spare;

void *__call_spare_take(size_t len)
{
    if (spare.len != len) {
        return 0;
    }
    spare.len = 0;
    __call_spare_given(spare.base, len);
    return spare.base;
}

void __call_spare_given(void *base, size_t len)
{
    if (len <= SPARE_MAX && cubicle_window_init == 0 && call_symbol(__cubicle_alone)) {
        given.base = base;
        given.len = len;
    }
}

int __call_spare_put(void *base, size_t len)
{
    if (given.base != base || given.len != len) {
        __call_spare_forget(base, len);
        return 0;
    }
    given.len = 0;
    __call_spare_drop();
    spare.base = base;
    spare.len = len;
    return 1;
}

void __call_spare_forget(const void *base, size_t len)
{
    if (given.base < (const char *)base + len &&
        (const char *)base < given.base + given.len) {
        given.len = 0;
    }
}

int __call_spare_drop(void)
{
    const size_t len = spare.len;
    spare.len = 0;
    return len != 0 && __call_unmap(spare.base, len) == 0;
}
