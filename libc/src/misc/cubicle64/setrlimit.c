#include <errno.h>
#include <sys/resource.h>

#include "syscall.h"

int setrlimit(int resource, const struct rlimit *limit)
{
    return __syscall_ret(__call_rlimit(resource, limit, 0));
}

weak_alias(setrlimit, setrlimit64);
