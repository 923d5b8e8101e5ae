#include "wall.h"
#include "backend/backend.h"
#include "message.h"

#include <errno.h>
#include <grp.h>
#include <seccomp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#define NOBODY 65534

/* Host calls that the monitor makes after the start, on descriptors that are open then.
 * mmap, mprotect and ioctl are below, each for some arguments only. */
/* clang-format off */
static const int allowed[] = {
    SCMP_SYS(read),           SCMP_SYS(write),           SCMP_SYS(pread64),
    SCMP_SYS(pwrite64),       SCMP_SYS(writev),          SCMP_SYS(lseek),
    SCMP_SYS(fstat),          SCMP_SYS(newfstatat),      SCMP_SYS(poll),
    SCMP_SYS(munmap),         SCMP_SYS(madvise),         SCMP_SYS(fallocate),
    SCMP_SYS(brk),            SCMP_SYS(clock_gettime),   SCMP_SYS(clock_nanosleep),
    SCMP_SYS(nanosleep),      SCMP_SYS(getrandom),       SCMP_SYS(rt_sigreturn),
    SCMP_SYS(rt_sigprocmask), SCMP_SYS(restart_syscall), SCMP_SYS(futex),
    SCMP_SYS(exit),           SCMP_SYS(exit_group),
};
/* clang-format on */

static int wall_filter(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    if (filter == NULL) {
        return -ENOMEM;
    }
    int error = 0;
    for (size_t i = 0; error == 0 && i < sizeof(allowed) / sizeof(allowed[0]); i++) {
        error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
    }
    /* What a terminal is asked; nothing that types into it. */
    static const unsigned terminal[] = {TCGETS, TIOCGWINSZ};
    for (size_t i = 0; error == 0 && i < 2; i++) {
        error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
                                 SCMP_A1_32(SCMP_CMP_EQ, terminal[i], 0));
    }
    static const int mapping[] = {SCMP_SYS(mmap), SCMP_SYS(mprotect),
                                  SCMP_SYS(pkey_mprotect)};
    for (size_t i = 0; error == 0 && i < sizeof(mapping) / sizeof(mapping[0]); i++) {
        error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, mapping[i], 1,
                                 SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    }
    if (error == 0) {
        error = backend->allow_calls(filter);
    }
    if (error == 0) {
        error = seccomp_load(filter);
    }
    seccomp_release(filter);
    return error;
}

static int wall_drop_privileges(void)
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

int wall_raise(void)
{
    int error = wall_drop_privileges();
    if (error != 0) {
        return message_error(error, "cannot give up privileges: %s", strerror(-error));
    }
    error = wall_filter();
    if (error != 0) {
        return message_error(error, "cannot install the seccomp filter: %s",
                             strerror(-error));
    }
    return 0;
}
