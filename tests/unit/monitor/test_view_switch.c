/* Ways to switch views: what is refused and why; which faults are taken for a lost base (GS5),
 * and that a base which is lost for ever ends the program with a message (GS6). The calls of
 * the machine are real. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <asm/prctl.h>
#include <cmocka.h>

#include <linux/audit.h>
#include <linux/seccomp.h>

#include "backend/sfi/view_probe.h"
#include "backend/sfi/view_switch.h"
#include "base/layout.h"
#include "base/message.h"
#include "base/thread.h"
#include "filter_run.h"

static struct monitor_view_offer offer; /* what the probe says in these tests */
static struct monitor_view_offer real;
static char message[1024];
static uint64_t park;

_Thread_local struct thread thread_self;

int32_t thread_disp(void)
{
    return 0;
}

int message_error(int error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    return error;
}

void message_add_all(struct message *m, const char *const texts[])
{
    for (; *texts != NULL; texts++) {
        m->len +=
            (size_t)snprintf(m->text + m->len, sizeof(m->text) - m->len, "%s", *texts);
    }
}

void message_write(struct message *m)
{
    assert_int_equal(write(STDERR_FILENO, m->text, m->len), m->len);
}

/* The time that view_switch.c is told. */
static int64_t now_s = 1000;

int __wrap_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
    assert_int_equal(clock, CLOCK_MONOTONIC);
    *now = (struct timespec){.tv_sec = now_s};
    return 0;
}

void __real_view_probe(uint64_t base, struct monitor_view_offer *found);
void __wrap_view_probe(uint64_t base, struct monitor_view_offer *found);
void __wrap_view_probe(uint64_t base, struct monitor_view_offer *found)
{
    (void)base;
    *found = offer;
    found->best = view_best(found);
}

