#include "signal_pending.h"
#include "base/clock.h"
#include "base/cubicle.h"
#include "base/thread.h"
#include "cubicle_gates.h"
#include "fault.h"
#include "monitor.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/eventfd.h>
#include <sys/time.h>
#include <unistd.h>

#define BIT(signal) (UINT64_C(1) << ((signal)-1))
#define NS_PER_S INT64_C(1000000000)
#define TIMER_MAX_S (INT64_MAX / NS_PER_S / 2)
/* An alarm comes before most other signals: where the next is there as soon as one has been
 * handled, no program goes on, no tick of the watchdog counts, and nothing ends the system (SI2). */
#define TIMER_INTERVAL_MIN_NS UINT64_C(1000000)

/* Signals that ask a program to end, and how long it may go on without looking. */
#define ENDING (BIT(SIGTERM) | BIT(SIGINT) | BIT(SIGQUIT) | BIT(SIGHUP))
#define OVERDUE_NS NS_PER_S

static const int signals[] = {SIGTERM, SIGINT,  SIGQUIT,  SIGHUP,
                              SIGUSR1, SIGUSR2, SIGWINCH, SIGALRM};
#define NSIGNALS (sizeof(signals) / sizeof(signals[0]))

/* The handler changes `noted`, everything else only the gates do. One thread: a handler's
 * relaxed order is the program's, so `volatile` words and one atomic read-modify-write are
 * enough. Between processes the descriptors order. */
static struct signal_state own;
static volatile struct signal_state *state = &own;
static int64_t noted_ns[NSIG]; /* when a signal of ENDING was */
static uint64_t inherited;     /* ignored at the start */
/* eventfds: have a count while something caught may be noted. [0] of a process that runs all
 * cubicles, [id] of that of cubicle @id. */
static int wakes[CUBICLE_MAX + 1] = {[0 ... CUBICLE_MAX] = -1};
static int wake = -1; /* the one that this process waits for */
static pid_t command; /* whoever started this process, and passes on what it is sent */

/* Whose `catches` and the others are. */
static const struct cubicle *volatile catcher;

/* The application that said what it wants is still there. */
static bool signal_has_catcher(void)
{
    const struct cubicle *cubicle = catcher;
    return cubicle != NULL && state->said && cubicle_runs(cubicle);
}

void signal_forget(const struct cubicle *cubicle)
{
    if (cubicle == catcher) {
        state->said = false;
        state->catches = state->holds = 0;
        state->ignores = inherited;
    }
}

static int signal_make_wake(unsigned id)
{
    wakes[id] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return wakes[id] >= 0 ? 0 : -errno;
}

int signal_share(struct signal_state *shared, const struct cubicle *application)
{
    *shared = own;
    state = shared;
    catcher = application;
    return signal_make_wake(application->id);
}

int signal_add_process(unsigned id)
{
    return wakes[id] < 0 ? signal_make_wake(id) : 0;
}

void signal_become(unsigned id)
{
    wake = wakes[id];
    wakes[0] = -1; /* not of this process */
}

int signal_descriptor(unsigned id)
{
    return wakes[id];
}

static void signal_wake(void)
{
    const uint64_t one = 1;
    for (unsigned id = 0; id <= CUBICLE_MAX; id++) {
        if (wakes[id] >= 0) {
            (void)!write(wakes[id], &one,
                         sizeof(one)); /* full: it is readable already */
        }
    }
}

/* The application caught it, and has not come to a call since: who asks for its end again after
 * a while gets it. */
static bool signal_is_overdue(int signal)
{
    const uint64_t bit = BIT(signal);
    const int64_t now = clock_ns(CLOCK_MONOTONIC);
    if ((ENDING & state->catches & ~state->holds & bit) == 0) {
        return false;
    }
    if ((state->noted & bit) == 0) {
        noted_ns[signal] = now;
    }
    return now - noted_ns[signal] >= OVERDUE_NS;
}

static void signal_take_in(int signal, bool counts, void *context)
{
    const uint64_t bit = BIT(signal);
    if ((state->ignores & bit) != 0) {
        return;
    }
    if (((state->catches | state->holds) & bit) != 0 && signal_has_catcher() &&
        !(counts && signal_is_overdue(signal))) {
        const int saved_errno = errno;
        if (counts) {
            __atomic_fetch_or(&state->noted, bit, __ATOMIC_SEQ_CST);
            signal_wake();
        }
        errno = saved_errno;
        return;
    }
    if (signal != SIGWINCH) {
        fault_interrupt(signal, context);
    }
}

/* Of the kernel, the terminal's above all. What a process sends to the whole group, the command
 * passes on: that one counts for the application. */
static void signal_arrived(int signal, siginfo_t *info, void *context)
{
    signal_take_in(signal, info->si_code > 0, context);
}

/* Of the command. These are queued: of two usual ones the second is lost while the first is
 * pending, whoever sent it. */
static void signal_passed_on(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    for (size_t i = 0; i < NSIGNALS; i++) {
        if (info->si_code == SI_QUEUE && info->si_pid == command &&
            info->si_value.sival_int == signals[i]) {
            signal_take_in(signals[i], true, context);
        }
    }
}

