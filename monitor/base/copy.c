#include "copy.h"

extern const char copy_begin[], copy_end[];
copy_routine copy_bytes_sse, copy_bytes_avx;

copy_routine *copy_bytes = copy_bytes_sse;

void copy_init(void)
{
    copy_bytes = __builtin_cpu_supports("avx") ? copy_bytes_avx : copy_bytes_sse;
}

bool copy_in_progress(uint64_t address)
{
    return address >= (uint64_t)(uintptr_t)copy_begin &&
           address < (uint64_t)(uintptr_t)copy_end;
}
