/*
 * Signals. A signal that a program sends to itself (raise, kill, abort) runs its handler at once,
 * inside the call that sends it. A signal from outside is noted by the monitor, if the program has
 * told it that it handles the signal (SI1 of monitor/fault/signal_pending.h). Its handler runs when
 * a call returns; a call that waits ends early for it. Blocked signals wait until they are
 * unblocked. The default action of most signals ends the program with the status 128 + its number;
 * that of a signal which reports a mistake of the program (SIGSEGV, ...) stops the cubicle, as a
 * fault would.
 *
 * 1. `told` is what the monitor was told last. A change of actions, or of the blocked signals, is
 *    told to it.
 * 2. Only the application gets signals from outside. The monitor says whether this cubicle is the
 *    application's.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "atomic.h"
#include "call_signals.h"
#include "ksigaction.h"
#include "syscall.h"

#define NSIG_ACTIONS 64
#define BIT(sig) (1UL << ((sig)-1))
#define UNBLOCKABLE (BIT(SIGKILL) | BIT(SIGSTOP))
#define OUTSIDE                                                                \
    (BIT(SIGTERM) | BIT(SIGINT) | BIT(SIGQUIT) | BIT(SIGHUP) | BIT(SIGUSR1) | \
     BIT(SIGUSR2) | BIT(SIGWINCH) | BIT(SIGALRM))
#define LOOK_EVERY 64 /* calls that do not wait */
#define NS_PER_S 1000000000L

static struct k_sigaction actions[NSIG_ACTIONS];
static unsigned long blocked, pending;
static unsigned long awaited; /* by sigtimedwait(): these stay pending, whatever their action is */

static struct {
    unsigned long catches, holds, ignores;
    int once, nobody;
} told;

/* About the last time that handlers ran. */
static struct {
    int count, restarts; /* all of them had SA_RESTART */
} ran;

/* Is defined in programs, and not in components. */
extern int app_main(void) __attribute__((__weak__));

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
        return -ENOSYS; /* nothing could continue the program */
    default:
        if (app_main && (OUTSIDE | BIT(SIGPIPE)) & BIT(sig)) {
            _Exit(128 + sig);
        }
        signal_abort(sig);
        return 0;
    }
}

static int signal_is_handled(int sig)
{
    return actions[sig - 1].handler != SIG_DFL && actions[sig - 1].handler != SIG_IGN;
}

/* The signals of OUTSIDE that the monitor ignored from the start on. */
static void signal_inherit(unsigned long set)
{
    for (int sig = 1; sig < NSIG_ACTIONS; sig++) {
        if (set & OUTSIDE & BIT(sig) && actions[sig - 1].handler == SIG_DFL) {
            actions[sig - 1].handler = SIG_IGN;
        }
    }
}

static void signal_tell(void)
{
    unsigned long handled = 0, ignores = 0;
    for (int sig = 1; sig < NSIG_ACTIONS; sig++) {
        if (!(OUTSIDE & BIT(sig))) {
            continue;
        }
        handled |= signal_is_handled(sig) ? BIT(sig) : 0;
        ignores |= actions[sig - 1].handler == SIG_IGN ? BIT(sig) : 0;
    }
    const unsigned long hidden_ = blocked | awaited;
    const unsigned long holds = OUTSIDE & hidden_;
    const unsigned long catches = handled & ~hidden_;
    ignores &= ~hidden_;
    if (told.nobody || (told.once && told.catches == catches && told.holds == holds &&
                        told.ignores == ignores)) {
        return;
    }
    told.catches = catches;
    told.holds = holds;
    told.ignores = ignores;
    const long inherited = cubicle_signal_set(catches, holds, ignores);
    if (inherited < 0) {
        told.nobody = 1;
    } else if (!told.once) {
        told.once = 1;
        signal_inherit(inherited);
        signal_tell();
    }
}

/* Moves the signals of @which that have come from outside to `pending`. */
static void signal_fetch(unsigned long which)
{
    if (which & OUTSIDE && !told.nobody) {
        const long set = cubicle_signal_take(which & OUTSIDE);
        pending |= set > 0 ? (unsigned long)set & which & OUTSIDE : 0;
    }
}

static long signal_deliver(int sig, int code)
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
    ran.count++;
    ran.restarts &= (action.flags & SA_RESTART) != 0;
    signal_tell();
    if (action.flags & SA_SIGINFO) {
        siginfo_t info = {.si_signo = sig, .si_code = code};
        info.si_pid = code == SI_TKILL;
        ((void (*)(int, siginfo_t *, void *))action.handler)(sig, &info, 0);
    } else {
        action.handler(sig);
    }
    blocked = before;
    signal_tell();
    return 0;
}

static void signal_flush(void)
{
    while (pending & ~blocked) {
        const int sig = a_ctz_64(pending & ~blocked) + 1;
        pending &= ~BIT(sig);
        signal_deliver(sig, OUTSIDE & BIT(sig) ? SI_USER : SI_TKILL);
    }
}

