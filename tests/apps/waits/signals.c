/* Signals that timers send, and that others do. */
#include "groups.h"

#include <setjmp.h>
#include <sys/eventfd.h>
#include <sys/time.h>

static volatile sig_atomic_t count, last;

static void note(int signal)
{
    count++;
    last = signal;
}

static void handle(int signal, int flags)
{
    struct sigaction action = {.sa_handler = note, .sa_flags = flags};
    sigaction(signal, &action, NULL);
}

/* SIGALRM in so many milliseconds, and then each @interval_ms. */
static void alarm_in(int ms, int interval_ms)
{
    const struct itimerval timer = {.it_value.tv_usec = ms * 1000,
                                    .it_interval.tv_usec = interval_ms * 1000};
    CHECK_INT(setitimer(ITIMER_REAL, &timer, NULL), 0);
}

void test_handlers(void)
{
    int fds[2], pair[2];
    char buf[8];
    struct epoll_event event;
    struct timespec rest = {0}, second = {.tv_sec = 10};
    CHECK_INT(pipe(fds), 0);
    CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    const int set = epoll_create1(0), number = eventfd(0, 0);
    handle(SIGALRM, 0);
    count = 0;
    alarm_in(20, 0);
    CHECK_ERROR(poll(NULL, 0, -1), EINTR);
    alarm_in(20, 0);
    CHECK_ERROR(poll(&(struct pollfd){.fd = fds[0], .events = POLLIN}, 1, 5000), EINTR);
    alarm_in(20, 0);
    CHECK_ERROR(epoll_wait(set, &event, 1, -1), EINTR);
    alarm_in(20, 0);
    CHECK_ERROR(read(fds[0], buf, 1), EINTR);
    alarm_in(20, 0);
    CHECK_ERROR(recv(pair[0], buf, 1, 0), EINTR);
    alarm_in(20, 0);
    CHECK_ERROR(read(number, buf, 8), EINTR);
    alarm_in(20, 0);
    CHECK_ERROR(nanosleep(&second, &rest), EINTR);
    CHECK(rest.tv_sec == 9 && rest.tv_nsec > 0);
    alarm_in(20, 0);
    CHECK_ERROR(pause(), EINTR);
    CHECK_INT(count, 8);
    CHECK_INT(last, SIGALRM);
    /* restarted: a read goes on, what only waits does not */
    handle(SIGALRM, SA_RESTART);
    count = 0;
    alarm_in(10, 10);
    CHECK_ERROR(poll(NULL, 0, 1000), EINTR);
    alarm_in(0, 0);
    CHECK(count >= 1);
    for (int i = 0; i < 2; i++) {
        close(fds[i]);
        close(pair[i]);
    }
    close(set);
    close(number);
    signal(SIGALRM, SIG_DFL);
}

void test_masks(void)
{
    sigset_t set, old, have;
    siginfo_t info;
    int got;
    const struct timespec soon = {.tv_nsec = 20000000}, none = {0};
    handle(SIGALRM, 0);
    sigemptyset(&set);
    sigaddset(&set, SIGALRM);
    CHECK_INT(sigprocmask(SIG_BLOCK, &set, &old), 0);
    count = 0;
    alarm_in(10, 0);
    CHECK_INT(poll(NULL, 0, 50), 0); /* blocked: nothing ends early */
    CHECK_INT(count, 0);
    CHECK_INT(sigpending(&have), 0);
    CHECK(sigismember(&have, SIGALRM) == 1);
    CHECK_INT(ppoll(NULL, 0, &none, &old), count == 1 ? -1 : 0);
    CHECK_INT(count, 1);
    alarm_in(10, 0);
    CHECK_ERROR(sigsuspend(&old), EINTR);
    CHECK_INT(count, 2);
    alarm_in(10, 0);
    CHECK_INT(sigwait(&set, &got), 0);
    CHECK_INT(got, SIGALRM);
    alarm_in(10, 0);
    CHECK_INT(sigwaitinfo(&set, &info), SIGALRM);
    CHECK_INT(info.si_signo, SIGALRM);
    const int64_t start = now_ms();
    CHECK_ERROR(sigtimedwait(&set, NULL, &soon), EAGAIN);
    CHECK(now_ms() - start >= 20);
    CHECK_INT(raise(SIGALRM), 0);
    CHECK_INT(sigtimedwait(&set, NULL, &none), SIGALRM);
    CHECK_INT(count, 2);
    alarm_in(10, 0);
    poll(NULL, 0, 30);
    CHECK_INT(sigprocmask(SIG_SETMASK, &old, NULL), 0);
    CHECK_INT(count, 3);
    /* ignored: it is gone, blocked or not */
    signal(SIGALRM, SIG_IGN);
    alarm_in(10, 0);
    CHECK_INT(poll(NULL, 0, 30), 0);
    signal(SIGALRM, SIG_DFL);
}