static int setup(void **state)
{
    (void)state;
    void *space = mmap(NULL, 2 * SPACE_SIZE, PROT_NONE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (space == MAP_FAILED) {
        return -1;
    }
    park = ((uint64_t)(uintptr_t)space + SPACE_SIZE - 1) & ~(SPACE_SIZE - 1);
    __real_view_probe(park, &real);
    return 0;
}

static void test_choice(void **state)
{
    static const struct {
        bool kernel_offers, executes, traced;
        int error;
        enum monitor_view_switch wanted;
        const char *name; /* NULL: refused */
        const char *text; /* a part of the message */
    } rows[] = {
        {true, true, true, 0, MONITOR_VIEW_SWITCH_AUTO, "kernel", NULL},
        {true, true, false, EPERM, MONITOR_VIEW_SWITCH_AUTO, "kernel", NULL},
        {false, true, false, 0, MONITOR_VIEW_SWITCH_AUTO, "parked", NULL},
        {false, true, true, 0, MONITOR_VIEW_SWITCH_AUTO, "syscall", NULL},
        {false, false, false, 0, MONITOR_VIEW_SWITCH_AUTO, "syscall", NULL},
        /* AT_HWCAP2 is set, and yet the instruction traps. */
        {true, false, false, 0, MONITOR_VIEW_SWITCH_AUTO, "syscall", NULL},
        {true, false, false, 0, MONITOR_VIEW_SWITCH_KERNEL, NULL, "does not execute"},
        {false, true, false, 0, MONITOR_VIEW_SWITCH_KERNEL, NULL, "Linux 5.9 or later"},
        {false, false, false, 0, MONITOR_VIEW_SWITCH_PARKED, NULL, "does not execute"},
        {true, true, true, 0, MONITOR_VIEW_SWITCH_PARKED, "parked", NULL},
        {true, true, false, 0, MONITOR_VIEW_SWITCH_SYSCALL, "syscall", NULL},
        {false, true, false, EPERM, MONITOR_VIEW_SWITCH_PARKED, NULL,
         "arch_prctl(ARCH_SET_GS) fails (Operation not permitted): a sandbox"},
        {false, false, false, ENOSYS, MONITOR_VIEW_SWITCH_AUTO, NULL,
         "seccomp filter allow call 158"},
        {false, true, false, EPERM, MONITOR_VIEW_SWITCH_AUTO, NULL,
         "seccomp filter allow call 158"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint64_t heals;
        offer = (struct monitor_view_offer){.kernel_offers = rows[i].kernel_offers,
                                            .executes = rows[i].executes,
                                            .traced = rows[i].traced,
                                            .arch_prctl_error = rows[i].error};
        message[0] = '\0';
        const int error = view_switch_init(rows[i].wanted, park);
        assert_int_equal(error, rows[i].name != NULL ? 0 : -ENOTSUP);
        if (rows[i].name != NULL) {
            assert_string_equal(view_switch_name(&heals), rows[i].name);
            assert_string_equal(message, "");
        } else {
            assert_non_null(strstr(message, rows[i].text));
        }
    }
}

/* What the probe found is so. */
static void test_probe(void **state)
{
    uint64_t base = 0;
    (void)state;
    assert_int_equal(real.arch_prctl_error, 0);
    assert_int_equal(syscall(SYS_arch_prctl, ARCH_SET_GS, park), 0);
    assert_int_equal(syscall(SYS_arch_prctl, ARCH_GET_GS, &base), 0);
    assert_int_equal(base, park);
    if (real.executes) {
        assert_int_equal(view_read_gs(), park);
    }
    assert_true(real.executes || real.best == MONITOR_VIEW_SWITCH_SYSCALL);
}

/* Can a test write the base of GS here? Says so where it cannot. */
static bool can_write_gs(void)
{
    if (!real.executes) {
        puts("# skipped: wrgsbase does not execute here");
    }
    return real.executes;
}

static void start_parked(void)
{
    offer = (struct monitor_view_offer){.executes = true};
    assert_int_equal(view_switch_init(MONITOR_VIEW_SWITCH_PARKED, park), 0);
    assert_int_equal(view_switch_start_thread(), 0);
    assert_int_equal(thread_self.shown.view, park);
    usleep(1000);
    assert_int_equal(view_read_gs(), park); /* GS4: the kernel knows it, too */
}

/* GS5 */
static void test_heal(void **state)
{
    static const struct {
        int64_t offset; /* of the access, from the park */
        bool heals;
    } rows[] = {
        {0, true},
        {64, true},
        {SPACE_SIZE - 1, true},
        {SPACE_SIZE + 31, true},
        {SPACE_SIZE + 32, false},
        {-1, false},
        {-(int64_t)SPACE_SIZE, false},
        {2 * SPACE_SIZE, false},
    };
    const uint64_t view = park + SPACE_SIZE;
    uint64_t before;
    uint64_t after;
    (void)state;
    if (!can_write_gs()) {
        return;
    }
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ucontext_t context = {.uc_mcontext.gregs[REG_RIP] = (greg_t)i + 1};
        start_parked();
        (void)view_switch_name(&before);
        assert_int_equal(
            view_switch_heal(&context, park + (uint64_t)rows[i].offset, view),
            rows[i].heals);
        assert_int_equal(view_read_gs(), rows[i].heals ? view : park);
        (void)view_switch_name(&after);
        assert_int_equal(after - before, rows[i].heals);
    }
    /* GS is a view: whatever address trapped, the base is not lost. */
    ucontext_t context = {0};
    start_parked();
    view_write_gs(view);
    assert_false(view_switch_heal(&context, park, view));
    assert_int_equal(view_read_gs(), view);
    /* The other ways lose nothing. */
    static const enum monitor_view_switch others[] = {MONITOR_VIEW_SWITCH_KERNEL,
                                                      MONITOR_VIEW_SWITCH_SYSCALL};
    for (size_t i = 0; i < 2; i++) {
        offer = (struct monitor_view_offer){.kernel_offers = true, .executes = true};
        assert_int_equal(view_switch_init(others[i], park), 0);
        assert_int_equal(view_switch_start_thread(), 0);
        assert_false(view_switch_heal(&context, park, view));
        assert_int_equal(view_read_gs(), park); /* GS2 */
    }
}

/* GS6: exit status of a process that loses the base @times times, in which @moves says whether
 * its registers change now and then, and @slow whether that takes three seconds. */
static int lose_again(unsigned times, bool moves, bool slow, char *text, size_t size)
{
    int status = 0;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    const pid_t pid = fork();
    if (pid == 0) {
        ucontext_t context = {0};
        dup2(ends[1], STDERR_FILENO);
        for (unsigned i = 0; i < times; i++) {
            context.uc_mcontext.gregs[REG_RCX] = moves ? (greg_t)(i / 900) : 0;
            now_s += slow && i == times / 2 ? 3 : 0;
            view_write_gs(park);
            if (!view_switch_heal(&context, park, park + SPACE_SIZE)) {
                _exit(1);
            }
        }
        _exit(0);
    }
    close(ends[1]);
    const ssize_t n = read(ends[0], text, size - 1);
    text[n > 0 ? n : 0] = '\0';
    close(ends[0]);
    waitpid(pid, &status, 0);
    return WEXITSTATUS(status);
}

static void test_stuck(void **state)
{
    char text[1024];
    (void)state;
    if (!can_write_gs()) {
        return;
    }
    start_parked();
    assert_int_equal(lose_again(900, false, false, text, sizeof(text)), 0);
    assert_int_equal(lose_again(5000, true, false, text, sizeof(text)), 0);
    assert_int_equal(lose_again(1100, false, true, text, sizeof(text)), 0);
    assert_string_equal(text, "");
    assert_int_equal(lose_again(1100, false, false, text, sizeof(text)),
                     MONITOR_EXIT_FAULT);
    assert_non_null(strstr(text, "--view-switch=syscall"));
}

/* Of arch_prctl() the base of GS alone, and only where the monitor asks for it. */
static void test_filter(void **state)
{
    static const enum monitor_view_switch ways[] = {MONITOR_VIEW_SWITCH_KERNEL,
                                                    MONITOR_VIEW_SWITCH_PARKED,
                                                    MONITOR_VIEW_SWITCH_SYSCALL};
    struct filter filter;

    (void)state;
    offer = (struct monitor_view_offer){.kernel_offers = true, .executes = true};
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        assert_int_equal(view_switch_init(ways[i], park), 0);
        filter_begin(&filter);
        view_switch_allow(&filter);
        assert_int_equal(filter_end(&filter), 0);
        for (unsigned what = 0x1000; what < 0x1020; what++) {
            const bool allowed =
                ways[i] == MONITOR_VIEW_SWITCH_SYSCALL && what == ARCH_SET_GS;
            assert_int_equal(
                filter_run(&filter, AUDIT_ARCH_X86_64, SYS_arch_prctl, 0, what),
                allowed ? SECCOMP_RET_ALLOW : SECCOMP_RET_KILL_PROCESS);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_choice), cmocka_unit_test(test_probe),
        cmocka_unit_test(test_heal),   cmocka_unit_test(test_stuck),
        cmocka_unit_test(test_filter),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("view_switch", tests, setup, NULL);
}
