/* What the other exec functions end in. */
#include <unistd.h>

#include "syscall.h"

int execve(const char *path, char *const argv[], char *const envp[])
{
    return __syscall_ret(__call_lacking_process("execve() (or another exec function)"));
}