static sigjmp_buf out;

static void jump(int signal)
{
    siglongjmp(out, signal);
}

void test_timers(void)
{
    struct itimerval left;
    CHECK_INT(alarm(100), 0);
    CHECK_INT(getitimer(ITIMER_REAL, &left), 0);
    CHECK(left.it_value.tv_sec >= 98 && left.it_value.tv_sec <= 100);
    CHECK_INT(alarm(0), 100);
    handle(SIGALRM, 0);
    count = 0;
    alarm_in(5, 5);
    for (const int64_t end = now_ms() + 3000; count < 3 && now_ms() < end;) {
    }
    alarm_in(0, 0);
    CHECK(count >= 3);
    /* out of a call that waits, with the mask of before */
    signal(SIGALRM, jump);
    const int got = sigsetjmp(out, 1);
    if (got == 0) {
        alarm_in(10, 0);
        for (;;) {
            pause();
        }
    }
    CHECK_INT(got, SIGALRM);
    sigset_t blocked;
    CHECK_INT(sigprocmask(SIG_BLOCK, NULL, &blocked), 0);
    CHECK(!sigismember(&blocked, SIGALRM));
    CHECK_ERROR(setitimer(77, &left, NULL), EINVAL);
    signal(SIGALRM, SIG_DFL);
}

void test_pipe_signal(void)
{
    int fds[2];
    CHECK_INT(pipe(fds), 0);
    close(fds[0]);
    handle(SIGPIPE, 0);
    count = 0;
    CHECK_ERROR(write(fds[1], "x", 1), EPIPE);
    CHECK_INT(count, 1);
    CHECK_INT(last, SIGPIPE);
    signal(SIGPIPE, SIG_IGN);
    CHECK_ERROR(write(fds[1], "x", 1), EPIPE);
    CHECK_INT(count, 1);
    signal(SIGPIPE, SIG_DFL);
    close(fds[1]);
}

static int wait_by(const char *how)
{
    char buf[64];
    static int set;
    struct epoll_event event;
    sigset_t none;
    if (strcmp(how, "poll") == 0) {
        return poll(NULL, 0, 20000);
    }
    if (strcmp(how, "epoll") == 0) {
        set = set != 0 ? set : epoll_create1(0);
        return epoll_wait(set, &event, 1, -1);
    }
    if (strcmp(how, "read") == 0) {
        return (int)read(0, buf, sizeof(buf));
    }
    if (strcmp(how, "sleep") == 0) {
        return sleep(20) != 0 ? -1 : 0;
    }
    if (strcmp(how, "suspend") == 0) {
        sigemptyset(&none);
        return sigsuspend(&none);
    }
    if (strcmp(how, "accept") == 0) {
        static int fd;
        if (fd == 0) {
            fd = socket(AF_INET, SOCK_STREAM, 0);
            listen(fd, 1);
        }
        return accept(fd, NULL, NULL);
    }
    return pause(); /* "pause" */
}

int catch_signals(const char *how)
{
    static const int signals[] = {SIGTERM, SIGQUIT, SIGINT,   SIGHUP,
                                  SIGUSR1, SIGUSR2, SIGWINCH, SIGALRM};
    if (strcmp(how, "none") == 0 || strcmp(how, "compute") == 0) {
        puts("ready");
        for (;;) {
            if (how[0] == 'n') {
                pause();
            }
        }
    }
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        handle(signals[i], 0);
    }
    puts("ready");
    do {
        const int seen = count;
        const int result = wait_by(how);
        if (count == seen && result != 0) {
            printf("%s: %d, %s\n", how, result, strerror(errno));
            return 4;
        }
        printf("got %d, %s\n", last,
               result == -1 && errno == EINTR ? "EINTR" : "went on");
    } while (last != SIGTERM);
    return 7;
}
