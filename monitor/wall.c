#include "wall.h"
#include "backend/backend.h"
#include "base/filter.h"
#include "base/message.h"
#include "base/privileges.h"
#include "gate/gate.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

/* Host calls that the monitor makes after the start, on descriptors that are open then.
 * mmap, mprotect and ioctl are below, each for some arguments only. */
/* clang-format off */
static const unsigned allowed[] = {
    SYS_read,           SYS_write,           SYS_pread64,
    SYS_pwrite64,       SYS_writev,          SYS_lseek,
    SYS_fstat,          SYS_newfstatat,      SYS_poll,
    SYS_munmap,         SYS_madvise,         SYS_fallocate,
    SYS_brk,            SYS_clock_gettime,   SYS_clock_nanosleep,
    SYS_nanosleep,      SYS_getrandom,       SYS_rt_sigreturn,
    SYS_rt_sigprocmask, SYS_restart_syscall, SYS_futex,
    SYS_exit,           SYS_exit_group,      SYS_ppoll,
    SYS_getitimer,
};
/* clang-format on */

/* Writes what the monitor may still ask of the host. */
static int wall_program(struct filter *filter)
{
    /* What a terminal is asked; nothing that types into it. */
    static const unsigned terminal[] = {TCGETS, TIOCGWINSZ};
    static const unsigned mapping[] = {SYS_mmap, SYS_mprotect};
    filter_begin(filter);
    for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++) {
        filter_allow(filter, allowed[i]);
    }
    for (size_t i = 0; i < sizeof(terminal) / sizeof(terminal[0]); i++) {
        filter_allow_if(filter, SYS_ioctl, 1, UINT64_MAX, terminal[i]);
    }
    filter_allow_if(filter, SYS_setitimer, 0, UINT64_MAX, ITIMER_REAL);
    for (size_t i = 0; i < sizeof(mapping) / sizeof(mapping[0]); i++) {
        filter_allow_if(filter, mapping[i], 2, PROT_EXEC, 0);
    }
    gate_allow(0, UINT_MAX, filter);
    backend->allow_calls(filter);
    return filter_end(filter);
}

static int wall_filter(void)
{
    static struct filter filter;
    const int error = wall_program(&filter);
    return error == 0 ? filter_load(&filter) : error;
}

/* What has been mapped so far is executable already, so to clear it would not be enough. exec()
 * does, but a program can set it for itself. */
int wall_check(void)
{
    const int persona = personality(0xffffffff); /* asks */
    if (persona >= 0 && (persona & READ_IMPLIES_EXEC) == 0) {
        return 0;
    }
    return message_error(-EPERM,
                         "this process runs with READ_IMPLIES_EXEC, which makes "
                         "readable memory executable; start it without "
                         "(personality(2))");
}

int wall_raise(void)
{
    int error = privileges_drop();
    if (error != 0) {
        return message_error(error, "cannot give up privileges: %s", strerror(-error));
    }
    error = gate_enter(0, UINT_MAX);
    if (error != 0) {
        return error;
    }
    error = wall_filter();
    if (error != 0) {
        return message_error(error, "cannot install the seccomp filter: %s",
                             strerror(-error));
    }
    return 0;
}
