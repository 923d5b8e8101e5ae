/*
 * What the helper gives up before it looks at the first frame: root's identity, new privileges, other programs and
 * processes, files that grow. libslirp opens sockets and reads /etc/resolv.conf; these remain.
 */
#include "helper.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#define NOBODY 65534
#define X32_CALL 0x40000000u

/* Calls that start programs or processes, or reach into others or into the kernel. */
static const unsigned denied[] = {
    SYS_execve,
    SYS_execveat,
    SYS_fork,
    SYS_vfork,
    SYS_clone,
    SYS_ptrace,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_kill,
    SYS_tkill,
    SYS_tgkill,
    SYS_mount,
    SYS_umount2,
    SYS_unshare,
    SYS_setns,
    SYS_bpf,
    SYS_perf_event_open,
    SYS_keyctl,
    SYS_add_key,
    SYS_request_key,
    SYS_init_module,
    SYS_finit_module,
    SYS_userfaultfd,
    SYS_unlink,
    SYS_unlinkat,
    SYS_rename,
    SYS_renameat,
    SYS_renameat2,
    SYS_mkdir,
    SYS_mkdirat,
    SYS_symlink,
    SYS_symlinkat,
    SYS_link,
    SYS_linkat,
    SYS_chmod,
    SYS_fchmodat,
    SYS_truncate,
    435 /* clone3 */,
    425 /* io_uring_setup */,
};
#define NDENIED (sizeof(denied) / sizeof(denied[0]))

static bool confine_calls(void)
{
    static struct sock_filter code[7 + 2 * NDENIED];
    size_t n = 0;
    const uint32_t arch = (uint32_t)offsetof(struct seccomp_data, arch);
    const uint32_t call = (uint32_t)offsetof(struct seccomp_data, nr);
    const uint32_t refuse = SECCOMP_RET_ERRNO | EPERM;

    code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, arch);
    code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
                                             AUDIT_ARCH_X86_64, 1, 0);
    code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
    code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, call);
    code[n++] =
        (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, X32_CALL, 0, 1);
    code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
    for (size_t i = 0; i < NDENIED; i++) {
        code[n++] =
            (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, denied[i], 0, 1);
        code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, refuse);
    }
    code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    const struct sock_fprog program = {.len = (unsigned short)n, .filter = code};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}

bool confine(void)
{
    const struct rlimit nothing = {0, 0};
    const bool is_root = geteuid() == 0;

    if ((is_root &&
         (setgroups(0, NULL) != 0 || setresgid(NOBODY, NOBODY, NOBODY) != 0 ||
          setresuid(NOBODY, NOBODY, NOBODY) != 0)) ||
        setrlimit(RLIMIT_CORE, &nothing) != 0 ||
        prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 ||
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || !confine_calls()) {
        fprintf(stderr, "cubicle-slirp: cannot give up privileges: %s\n",
                strerror(errno));
        return false;
    }
    return true;
}
