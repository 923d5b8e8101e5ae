#include "box.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <asm/prctl.h>
#include <sys/syscall.h>

#define GIB (UINT64_C(1) << 30)
#define VIEW_SIZE (4 * GIB)
#define EDGE UINT64_C(0x10000)
#define FLAG_TRAP 0x100u
#define FLAG_DIRECTION 0x400u
#define FLAGS_FIXED (0x400u | 0x3000u | 0x4000u | 0x40000u) /* DF IOPL NT AC */

/* Maps the view with 8 GiB around it. Returns its base, or 0. */
static uint64_t box_map_view(void)
{
    const uint64_t size = 5 * VIEW_SIZE;
    void *space =
        mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (space == MAP_FAILED) {
        return 0;
    }
    const uint64_t view =
        ((uint64_t)(uintptr_t)space + 2 * VIEW_SIZE - 1) / VIEW_SIZE * VIEW_SIZE;
    if (mprotect((void *)(view + BOX_DATA), BOX_DATA_SIZE, PROT_READ | PROT_WRITE) ||
        mprotect((void *)(view + BOX_STACK), BOX_STACK_SIZE, PROT_READ | PROT_WRITE)) {
        return 0;
    }
    return view;
}

static bool box_map_code(struct box *box)
{
    const int fd = memfd_create("box-code", MFD_CLOEXEC);
    if (fd < 0 || ftruncate(fd, BOX_CODE_SIZE) != 0) {
        return false;
    }
    box->code = mmap(NULL, BOX_CODE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    void *fixed = mmap((void *)(uintptr_t)BOX_CODE, BOX_CODE_SIZE,
                       PROT_READ | PROT_EXEC, MAP_SHARED | MAP_FIXED_NOREPLACE, fd, 0);
    close(fd);
    return box->code != MAP_FAILED && fixed == (void *)(uintptr_t)BOX_CODE;
}

/* Waits for the child to stop. The fuzzer's alarm interrupts. */
static bool box_wait(const struct box *box, int *status)
{
    pid_t pid;

    do {
        pid = waitpid(box->pid, status, 0);
    } while (pid < 0 && errno == EINTR);
    return pid == box->pid && WIFSTOPPED(*status);
}

static void box_child(uint64_t view)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0 ||
        syscall(SYS_arch_prctl, ARCH_SET_GS, view) != 0) {
        _exit(1);
    }
    raise(SIGSTOP);
    _exit(1);
}

bool box_open(struct box *box)
{
    int status = 0;
    struct user_regs_struct regs;

    memset(box, 0, sizeof(*box));
    box->view = box_map_view();
    if (box->view == 0 || !box_map_code(box)) {
        box->problem = "no address space for a view and its code";
        return false;
    }
    box->pid = fork();
    if (box->pid == 0) {
        box_child(box->view);
    }
    if (box->pid < 0 || !box_wait(box, &status) ||
        ptrace(PTRACE_GETREGS, box->pid, NULL, &regs) != 0 ||
        regs.gs_base != box->view) {
        box->problem = "no ptrace here";
        return false;
    }
    box->fs = regs.fs_base;
    /* Nothing of the child's own runs any more that could use these bytes. */
    if (ptrace(PTRACE_POKEDATA, box->pid, box->fs + BOX_VIEW, box->view) != 0) {
        box->problem = "no thread-local memory in the child";
        return false;
    }
    return true;
}

void box_close(struct box *box)
{
    if (box->pid > 0) {
        kill(box->pid, SIGKILL);
        waitpid(box->pid, NULL, 0);
    }
    if (box->view != 0) {
        munmap((void *)(box->view - VIEW_SIZE), 3 * VIEW_SIZE);
    }
    if (box->code != NULL && box->code != MAP_FAILED) {
        munmap(box->code, BOX_CODE_SIZE);
        munmap((void *)(uintptr_t)BOX_CODE, BOX_CODE_SIZE);
    }
}

/* The low halves point into the view's data, so that accesses through GS succeed; the
 * whole registers are canonical and unmapped, so that others fault far from the view. */
