/*
 * Signals under protection keys. The kernel writes a signal's frame with the rights of
 * the interrupted code, so the signal stack's key is open to all; what lies there is moved
 * to the monitor's memory and wiped before anything else is done. The way back to a cubicle
 * leads through mpk_resume, so that no host call is ever made with its rights.
 */
#include "base/cubicle.h"
#include "base/page.h"
#include "base/panic.h"
#include "mpk.h"

#include <cpuid.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/rseq.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef PR_SET_SYSCALL_USER_DISPATCH
#define PR_SET_SYSCALL_USER_DISPATCH 59
#define PR_SYS_DISPATCH_ON 1
#endif

#ifndef SS_AUTODISARM
#define SS_AUTODISARM (1u << 31)
#endif

#define FRAME_MAX 16384
#define RED_ZONE 128
#define CS_64 0x33
#define SWITCH_MAX 24 /* bytes from `host_calls = 1` to wrpkru */
#define XSTATE_BV 512
#define XSTATE_ABOUT 464 /* struct _fpx_sw_bytes */
#define XFEATURE_PKRU 9

/* What mpk_resume pops. */
struct resume {
    uint64_t rax, rcx, rdx, flags, rip;
};

extern const char mpk_signal_entry[], mpk_resume[];
uint64_t mpk_signal(int signal, siginfo_t *info, ucontext_t *context);

uint64_t mpk_entered, mpk_fs_base, mpk_stack; /* for entry.S */

static uint8_t stack[65536] __attribute__((aligned(64)));
static uint8_t frame[FRAME_MAX + 64] __attribute__((aligned(64)));
static void (*handlers[64])(int, siginfo_t *, void *);
static void (*signal_stop)(void *context, struct cubicle *cubicle, const char *reason);
static size_t pkru_at; /* in the XSAVE area */

_Static_assert(offsetof(struct thread, running) == 8 &&
                   offsetof(struct thread, shown.host_calls) == 16 &&
                   offsetof(struct thread, shown.rights) == 20,
               "numbers of entry.S");

/* The saved PKRU of an interrupted thread; not @present: it is 0, and this place unused. */
static uint32_t *signal_pkru(const ucontext_t *context, bool *present)
{
    uint8_t *state = (uint8_t *)context->uc_mcontext.fpregs;
    struct _fpx_sw_bytes about = {0};
    if (state != NULL) {
        memcpy(&about, state + XSTATE_ABOUT, sizeof(about));
    }
    if (about.magic1 != FP_XSTATE_MAGIC1 ||
        (about.xstate_bv >> XFEATURE_PKRU & 1) == 0) {
        panic("a signal frame without PKRU");
    }
    *present = (state[XSTATE_BV + XFEATURE_PKRU / 8] >> XFEATURE_PKRU % 8 & 1) != 0;
    return (uint32_t *)(state + pkru_at);
}

static uint32_t signal_rights(const ucontext_t *context)
{
    bool present;
    const uint32_t *pkru = signal_pkru(context, &present);
    return present ? *pkru : 0;
}

bool signal_interrupted_cubicle(const ucontext_t *context)
{
    return signal_rights(context) != 0;
}

void signal_continue_as_monitor(ucontext_t *context)
{
    bool present;
    uint32_t *pkru = signal_pkru(context, &present);
    if (present) {
        *pkru = 0;
    }
}

/* May @size bytes at @at be written for @cubicle? Makes them its own again where they are
 * tagged for a peer. */
static bool signal_may_write(const struct cubicle *cubicle, uint64_t at, uint64_t size)
{
    if (at >= SPACE_SIZE || at + size > SPACE_SIZE) {
        return false;
    }
    for (uint32_t page = page_of(at); page <= page_of(at + size - 1); page++) {
        const struct page_info info = page_get(page);
        if (info.owner != cubicle->id || (info.rights & PAGE_WRITE) == 0 ||
            (keys_holder(page) != 0 && keys_reclaim(page) != 0)) {
            return false;
        }
    }
    return true;
}

/* Leads the interrupted cubicle back through mpk_resume. */
static void signal_resume(ucontext_t *context)
{
    greg_t *regs = context->uc_mcontext.gregs;
    struct cubicle *running = cubicle_get((unsigned)thread_self.running);
    const uint64_t at = (uint64_t)regs[REG_RSP] - RED_ZONE - sizeof(struct resume);
    if (running == NULL) {
        panic("nobody runs, but with a cubicle's rights");
    }
    if ((regs[REG_CSGSFS] & 0xffff) != CS_64) {
        signal_stop(context, running, "trapped in 32-bit mode");
        return;
    }
    if (!signal_may_write(running, at, sizeof(struct resume))) {
        signal_stop(context, running,
                    "trapped with no room on its stack to go on from");
        return;
    }
    *(struct resume *)(uintptr_t)at = (struct resume){
        .rax = (uint64_t)regs[REG_RAX],
        .rcx = (uint64_t)regs[REG_RCX],
        .rdx = (uint64_t)regs[REG_RDX],
        .flags = (uint64_t)regs[REG_EFL],
        .rip = (uint64_t)regs[REG_RIP],
    };
    regs[REG_RSP] = (greg_t)at;
    regs[REG_RIP] = (greg_t)(uintptr_t)mpk_resume;
    regs[REG_EFL] &= ~EFLAGS_OF_CUBICLES;
    signal_continue_as_monitor(context);
}

