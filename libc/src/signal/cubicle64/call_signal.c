/*
 * Signals inside one cubicle. Nothing outside sends any; what a program sends to itself
 * (raise, kill, abort) runs its handler at once, in the sender's place, unless it is
 * blocked: then when it is unblocked. The default action of a signal that ends a
 * process stops the cubicle.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "atomic.h"
#include "ksigaction.h"
#include "syscall.h"

#define NSIG_ACTIONS 64
#define BIT(sig) (1UL << ((sig)-1))
#define UNBLOCKABLE (BIT(SIGKILL) | BIT(SIGSTOP))

static struct k_sigaction actions[NSIG_ACTIONS];
static unsigned long blocked, pending;

static void signal_abort(int sig)
{
    char reason[] = "ended by signal 00";
    reason[sizeof reason - 3] = '0' + sig / 10;
    reason[sizeof reason - 2] = '0' + sig % 10;
    cubicle_abort(reason);
}

static long signal_default(int sig)
{
    switch (sig) {
    case SIGCHLD:
    case SIGCONT:
    case SIGURG:
    case SIGWINCH:
        return 0;
    case SIGSTOP:
    case SIGTSTP:
    case SIGTTIN:
    case SIGTTOU:
        return -ENOSYS; /* nobody could continue us */
    default:
        signal_abort(sig);
        return 0;
    }
}

static long signal_deliver(int sig)
{
    struct k_sigaction action = actions[sig - 1];
    if (action.handler == SIG_IGN) {
        return 0;
    }
    if (action.handler == SIG_DFL) {
        return signal_default(sig);
    }
    unsigned long mask;
    const unsigned long before = blocked;
    memcpy(&mask, action.mask, sizeof mask);
    blocked |= mask | (action.flags & SA_NODEFER ? 0 : BIT(sig));
    if (action.flags & SA_RESETHAND) {
        actions[sig - 1].handler = SIG_DFL;
    }
    if (action.flags & SA_SIGINFO) {
        siginfo_t info = {.si_signo = sig, .si_code = SI_TKILL};
        info.si_pid = 1;
        ((void (*)(int, siginfo_t *, void *))action.handler)(sig, &info, 0);
    } else {
        action.handler(sig);
    }
    blocked = before;
    return 0;
}

static void signal_flush(void)
{
    while (pending & ~blocked) {
        const int sig = a_ctz_64(pending & ~blocked) + 1;
        pending &= ~BIT(sig);
        signal_deliver(sig);
    }
}

long __call_kill(int pid, int sig)
{
    if (sig < 0 || sig > NSIG_ACTIONS) {
        return -EINVAL;
    }
    if (pid != 1 && pid != 0) {
        return -ESRCH;
    }
    if (sig == 0) {
        return 0;
    }
    if (blocked & BIT(sig)) {
        pending |= BIT(sig);
        return 0;
    }
    const long r = signal_deliver(sig);
    signal_flush();
    return r;
}

long __call_sigaction(int sig, const void *set, void *old)
{
    if (sig < 1 || sig > NSIG_ACTIONS || (set && UNBLOCKABLE & BIT(sig))) {
        return -EINVAL;
    }
    struct k_sigaction *action = &actions[sig - 1];
    const struct k_sigaction before = *action;
    if (set) {
        memcpy(action, set, sizeof *action);
    }
    if (old) {
        memcpy(old, &before, sizeof before);
    }
    return 0;
}

long __call_sigprocmask(int how, const void *set, void *old)
{
    const unsigned long before = blocked;
    unsigned long mask;
    if (set) {
        memcpy(&mask, set, sizeof mask);
        if (how == SIG_BLOCK) {
            blocked |= mask;
        } else if (how == SIG_UNBLOCK) {
            blocked &= ~mask;
        } else if (how == SIG_SETMASK) {
            blocked = mask;
        } else {
            return -EINVAL;
        }
        blocked &= ~UNBLOCKABLE;
    }
    if (old) {
        memcpy(old, &before, sizeof before);
    }
    signal_flush();
    return 0;
}

long __call_sigpending(void *set)
{
    memcpy(set, &pending, sizeof pending);
    return 0;
}

/*
 * The alternate stack is remembered and never used: a handler runs in place of the call that sent
 * its signal, on the stack of that call. So SS_ONSTACK is never set, and a change never EPERM.
 */
long __call_sigaltstack(const void *set, void *old)
{
    static stack_t stack = {.ss_flags = SS_DISABLE};
    const stack_t before = stack;
    if (set) {
        stack_t next;
        memcpy(&next, set, sizeof next);
        if (next.ss_flags & ~SS_DISABLE) {
            return -EINVAL;
        }
        if (next.ss_flags & SS_DISABLE) {
            next = (stack_t){.ss_flags = SS_DISABLE};
        } else if (next.ss_size < MINSIGSTKSZ) {
            return -ENOMEM;
        }
        stack = next;
    }
    if (old) {
        memcpy(old, &before, sizeof before);
    }
    return 0;
}

/* For abort(): runs the handler of SIGABRT, where there is one. */
void __call_sigabrt(void)
{
    if (!(blocked & BIT(SIGABRT)) && actions[SIGABRT - 1].handler != SIG_DFL) {
        signal_deliver(SIGABRT);
    }
}