int signal_setup(void)
{
    sigset_t passed_on;
    command = getppid();
    const int made = signal_make_wake(0);
    if (made != 0) {
        return made;
    }
    wake = wakes[0];
    for (size_t i = 0; i < NSIGNALS; i++) {
        struct sigaction before;
        if (sigaction(signals[i], NULL, &before) != 0) {
            return -errno;
        }
        if ((before.sa_flags & SA_SIGINFO) == 0 && before.sa_handler == SIG_IGN) {
            state->ignores |= BIT(signals[i]);
            inherited |= BIT(signals[i]);
        }
        /* Host calls that a signal finds go on: what waits does so in signal_wait(). */
        const int error = fault_handle(signals[i], signal_arrived, SA_RESTART);
        if (error != 0) {
            return error;
        }
    }
    (void)sigemptyset(&passed_on);
    (void)sigaddset(&passed_on, MONITOR_SIGNAL_PASSED_ON);
    const int error =
        fault_handle(MONITOR_SIGNAL_PASSED_ON, signal_passed_on, SA_RESTART);
    if (error != 0) {
        return error;
    }
    return sigprocmask(SIG_UNBLOCK, &passed_on, NULL) == 0 ? 0 : -errno;
}

static uint64_t signal_noted(void)
{
    return __atomic_load_n(&state->noted, __ATOMIC_SEQ_CST);
}

bool signal_wanted(void)
{
    return state->catches != 0 && signal_has_catcher();
}

/* The count of `wake` is older than what has been noted since. */
static void signal_calm(void)
{
    uint64_t count;
    (void)!read(wake, &count, sizeof(count)); /* none: nothing to take */
}

/* Waits until one of @which is noted, too. */
static int signal_wait_for(uint64_t which, int fd, short events, int64_t timeout_ns)
{
    const bool forever = timeout_ns < 0;
    int64_t left = timeout_ns;
    int64_t end = 0;
    if (timeout_ns > 0) {
        const int64_t now = clock_ns(CLOCK_MONOTONIC);
        end = timeout_ns <= INT64_MAX - now ? now + timeout_ns : INT64_MAX;
    }
    for (;;) {
        if ((signal_noted() & which) != 0) {
            /* What can be done is done, as where a signal has come before the call. */
            struct pollfd ready = {.fd = fd, .events = events};
            return fd >= 0 && poll(&ready, 1, 0) > 0 ? ready.revents : -EINTR;
        }
        struct pollfd fds[] = {{.fd = fd, .events = events},
                               {.fd = wake, .events = POLLIN}};
        const struct timespec rest = {.tv_sec = left / NS_PER_S,
                                      .tv_nsec = left % NS_PER_S};
        /* A signal between the look above and here has made `wake` readable. */
        const int n = ppoll(fds, which != 0 ? 2 : 1, forever ? NULL : &rest, NULL);
        if (n < 0 && errno != EINTR) {
            return -errno;
        }
        if (n > 0 && fds[0].revents != 0) {
            return fds[0].revents;
        }
        if (n > 0) {
            signal_calm();
        } else if (n == 0) {
            return 0;
        }
        if (timeout_ns > 0) {
            left = end - clock_ns(CLOCK_MONOTONIC);
            left = left > 0 ? left : 0;
        }
    }
}

int signal_wait(int fd, short events, int64_t timeout_ns)
{
    return signal_wait_for(signal_wanted() ? state->catches : 0, fd, events,
                           timeout_ns);
}

/* Whether the application runs (SI1). */
static bool signal_allowed(void)
{
    const struct cubicle *self = cubicle_get((unsigned)thread_self.running);
    return self != NULL && self->is_app;
}

int64_t gate_cubicle_signal_set(uint64_t caught, uint64_t held, uint64_t ignored)
{
    if (!signal_allowed()) {
        return -EPERM;
    }
    /* A signal in between is held: never in none of them for a moment, for that would be the
     * default. */
    state->holds |= held | caught;
    catcher = cubicle_get((unsigned)thread_self.running);
    state->said = true;
    state->catches = caught & ~ignored;
    state->ignores = ignored;
    state->holds = held & ~ignored;
    __atomic_fetch_and(&state->noted, ~ignored, __ATOMIC_SEQ_CST);
    return (int64_t)inherited;
}

int64_t gate_cubicle_signal_take(uint64_t which)
{
    if (!signal_allowed()) {
        return -EPERM;
    }
    which &= INT64_MAX;
    return (int64_t)(__atomic_fetch_and(&state->noted, ~which, __ATOMIC_SEQ_CST) &
                     which);
}

int gate_cubicle_signal_wait(uint64_t which, int64_t timeout_ns)
{
    if (!signal_allowed()) {
        return -EPERM;
    }
    const int result = signal_wait_for(which | state->catches, -1, 0, timeout_ns);
    return result == -EINTR ? 1 : result;
}

static struct timeval signal_timeval(uint64_t ns)
{
    const uint64_t us = ns / 1000 + (ns % 1000 != 0); /* a short time is not none */
    const uint64_t s = us / 1000000;
    return (struct timeval){
        .tv_sec = (time_t)(s < TIMER_MAX_S ? s : TIMER_MAX_S),
        .tv_usec = (suseconds_t)(us % 1000000),
    };
}

int gate_cubicle_signal_timer(uint64_t first_ns, uint64_t interval_ns, uint64_t *left)
{
    const uint64_t again_ns = interval_ns != 0 && interval_ns < TIMER_INTERVAL_MIN_NS
                                  ? TIMER_INTERVAL_MIN_NS
                                  : interval_ns;
    const struct itimerval next = {.it_value = signal_timeval(first_ns),
                                   .it_interval = signal_timeval(again_ns)};
    struct itimerval before;
    if (!signal_allowed()) {
        return -EPERM;
    }
    const bool asks = first_ns == UINT64_MAX;
    const int result =
        asks ? getitimer(ITIMER_REAL, &before) : setitimer(ITIMER_REAL, &next, &before);
    if (result != 0) {
        return -errno;
    }
    left[0] = (uint64_t)before.it_value.tv_sec * NS_PER_S +
              (uint64_t)before.it_value.tv_usec * 1000;
    left[1] = (uint64_t)before.it_interval.tv_sec * NS_PER_S +
              (uint64_t)before.it_interval.tv_usec * 1000;
    return 0;
}