/* Interrupted between the ban of host calls and the switch to the cubicle that it is for: host
 * calls are needed to go on, so the thread begins with the ban again. */
static void signal_rewind(ucontext_t *context)
{
    greg_t *rip = &context->uc_mcontext.gregs[REG_RIP];
    const int32_t disp = THREAD_DISP(shown.host_calls);
    uint8_t ban[] = {0x64, 0xc6, 0x04, 0x25, 0, 0, 0, 0, 1}; /* movb $1,%fs:disp */
    memcpy(ban + 4, &disp, sizeof(disp));
    if (backend->is_entry((uint64_t)*rip)) {
        *rip = (greg_t)(uintptr_t)mpk_resume;
        return;
    }
    for (greg_t back = 0; back <= SWITCH_MAX; back++) {
        if (memcmp((const uint8_t *)(uintptr_t)*rip - back, ban, sizeof(ban)) == 0) {
            *rip -= back;
            return;
        }
    }
    /* Else the thread has just come in: the next thing is to allow them. */
}

/* From entry.S, with the monitor's rights and stack; returns what to sigreturn from. */
uint64_t mpk_signal(int signal, siginfo_t *info, ucontext_t *context)
{
    const bool banned = thread_self.shown.host_calls != 0;
    thread_self.shown.host_calls = 0;
    uint8_t *start = (uint8_t *)context - sizeof(uint64_t); /* of struct rt_sigframe */
    const uint8_t *end =
        (uint8_t *)thread_self.signal_stack + thread_self.signal_stack_size;
    const size_t size = (size_t)(end - start);
    if (start < (uint8_t *)thread_self.signal_stack || size > FRAME_MAX) {
        panic("a signal frame in a strange place");
    }
    uint8_t *copy = frame + ((uintptr_t)start & 63);
    memcpy(copy, start, size);
    memset(start, 0, size);
    ucontext_t *moved = (ucontext_t *)(copy + sizeof(uint64_t));
    moved->uc_mcontext.fpregs =
        (fpregset_t)(copy + ((uint8_t *)moved->uc_mcontext.fpregs - start));
    if (banned && signal_rights(moved) == 0) {
        signal_rewind(moved);
    }
    handlers[signal](signal, (siginfo_t *)(copy + ((uint8_t *)info - start)), moved);
    if (signal_rights(moved) != 0) {
        signal_resume(moved);
    }
    return (uint64_t)(uintptr_t)moved;
}

void *signal_entry_for(int signal, void (*handler)(int, siginfo_t *, void *),
                       void (*stop)(void *, struct cubicle *, const char *))
{
    handlers[signal] = handler;
    signal_stop = stop;
    return (void *)(uintptr_t)mpk_signal_entry;
}

/* libc's area for restartable sequences: the kernel looks into it whenever it interrupts a
 * thread, with that thread's rights, and a cubicle has none to it. */
static int signal_leave_rseq(void)
{
    if (__rseq_size == 0) {
        return 0;
    }
    void *area = (char *)__builtin_thread_pointer() + __rseq_offset;
    const unsigned size =
        __rseq_size < sizeof(struct rseq) ? sizeof(struct rseq) : __rseq_size;
    return syscall(SYS_rseq, area, size, RSEQ_FLAG_UNREGISTER, RSEQ_SIG) == 0 ? 0
                                                                              : -errno;
}

int signal_start_thread(void)
{
    unsigned size;
    unsigned offset;
    unsigned c;
    unsigned d;
    if (__get_cpuid_count(0xd, XFEATURE_PKRU, &size, &offset, &c, &d) == 0 ||
        size < 4) {
        return -ENOTSUP;
    }
    pkru_at = offset;
    const int error = signal_leave_rseq();
    if (error != 0) {
        return error;
    }
    mpk_stack = (uint64_t)(uintptr_t)(stack + sizeof(stack));
    __asm__("rdfsbase %0" : "=r"(mpk_fs_base));
    /* Whatever the stack pointer was, a frame begins at the top. */
    const stack_t alternate = {.ss_sp = thread_self.signal_stack,
                               .ss_size = thread_self.signal_stack_size,
                               .ss_flags = (int)SS_AUTODISARM};
    if (sigaltstack(&alternate, NULL) != 0 ||
        pkey_mprotect(&thread_self, PAGE_SIZE, PROT_READ | PROT_WRITE, keys_shown) !=
            0 ||
        pkey_mprotect(thread_self.signal_stack, thread_self.signal_stack_size,
                      PROT_READ | PROT_WRITE, keys_signal) != 0) {
        return -errno;
    }
    return prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON, 0, 0,
                 &thread_self.shown.host_calls) == 0
               ? 0
               : -ENOTSUP;
}
