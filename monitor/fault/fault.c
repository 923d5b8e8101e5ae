/*
 * The fault path, from the signal down. No stdio, no allocation, no recursion here.
 */
#include "fault.h"
#include "backend/backend.h"
#include "base/copy.h"
#include "base/counters.h"
#include "base/message.h"
#include "base/panic.h"
#include "call/entry.h"
#include "call/tracer.h"
#include "decide.h"
#include "memory/window.h"
#include "report.h"
#include "stop.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

#define ERROR_WRITE 2 /* bits of the page-fault error code */
#define ERROR_EXECUTE 16
#define EFLAGS_TF 0x100                     /* traps behind every instruction */
#define EFLAGS_AC 0x40000                   /* traps where accesses are not aligned */
#define STACK_OVERSHOOT (UINT64_C(1) << 20) /* of one frame, for the report */

static const struct fault_world world = {.page = page_get,
                                         .window_rights = window_rights};
static bool logging;

static unsigned fault_access(const ucontext_t *context)
{
    const greg_t error = context->uc_mcontext.gregs[REG_ERR];
    if ((error & ERROR_EXECUTE) != 0) {
        return FAULT_EXECUTE;
    }
    return (error & ERROR_WRITE) != 0 ? PAGE_WRITE : PAGE_READ;
}

/* A touch of @page by @cubicle, which ended well. */
static void fault_count_trap(struct cubicle *cubicle, uint32_t page)
{
    struct trampoline *innermost = trampoline_innermost();
    cubicle->traps++;
    if (innermost != NULL) {
        innermost->count->traps++;
    }
    counters_tell(cubicle);
    if (tracer != NULL) {
        tracer->trap(page);
    }
}

static bool fault_try_map(const struct fault_event *event)
{
    struct cubicle *cubicle = cubicle_get(event->running);
    const uint32_t page = page_of((uint64_t)event->offset);
    if (!window_map(event->running, page, event->access)) {
        return false;
    }
    fault_count_trap(cubicle, page);
    if (logging) {
        struct message m = {.len = 0};
        message_add(&m, "cubicle: log: page ");
        message_add_hex(&m, (uint64_t)page << PAGE_SHIFT, 8);
        message_add(&m, " of ", cubicle_name(page_get(page).owner), " mapped for ",
                    cubicle->name);
        message_write(&m);
    }
    return true;
}

/* A copy of the monitor trapped in some cubicle's view: go on if a window allows the
 * access, else the copy ends with -EFAULT. */
static void fault_in_copy(ucontext_t *context, uint64_t address)
{
    const unsigned view = backend->view_of(address, (unsigned)thread_self.running);
    const struct cubicle *cubicle = cubicle_get(view);
    if (cubicle != NULL) {
        const struct fault_event event = {
            .running = view,
            .view = view,
            .offset = (int64_t)(address - cubicle->view),
            .access = fault_access(context),
        };
        if (fault_decide(&world, &event) == FAULT_MAP && fault_try_map(&event)) {
            return;
        }
    }
    context->uc_mcontext.gregs[REG_RIP] = (greg_t)(uintptr_t)copy_fault;
}

/* Has the stack pointer left the cubicle's stack at its lower end? Plain code can step over
 * the guard in one frame. */
static bool fault_below_stack(const ucontext_t *context, const struct cubicle *cubicle)
{
    const uint64_t rsp = (uint64_t)context->uc_mcontext.gregs[REG_RSP] - cubicle->view;
    return rsp < cubicle->stack_start && rsp + STACK_OVERSHOOT >= cubicle->stack_start;
}

static void fault_memory(ucontext_t *context, struct cubicle *cubicle, uint64_t address)
{
    const struct fault_event event = {
        .running = cubicle->id,
        .view = backend->view_of(address, cubicle->id),
        .offset = (int64_t)(address - cubicle->view),
        .access = fault_access(context),
    };
    enum fault_verdict verdict = fault_decide(&world, &event);
    if (verdict == FAULT_MAP && fault_try_map(&event)) {
        return;
    }
    if (verdict == FAULT_RECLAIM) {
        const uint32_t page = page_of((uint64_t)event.offset);
        if (backend->reclaim(cubicle->id, page) == 0) {
            fault_count_trap(cubicle, page);
            return;
        }
        verdict = FAULT_RIGHTS;
    }
    if ((verdict == FAULT_DENY || verdict == FAULT_WILD) &&
        fault_below_stack(context, cubicle)) {
        verdict = FAULT_STACK_OVERFLOW;
    }
    fault_report_memory(cubicle, (uint64_t)context->uc_mcontext.gregs[REG_RIP], &event,
                        verdict, address);
    fault_stop(context, cubicle);
}

/* The processor refused an address or its alignment without saying which. */
static bool fault_is_protection(int signal, const siginfo_t *info)
{
    return signal == SIGSEGV && info->si_code == SI_KERNEL;
}