/* Runs the handlers of pending signals that are not blocked. */
static void signal_run(void)
{
    ran.count = 0;
    ran.restarts = 1;
    signal_fetch(~blocked);
    signal_flush();
}

static void signal_look(int waited)
{
    static unsigned calls;
    if (told.catches && (waited || ++calls % LOOK_EVERY == 0)) {
        signal_run();
    }
}

static long signal_ended(long r, int restarts)
{
    if (r == -EDEADLK && told.catches) {
        cubicle_signal_wait(0, -1); /* nothing but a signal could end the wait */
        r = -EINTR;
    }
    if (r != -EINTR) {
        return __call_lie(r);
    }
    signal_run();
    if (ran.count == 0) {
        return __call_lie(r); /* no signal has come: the component made the error up */
    }
    if (restarts && ran.restarts) {
        return 0;
    }
    __call_interrupted = 1;
    return -EINTR;
}

static void signal_broken(void)
{
    __call_kill(1, SIGPIPE);
}

static unsigned long signal_swap(unsigned long mask, int *handled)
{
    const unsigned long before = blocked;
    ran.count = 0;
    blocked = mask & ~UNBLOCKABLE;
    signal_tell();
    if (before & ~blocked) {
        signal_fetch(before & ~blocked);
    }
    signal_flush();
    *handled = ran.count != 0;
    return before;
}

static const struct call_signals signals = {signal_look, signal_ended, signal_broken,
                                            signal_swap};

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
    const long r = signal_deliver(sig, SI_TKILL);
    signal_flush();
    return r;
}

long __call_sigaction(int sig, const void *set, void *old)
{
    if (sig < 1 || sig > NSIG_ACTIONS || (set && UNBLOCKABLE & BIT(sig))) {
        return -EINVAL;
    }
    if (OUTSIDE & BIT(sig)) {
        signal_tell(); /* what was ignored from the start on */
    }
    struct k_sigaction *action = &actions[sig - 1];
    const struct k_sigaction before = *action;
    if (set) {
        __call_signals = &signals;
        memcpy(action, set, sizeof *action);
        if (action->handler == SIG_IGN) {
            pending &= ~BIT(sig);
        }
        signal_tell();
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
            mask |= blocked;
        } else if (how == SIG_UNBLOCK) {
            mask = blocked & ~mask;
        } else if (how != SIG_SETMASK) {
            return -EINVAL;
        }
        int ignored_;
        __call_signals = &signals;
        signal_swap(mask, &ignored_);
    }
    if (old) {
        memcpy(old, &before, sizeof before);
    }
    return 0;
}

long __call_sigpending(void *set)
{
    signal_fetch(blocked);
    memcpy(set, &pending, sizeof pending);
    return 0;
}

long __call_sigsuspend(const void *set)
{
    unsigned long mask;
    memcpy(&mask, set, sizeof mask);
    __call_signals = &signals;
    const unsigned long before = blocked;
    blocked = mask & ~UNBLOCKABLE;
    signal_tell();
    for (;;) {
        signal_run();
        if (ran.count) {
            break;
        }
        if (cubicle_signal_wait(0, -1) < 0) {
            blocked = before;
            return -EDEADLK; /* no signal could ever come */
        }
    }
    int ignored_;
    signal_swap(before, &ignored_);
    __call_interrupted = 1;
    return -EINTR;
}

long __call_pause(void)
{
    return __call_sigsuspend(&blocked);
}

static long signal_accept(unsigned long set, siginfo_t *info)
{
    const int sig = a_ctz_64(set) + 1;
    pending &= ~BIT(sig);
    if (info) {
        *info = (siginfo_t){.si_signo = sig,
                            .si_code = OUTSIDE & BIT(sig) ? SI_USER : SI_TKILL};
    }
    return sig;
}

long __call_sigtimedwait(const void *set, void *info, const struct timespec *timeout)
{
    unsigned long mask;
    memcpy(&mask, set, sizeof mask);
    long ns = -1;
    if (timeout) {
        if (timeout->tv_sec < 0 || timeout->tv_nsec < 0 || timeout->tv_nsec >= NS_PER_S) {
            return -EINVAL;
        }
        ns = timeout->tv_sec > INT64_MAX / NS_PER_S / 2
                 ? INT64_MAX
                 : timeout->tv_sec * NS_PER_S + timeout->tv_nsec;
    }
    awaited = mask;
    signal_tell();
    long r = 1;
    for (;;) {
        signal_fetch(mask);
        if (pending & mask) {
            r = signal_accept(pending & mask, info);
            break;
        }
        if (r <= 0) {
            r = r < 0 ? -EDEADLK : -EAGAIN;
            break;
        }
        r = ns == 0 ? 0 : cubicle_signal_wait(mask & OUTSIDE, ns);
        signal_fetch(mask);
        if (r > 0 && !(pending & mask)) {
            signal_run();
            r = -EINTR;
            break;
        }
    }
    awaited = 0;
    signal_tell();
    return r;
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
        signal_deliver(SIGABRT, SI_TKILL);
    }
}
