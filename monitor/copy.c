#include "copy.h"

extern const char copy_begin[], copy_end[];
int copy_bytes_sse(void *to, const void *from, size_t size);
int copy_bytes_avx(void *to, const void *from, size_t size);

int (*copy_bytes)(void *to, const void *from, size_t size) = copy_bytes_sse;

void copy_init(void)
{
    copy_bytes = __builtin_cpu_supports("avx") ? copy_bytes_avx : copy_bytes_sse;
}

bool copy_in_progress(uint64_t address)
{
    return address >= (uint64_t)(uintptr_t)copy_begin &&
           address < (uint64_t)(uintptr_t)copy_end;
}
