#define _GNU_SOURCE
#include <unistd.h>

#include "syscall.h"

pid_t _Fork(void)
{
    return __syscall_ret(__call_lacking_process("_Fork()"));
}
