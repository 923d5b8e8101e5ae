/* What libc believes of the events that vfs tells (libc/src/linux/cubicle64/call_watch.c). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include <cmocka.h>

#include "../../libc/src/linux/cubicle64/call_watch.h"
#include "syscall.h"

#define IN ((unsigned)EPOLLIN)
#define SET 3

/* ---- the calls beneath ---- */

static uint64_t token; /* what vfs was told last */
static int answer;     /* of vfs */
static bool no_memory;

int vfs_epoll_ctl(int epoll, int operation, int fd, unsigned events, unsigned long data,
                  int caller)
{
    (void)epoll, (void)operation, (void)fd, (void)events, (void)caller;
    token = data;
    return answer;
}

long __call_map(unsigned long len)
{
    assert_int_equal(len % 4096, 0);
    return no_memory ? -ENOMEM : (long)calloc(1, len);
}

/* ---- what a test says ---- */

/* The token of a new watch. */
static uint64_t added(int set, int fd, unsigned events, uint64_t data)
{
    assert_int_equal(__call_watch_ctl(set, EPOLL_CTL_ADD, fd, events, data), 0);
    return token;
}

/* vfs tells @events of @of. What the program gets: its data; 0: an error. */
static uint64_t got(int set, uint64_t of, unsigned events)
{
    struct epoll_event event = {.events = events, .data.u64 = of};
    const long error = __call_watch_told(set, &event, 1);
    assert_true(error == 0 || error == -EIO);
    return error == 0 ? event.data.u64 : 0;
}

static int forget(void **state)
{
    (void)state;
    answer = 0;
    no_memory = false;
    for (int fd = 0; fd < 65536; fd++) {
        __call_watch_end(fd);
    }
    return 0;
}

/* ---- tests ---- */

static void test_told(void **state)
{
    (void)state;
    const uint64_t a = added(SET, 4, IN, 40),
                   b = added(SET, 5, IN | EPOLLOUT | EPOLLET, 50);
    struct epoll_event two[] = {{.events = IN, .data.u64 = a},
                                {.events = IN, .data.u64 = b}};
    assert_true(a != 40 && b != 50);
    assert_int_equal(__call_watch_told(SET, two, 2), 0);
    assert_true(two[0].data.u64 == 40 && two[1].data.u64 == 50);
    /* bits that were asked for, and errors always */
    two[0] = (struct epoll_event){.events = UINT32_MAX, .data.u64 = b};
    assert_int_equal(__call_watch_told(SET, two, 1), 0);
    assert_int_equal(two[0].events, EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP);
    assert_int_equal(got(SET, a, EPOLLOUT), 0);
    assert_int_equal(got(SET, a, EPOLLET), 0);
    assert_int_equal(got(SET, a, 0), 0);
    assert_int_equal(got(SET, a, EPOLLHUP), 40);
    /* one watch is told once in an answer */
    two[0] = two[1] = (struct epoll_event){.events = IN, .data.u64 = a};
    assert_int_equal(__call_watch_told(SET, two, 2), -EIO);
    assert_int_equal(__call_watch_ctl(SET, EPOLL_CTL_MOD, 4, EPOLLOUT, 41), 0);
    assert_true(token == a && got(SET, a, EPOLLOUT) == 41 && got(SET, a, IN) == 0);
}

static void test_forged(void **state)
{
    (void)state;
    const uint64_t a = added(SET, 4, IN, 40), other = added(6, 4, IN, 60);
    for (uint64_t i = 0; i < 2000; i++) {
        assert_int_equal(got(SET, i, IN), i == a ? 40 : 0);
        assert_int_equal(got(SET, a + (i << 32), IN), i == 0 ? 40 : 0);
    }
    static const uint64_t forged[] = {40,     UINT32_MAX, UINT64_MAX, 0x80e01000,
                                      131071, 131072,     1ull << 63};
    for (unsigned i = 0; i < sizeof(forged) / sizeof(forged[0]); i++) {
        assert_int_equal(got(SET, forged[i], IN), 0);
    }
    assert_int_equal(got(SET, other, IN), 0); /* of another set */
    assert_int_equal(got(7, a, IN), 0);       /* of what is no set */
    assert_int_equal(got(-1, a, IN), 0);
}

