/* Signals that a program sends to itself. */
#include "groups.h"

#include <signal.h>
#include <unistd.h>

static volatile int caught, count;

static void catch (int sig)
{
    caught = sig;
    count++;
}

static void catch_info(int sig, siginfo_t *info, void *context)
{
    (void)context;
    caught = sig + info->si_signo;
}

static void test_handlers(void)
{
    count = 0;
    CHECK(signal(SIGUSR1, catch) == SIG_DFL);
    CHECK_INT(raise(SIGUSR1), 0);
    CHECK(caught == SIGUSR1 && count == 1);
    CHECK_INT(kill(getpid(), SIGUSR1), 0);
    CHECK_INT(count, 2);
    CHECK(signal(SIGUSR1, SIG_IGN) == catch);
    CHECK_INT(raise(SIGUSR1), 0);
    CHECK_INT(count, 2);
    CHECK(signal(SIGUSR1, SIG_DFL) == SIG_IGN);
    CHECK_INT(raise(SIGCHLD), 0); /* nothing by default */

    struct sigaction action = {.sa_sigaction = catch_info,
                               .sa_flags = SA_SIGINFO | SA_RESETHAND},
                     old;
    CHECK_INT(sigaction(SIGUSR2, &action, NULL), 0);
    CHECK_INT(raise(SIGUSR2), 0);
    CHECK_INT(caught, 2 * SIGUSR2);
    CHECK_INT(sigaction(SIGUSR2, NULL, &old), 0);
    CHECK(old.sa_handler == SIG_DFL);
}

static void test_mask(void)
{
    sigset_t set, old, pending;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    signal(SIGTERM, catch);
    count = 0;
    CHECK_INT(sigprocmask(SIG_BLOCK, &set, &old), 0);
    CHECK(!sigismember(&old, SIGTERM));
    raise(SIGTERM);
    raise(SIGTERM);
    CHECK_INT(count, 0);
    CHECK_INT(sigpending(&pending), 0);
    CHECK(sigismember(&pending, SIGTERM));
    CHECK_INT(sigprocmask(SIG_SETMASK, &old, NULL), 0);
    CHECK_INT(count, 1);
    signal(SIGTERM, SIG_DFL);
}

static void test_refusals(void)
{
    CHECK_ERROR(kill(4711, SIGTERM), ESRCH);
    CHECK_ERROR(kill(getpid(), 99), EINVAL);
    CHECK_INT(kill(getpid(), 0), 0);
    CHECK(signal(SIGKILL, catch) == SIG_ERR && errno == EINVAL);
    CHECK_ERROR(raise(SIGSTOP), ENOSYS);
}

static void test_alternate_stack(void)
{
    static char memory[SIGSTKSZ];
    stack_t stack = {.ss_sp = memory, .ss_size = sizeof memory}, old;
    CHECK_INT(sigaltstack(NULL, &old), 0);
    CHECK_INT(old.ss_flags, SS_DISABLE);
    CHECK_INT(sigaltstack(&stack, &old), 0);
    CHECK_INT(old.ss_flags, SS_DISABLE);
    CHECK_INT(sigaltstack(NULL, &old), 0);
    CHECK(old.ss_sp == memory && old.ss_size == sizeof memory && old.ss_flags == 0);
    stack.ss_size = MINSIGSTKSZ - 1;
    CHECK_ERROR(sigaltstack(&stack, NULL), ENOMEM);
    stack.ss_size = sizeof memory;
    stack.ss_flags = SS_ONSTACK;
    CHECK_ERROR(sigaltstack(&stack, NULL), EINVAL);
    stack.ss_flags = 64;
    CHECK_ERROR(sigaltstack(&stack, NULL), EINVAL);
    struct sigaction action = {.sa_handler = catch, .sa_flags = SA_ONSTACK}, before;
    CHECK_INT(sigaction(SIGUSR1, &action, &before), 0);
    CHECK_INT(raise(SIGUSR1), 0);
    CHECK_INT(caught, SIGUSR1);
    CHECK_INT(sigaction(SIGUSR1, &before, NULL), 0);
    stack = (stack_t){.ss_flags = SS_DISABLE, .ss_sp = memory, .ss_size = 1};
    CHECK_INT(sigaltstack(&stack, &old), 0);
    CHECK_INT(old.ss_size, sizeof memory);
    CHECK_INT(sigaltstack(NULL, &old), 0);
    CHECK(old.ss_flags == SS_DISABLE && old.ss_size == 0);
}

void test_signal(void)
{
    test_alternate_stack();
    test_handlers();
    test_mask();
    test_refusals();
}
