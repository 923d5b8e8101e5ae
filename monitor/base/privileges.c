#include "privileges.h"

#include <errno.h>
#include <grp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#define NOBODY 65534

int privileges_drop(void)
{
    const struct rlimit no_core = {0, 0};
    const pid_t parent = getppid();
    int death_signal;
    if (setrlimit(RLIMIT_CORE, &no_core) != 0 ||
        prctl(PR_GET_PDEATHSIG, &death_signal, 0, 0, 0) != 0) {
        return -errno;
    }
    if (geteuid() == 0 &&
        (setgroups(0, NULL) != 0 || setresgid(NOBODY, NOBODY, NOBODY) != 0 ||
         setresuid(NOBODY, NOBODY, NOBODY) != 0)) {
        return -errno;
    }
    /* A change of identity resets both of these, so they come after it. */
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 ||
        prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0) != 0) {
        return -errno;
    }
    if (death_signal != 0 && getppid() != parent) {
        return -ESRCH;
    }
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 ? 0 : -errno;
}