static void test_ends(void **state)
{
    (void)state;
    uint64_t a = added(SET, 4, IN, 40);
    assert_int_equal(__call_watch_ctl(SET, EPOLL_CTL_DEL, 4, 0, 0), 0);
    assert_int_equal(got(SET, a, IN), 0);
    a = added(SET, 4, IN, 40);
    __call_watch_end(4);
    assert_int_equal(got(SET, a, IN), 0);
    const uint64_t b = added(SET, 4, IN, 41);
    assert_int_equal(got(SET, a, IN), 0);
    assert_int_equal(got(SET, b, IN), 41);
    __call_watch_end(SET);
    assert_int_equal(got(SET, b, IN), 0);
    assert_true(added(SET, 4, IN, 42) != b && got(SET, b, IN) == 0);
}

static void test_duplicates(void **state)
{
    (void)state;
    assert_int_equal(__call_watch_duplicate(4, 5), 0);
    const uint64_t a = added(SET, 4, IN, 40);
    __call_watch_end(4);
    assert_int_equal(got(SET, a, IN), 40);
    assert_int_equal(__call_watch_duplicate(SET, 9), 0);
    __call_watch_end(SET);
    assert_int_equal(got(9, a, IN), 40);
    assert_int_equal(got(SET, a, IN), 0);
    const uint64_t b = added(9, 4, IN, 41); /* the number of another file now */
    assert_true(got(9, a, IN) == 40 && got(9, b, IN) == 41);
    __call_watch_end(5);
    assert_true(got(9, a, IN) == 0 && got(9, b, IN) == 41);
}

static void test_errors(void **state)
{
    (void)state;
    no_memory = true; /* nothing has been used before */
    assert_int_equal(__call_watch_ctl(60000, EPOLL_CTL_ADD, 4, IN, 40), -ENOMEM);
    assert_int_equal(__call_watch_duplicate(60000, 4), -ENOMEM);
    no_memory = false;
    assert_int_equal(__call_watch_ctl(SET, EPOLL_CTL_ADD, 65536, IN, 40), -EBADF);
    assert_int_equal(__call_watch_ctl(-1, EPOLL_CTL_ADD, 4, IN, 40), -EBADF);
    assert_int_equal(__call_watch_ctl(SET, EPOLL_CTL_MOD, 4, IN, 40),
                     -EIO); /* vfs: done */
    answer = -EPERM;
    assert_int_equal(__call_watch_ctl(SET, EPOLL_CTL_ADD, 4, IN, 40), -EPERM);
    assert_int_equal(got(SET, token, IN), 0);
    answer = 7;
    assert_int_equal(__call_watch_ctl(SET, EPOLL_CTL_ADD, 4, IN, 40), -EIO);
    assert_int_equal(got(SET, token, IN), 0);
}

/* As many watches as there may be, and entries of those that are gone are used again. */
static void test_full(void **state)
{
    (void)state;
    for (int turn = 0; turn < 2; turn++) {
        int set = 0, fd = 10;
        for (unsigned i = 0; i < 131071; i++) {
            added(set, fd, IN, i);
            fd = fd < 65535 ? fd + 1 : 10;
            set += fd == 10;
        }
        assert_int_equal(__call_watch_ctl(set + 1, EPOLL_CTL_ADD, fd, IN, 1), -ENOSPC);
        forget(NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_errors, forget),
        cmocka_unit_test_teardown(test_told, forget),
        cmocka_unit_test_teardown(test_forged, forget),
        cmocka_unit_test_teardown(test_ends, forget),
        cmocka_unit_test_teardown(test_duplicates, forget),
        cmocka_unit_test_teardown(test_full, forget),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
