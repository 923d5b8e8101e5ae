/* setjmp: registers, values, nesting, the signal mask. */
#include "groups.h"

#include <setjmp.h>
#include <signal.h>

static jmp_buf outer;
static volatile int is_jumping = 1;

static void deep(int levels, int value)
{
    volatile char frame[200];
    memset((char *)frame, levels, sizeof frame);
    if (levels > 0) {
        deep(levels - 1, value);
    } else if (is_jumping) {
        longjmp(outer, value);
    }
    CHECK(frame[0] == levels);
}

static void test_values(void)
{
    volatile int count = 0;
    const int r = setjmp(outer);
    count++;
    if (r < 5) {
        deep(10, r + 1);
    }
    CHECK(r == 5 && count == 6);
    if (setjmp(outer) == 0) {
        longjmp(outer, 0); /* becomes 1 */
    } else {
        count = 100;
    }
    CHECK_INT(count, 100);
}

/* Values that live in callee-saved registers while the stack is unwound. */
static int __attribute__((noinline)) keep(int a, int b, int c, int d, int e)
{
    const int sum = a * 2 + b * 3 + c * 5 + d * 7 + e * 11;
    if (setjmp(outer) == 0) {
        deep(3, 1);
    }
    return sum + a + b + c + d + e;
}

static void test_registers(void)
{
    CHECK_INT(keep(1, 2, 3, 4, 5), 2 + 6 + 15 + 28 + 55 + 15);
    CHECK_INT(keep(5, 4, 3, 2, 1), 10 + 12 + 15 + 14 + 11 + 15);
}

static void test_mask(void)
{
    sigjmp_buf with, without;
    sigset_t set, now;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    if (sigsetjmp(with, 1) == 0) {
        sigprocmask(SIG_BLOCK, &set, NULL);
        siglongjmp(with, 1);
    }
    sigprocmask(SIG_BLOCK, NULL, &now);
    CHECK(!sigismember(&now, SIGUSR1));
    if (sigsetjmp(without, 0) == 0) {
        sigprocmask(SIG_BLOCK, &set, NULL);
        siglongjmp(without, 1);
    }
    sigprocmask(SIG_BLOCK, NULL, &now);
    CHECK(sigismember(&now, SIGUSR1));
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}

void test_jump(void)
{
    test_values();
    test_registers();
    test_mask();
}