static const char *fault_signal_reason(int signal, const siginfo_t *info)
{
    if (fault_is_protection(signal, info)) {
        return "access to a misaligned vector, or to an address that is not canonical";
    }
    if (signal == SIGFPE) {
        return info->si_code == FPE_INTDIV
                   ? "division by zero or overflow in a division"
                   : "arithmetic exception";
    }
    if (signal == SIGSYS) {
        return "system call";
    }
    return signal == SIGTRAP ? "trap instruction" : "illegal instruction";
}

static void fault_handler(int signal, siginfo_t *info, void *opaque)
{
    ucontext_t *context = opaque;
    const uint64_t rip = (uint64_t)context->uc_mcontext.gregs[REG_RIP];
    const uint64_t address = (uint64_t)(uintptr_t)info->si_addr;
    const bool memory = signal == SIGSEGV || signal == SIGBUS;
    const int saved_errno = errno;

    const bool interrupted_cubicle = backend->interrupted_cubicle(context);
    struct cubicle *cubicle = cubicle_get((unsigned)thread_self.running);
    /* 0. The kernel has lost the cubicle's rights: the access goes on with them. */
    if (signal == SIGSEGV && interrupted_cubicle && cubicle != NULL &&
        !entry_refused(cubicle) &&
        backend->restore_rights(context, cubicle->id, address)) {
        errno = saved_errno;
        return;
    }
    /* 1. Plain code calls, and returns, with flags that make the monitor's instructions trap,
     * or, AC, those of the next cubicle; no program needs them. And the monitor's own touch
     * of a page that is tagged for a peer moves it back to its owner. */
    greg_t *flags = &context->uc_mcontext.gregs[REG_EFL];
    if ((signal == SIGBUS && (*flags & EFLAGS_AC) != 0) ||
        (signal == SIGTRAP && (*flags & EFLAGS_TF) != 0 && !interrupted_cubicle)) {
        *flags &= ~(EFLAGS_AC | EFLAGS_TF);
        errno = saved_errno;
        return;
    }
    if (memory && !interrupted_cubicle && address < SPACE_SIZE &&
        backend->reclaim(page_get(page_of(address)).owner, page_of(address)) == 0) {
        errno = saved_errno;
        return;
    }
    /* 2. A guarded copy can fault at any byte; it ends well or with -EFAULT. */
    if (memory && copy_in_progress(rip)) {
        fault_in_copy(context, address);
        errno = saved_errno;
        return;
    }
    /* 3. Below 4 GiB runs cubicle code, in bodies of trampolines the monitor acts for
     * the running cubicle. Where nothing can be fetched, unverified code has jumped to.
     * Everything else is the monitor itself. */
    const bool jumped = memory && rip == address && !backend->masks_returns;
    if (cubicle == NULL || (!interrupted_cubicle && !trampoline_in_body(rip) &&
                            !backend->is_entry(rip) && !jumped)) {
        fault_report_panic(signal, rip, address);
        _exit(MONITOR_EXIT_FAULT);
    }
    /* 4. Nobody is there, or not yet. */
    if (entry_refused(cubicle)) {
        fault_stop_dead(context, cubicle);
        /* 5. The control stack is full: too many calls inside calls. */
    } else if (memory && address >= (uint64_t)(uintptr_t)thread_self.control_end &&
               address < (uint64_t)(uintptr_t)thread_self.control_end + PAGE_SIZE) {
        fault_report_text(cubicle, rip,
                          "too many nested cross-cubicle calls (call depth)");
        fault_stop(context, cubicle);
        /* 6. An access to memory: a window may allow it. */
    } else if (memory && !fault_is_protection(signal, info)) {
        fault_memory(context, cubicle, address);
        /* 7. What the instruction itself did. */
    } else {
        fault_report_text(cubicle, rip, fault_signal_reason(signal, info));
        fault_stop(context, cubicle);
    }
    errno = saved_errno;
}

void fault_interrupt(int signal, void *opaque)
{
    ucontext_t *context = opaque;
    struct unwind_target target;
    if (backend->processes != NULL) {
        backend->processes->interrupt(signal);
        return;
    }
    if (backend->interrupted_cubicle(context) &&
        thread_self.running != CUBICLE_MONITOR &&
        unwind_to_monitor(128 + signal, &target)) {
        unwind_end(128 + signal);
        fault_continue_at(context, &target);
        return;
    }
    _exit(128 + signal);
}

int fault_handle(int signal, void (*handler)(int, siginfo_t *, void *), int flags)
{
    struct sigaction action = {.sa_flags = SA_SIGINFO | SA_ONSTACK | flags};
    void *entry = backend->signal_entry(signal, handler, fault_stop_interrupted);
    memcpy(&action.sa_sigaction, &entry, sizeof(entry));
    sigfillset(&action.sa_mask);
    return sigaction(signal, &action, NULL) == 0 ? 0 : -errno;
}

int fault_init(bool log)
{
    static const int faults[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS};
    logging = log;
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        if (fault_handle(faults[i], fault_handler, 0) != 0) {
            return -errno;
        }
    }
    return signal(SIGPIPE, SIG_IGN) != SIG_ERR ? 0 : -errno;
}
