/*
 * What a cubicle's process may ask of the kernel: to wait, to change its own memory, and what its rights in the manifest
 * are for. Its code is plain, so it can make any call that the filter lets through, with any arguments that it lets through.
 */
#include "backend/backend.h"
#include "base/filter.h"
#include "base/message.h"
#include "base/privileges.h"
#include "fault/signal_pending.h"
#include "gate/gate.h"
#include "ipc.h"

#include <errno.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

/* What every process has: nothing that reaches another process, or a file. */
static const unsigned all_have[] = {
    SYS_munmap,       SYS_madvise,         SYS_clock_gettime,
    SYS_rt_sigreturn, SYS_restart_syscall, SYS_rt_sigprocmask,
    SYS_exit,         SYS_exit_group,      SYS_sched_yield,
};
static const unsigned console[] = {
    SYS_read,  SYS_pread64, SYS_write,           SYS_fstat,     SYS_poll,
    SYS_ppoll, SYS_lseek,   SYS_clock_nanosleep, SYS_getrandom,
};
static const unsigned files[] = {SYS_pread64,    SYS_pwrite64,  SYS_fstat,
                                 SYS_newfstatat, SYS_fallocate, SYS_lseek};
static const unsigned network[] = {SYS_read, SYS_write, SYS_writev, SYS_poll,
                                   SYS_ppoll};
static const unsigned signals[] = {SYS_read, SYS_poll, SYS_ppoll, SYS_getitimer};

static void confine_allow(struct filter *filter, const unsigned *calls, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        filter_allow(filter, calls[i]);
    }
}
#define ALLOW(filter, calls) \
    confine_allow(filter, calls, sizeof(calls) / sizeof((calls)[0]))

/* The application's timer wakes those that wait for it. */
static void confine_allow_wakes(struct filter *filter)
{
    for (unsigned id = 1; id <= cubicle_count(); id++) {
        if (signal_descriptor(id) >= 0) {
            filter_allow_if(filter, SYS_write, 0, UINT64_MAX,
                            (unsigned)signal_descriptor(id));
        }
    }
}

static int confine_program(const struct monitor_config *config,
                           const struct cubicle *cubicle, struct filter *filter)
{
    static const unsigned mapping[] = {SYS_mmap, SYS_mprotect};
    filter_begin(filter);
    ALLOW(filter, all_have);
    filter_allow_if(filter, SYS_futex, 1, UINT64_MAX, FUTEX_WAIT);
    filter_allow_if(filter, SYS_futex, 1, UINT64_MAX, FUTEX_WAKE);
    /* Private memory, which RLIMIT_DATA counts: no file, no memory that is shared, and no stack. */
    filter_require(filter, SYS_mmap, 3, ~(uint64_t)(MAP_FIXED | MAP_NORESERVE),
                   MAP_PRIVATE | MAP_ANONYMOUS);
    for (size_t i = 0; i < sizeof(mapping) / sizeof(mapping[0]); i++) {
        filter_allow_if(filter, mapping[i], 2, PROT_EXEC, 0);
    }
    /* Reports of faults. */
    filter_allow_if(filter, SYS_write, 0, UINT64_MAX, STDERR_FILENO);
    if (ipc_has_right(cubicle, MONITOR_RIGHT_HOST)) {
        ALLOW(filter, console);
        filter_allow_if(filter, SYS_ioctl, 1, UINT64_MAX, TCGETS);
        filter_allow_if(filter, SYS_ioctl, 1, UINT64_MAX, TIOCGWINSZ);
    }
    if (ipc_has_right(cubicle, MONITOR_RIGHT_HOSTNET) && config->network != NULL) {
        ALLOW(filter, network);
    }
    if (ipc_has_right(cubicle, MONITOR_RIGHT_HOSTFILES)) {
        ALLOW(filter, files);
    }
    gate_allow(cubicle->id, ipc_rights(cubicle), filter);
    if (cubicle->is_app) {
        ALLOW(filter, signals);
        confine_allow_wakes(filter);
        filter_allow_if(filter, SYS_setitimer, 0, UINT64_MAX, ITIMER_REAL);
    }
    return filter_end(filter);
}

int ipc_confine(const struct monitor_config *config, const struct cubicle *cubicle)
{
    static struct filter filter;
    int error = privileges_drop();
    if (error == 0) {
        error = gate_enter(cubicle->id, ipc_rights(cubicle));
    }
    if (error == 0) {
        error = confine_program(config, cubicle, &filter);
    }
    if (error == 0) {
        error = filter_load(&filter);
    }
    return error == 0 ? 0
                      : message_error(error, "%s: cannot confine the process: %s",
                                      cubicle->name, strerror(-error));
}

/* The parent ends its children, and learns of it. Where a cubicle may begin anew it also makes one, which then does what
 * ipc_become() does and gives all that up again. */
void ipc_allow_calls(struct filter *filter)
{
    static const unsigned always[] = {SYS_wait4, SYS_kill, SYS_sched_yield};
    static const unsigned making[] = {
        SYS_clone,
        SYS_set_robust_list,
        SYS_prctl,
        SYS_close,
        SYS_getppid,
        SYS_close_range,
        SYS_geteuid,
        SYS_rt_sigaction,
        SYS_setrlimit,
        SYS_prlimit64,
        SYS_sched_getaffinity,
        SYS_sched_setaffinity,
        SYS_setitimer,
        SYS_pause,
    };
    /* For one that has directories of the host. They can only take from those who make them. */
    static const unsigned confining[] = {
        SYS_landlock_create_ruleset,
        SYS_landlock_add_rule,
        SYS_landlock_restrict_self,
    };
    unsigned restarts = 0; /* how many do */
    unsigned rights = 0;   /* of those */
    ALLOW(filter, always);
    for (unsigned id = 1; id <= cubicle_count(); id++) {
        if (cubicle_get(id)->on_fault == MONITOR_ON_FAULT_RESTART) {
            restarts++;
            rights |= ipc_rights(cubicle_get(id));
        }
    }
    if (restarts > 0) {
        ALLOW(filter, making);
    }
    if ((rights & MONITOR_RIGHT_HOSTFILES) != 0) {
        ALLOW(filter, confining);
    }
}
