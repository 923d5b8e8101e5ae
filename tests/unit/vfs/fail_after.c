#include "fail_after.h"

#include <stddef.h>
#include <sys/mman.h>

long fail_after = -1;
bool fail_once, fail_happened;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_mmap(void *base, size_t size, int prot, int flags, int fd, long offset);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_mmap(void *base, size_t size, int prot, int flags, int fd, long offset);

static bool refused(void)
{
    if (fail_after == 0) {
        fail_happened = true;
        fail_after = fail_once ? -1 : 0;
        return true;
    }
    fail_after -= fail_after > 0;
    return false;
}

void *__wrap_malloc(size_t size)
{
    return refused() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return refused() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return refused() ? NULL : __real_realloc(old, size);
}

void *__wrap_mmap(void *base, size_t size, int prot, int flags, int fd, long offset)
{
    return refused() ? MAP_FAILED : __real_mmap(base, size, prot, flags, fd, offset);
}