void box_registers(const struct box *box, struct user_regs_struct *regs, uint32_t entry)
{
    const uint64_t high = UINT64_C(0x0000070000000000) + BOX_DATA + 0x10000;

    memset(regs, 0, sizeof(*regs));
    ptrace(PTRACE_GETREGS, box->pid, NULL, regs);
    regs->rax = high + 0x000;
    regs->rbx = high + 0x100;
    regs->rcx = high + 0x200;
    regs->rdx = high + 0x300;
    regs->rsi = high + 0x400;
    regs->rdi = high + 0x500;
    regs->rbp = high + 0x600;
    regs->r8 = high + 0x700;
    regs->r9 = high + 0x800;
    regs->r10 = high + 0x900;
    regs->r11 = high + 0xa00;
    regs->r12 = high + 0xb00;
    regs->r13 = high + 0xc00;
    regs->r14 = high + 0xd00;
    regs->r15 = high + 0xe00;
    regs->rsp = box->view + BOX_STACK + BOX_STACK_SIZE / 2;
    regs->rip = BOX_CODE + entry;
    regs->eflags = 0x202;
    regs->fs_base = box->fs;
    regs->gs_base = box->view;
    regs->orig_rax = UINT64_MAX;
}

bool box_set(const struct box *box, struct user_regs_struct *regs)
{
    return ptrace(PTRACE_SETREGS, box->pid, NULL, regs) == 0;
}

enum box_event box_step(const struct box *box, struct user_regs_struct *regs,
                        siginfo_t *info)
{
    int status = 0;

    if (ptrace(PTRACE_SINGLESTEP, box->pid, NULL, NULL) != 0 ||
        !box_wait(box, &status) || ptrace(PTRACE_GETREGS, box->pid, NULL, regs) != 0 ||
        ptrace(PTRACE_GETSIGINFO, box->pid, NULL, info) != 0) {
        return BOX_BROKEN;
    }
    switch (WSTOPSIG(status)) {
    case SIGTRAP:
        return info->si_code == SI_KERNEL ? BOX_TRAPPED : BOX_STEPPED;
    case SIGSEGV:
    case SIGBUS:
        return BOX_FAULTED;
    case SIGILL:
    case SIGFPE:
        return BOX_TRAPPED;
    default:
        return BOX_BROKEN;
    }
}

bool box_control_words(const struct box *box, uint32_t *mxcsr, uint16_t *x87)
{
    struct user_fpregs_struct fp;

    if (ptrace(PTRACE_GETFPREGS, box->pid, NULL, &fp) != 0) {
        return false;
    }
    *mxcsr = fp.mxcsr & ~0x3fu; /* without the sticky flags */
    *x87 = fp.cwd;
    return true;
}

static bool box_between(uint64_t value, uint64_t low, uint64_t high)
{
    return value >= low && value < high;
}

const char *box_check(const struct box *box, const struct user_regs_struct *regs,
                      bool transient)
{
    if (regs->gs_base != box->view) {
        return "GS base changed";
    }
    if (regs->fs_base != box->fs) {
        return "FS base changed";
    }
    if ((regs->eflags & FLAGS_FIXED) != 0) {
        return "a system flag is set";
    }
    if (regs->cs != 0x33) {
        return "CS changed";
    }
    if (transient && regs->rsp < VIEW_SIZE) {
        return NULL;
    }
    if (!box_between(regs->rsp, box->view - 2 * GIB, box->view + 6 * GIB + 1)) {
        return "rsp is out of reach of the view";
    }
    return NULL;
}

const char *box_check_fault(const struct box *box, const struct user_regs_struct *regs,
                            const siginfo_t *info)
{
    const uint64_t address = (uint64_t)(uintptr_t)info->si_addr;

    if (info->si_signo == SIGSEGV && info->si_code == SI_KERNEL) {
        return NULL; /* #GP: the caller knows whether the access must be aligned */
    }
    if (info->si_signo != SIGSEGV) {
        return "a fault that is not a page fault";
    }
    if (address == regs->rip) {
        return regs->rip % 32 == 0 && regs->rip < VIEW_SIZE ? NULL : "a wild jump";
    }
    return box_between(address, box->view - VIEW_SIZE - EDGE,
                       box->view + 2 * VIEW_SIZE + EDGE)
               ? NULL
               : "an access out of reach of the view";
}
