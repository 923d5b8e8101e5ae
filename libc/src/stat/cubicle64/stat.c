#define _BSD_SOURCE
#include <fcntl.h>
#include <sys/stat.h>

#include "syscall.h"

int stat(const char *restrict path, struct stat *restrict st)
{
    return __syscall_ret(__call_stat(path, st));
}

weak_alias(stat, stat64);
