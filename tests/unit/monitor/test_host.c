/*
 * Host calls of the component next to the host: which descriptors it reaches, how much of a text
 * it gets, and what of all that waits for signals. Standard input and output are pipes here.
 */
#include "gate/gate.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "fault/signal_pending.h"
#include "fault/unwind.h"

static const char *const arguments[] = {"app", "one", "", NULL};
static const char *const environment[] = {"A=1", NULL};
static const struct monitor_setting settings[] = {{"mounts", "/"}, {"export", "yes"}};
static struct monitor_config config = {.root_fd = -1, .export_fd = -1};

/* What signal_wait() was asked, and what it answers. */
static struct {
    unsigned n;
    int fd;
    short events;
    int64_t timeout_ns;
} waited;
static int wait_answer;
static bool wanted;

int signal_wait(int fd, short events, int64_t timeout_ns)
{
    waited.n++;
    waited.fd = fd;
    waited.events = events;
    waited.timeout_ns = timeout_ns;
    return wait_answer;
}

bool signal_wanted(void)
{
    return wanted;
}

static jmp_buf over;
static int shut_down_with;

void unwind_all(int status)
{
    shut_down_with = status;
    longjmp(over, 1);
}

static const void *gate(const char *name)
{
    for (size_t i = 0; i < host_interface.ngates; i++) {
        if (strcmp(host_interface.gates[i].name, name) == 0) {
            assert_int_equal(host_interface.gates[i].needs, MONITOR_RIGHT_HOST);
            return host_interface.gates[i].function;
        }
    }
    fail_msg("no gate %s", name);
    return NULL;
}

typedef ssize_t item_gate(int index, char *buf, size_t count);
typedef ssize_t setting_gate(const char *name, char *buf, size_t count);
typedef int stream_gate(int stream);

static ssize_t console_read(void *buf, size_t count)
{
    return ((ssize_t(*)(void *, size_t))gate("host_console_read"))(buf, count);
}

static ssize_t console_write(int stream, const void *buf, size_t count)
{
    typedef ssize_t write_gate(int stream, const void *buf, size_t count);
    return ((write_gate *)gate("host_console_write"))(stream, buf, count);
}

/* Puts @fd in the place of @standard, and back. */
static int redirect(int standard, int fd)
{
    (void)fflush(stdout);
    const int saved = dup(standard);
    assert_true(saved >= 0 && dup2(fd, standard) == standard);
    return saved;
}

static void restore(int standard, int saved)
{
    assert_int_equal(dup2(saved, standard), standard);
    close(saved);
}

static int setup(void **state)
{
    (void)state;
    config = (struct monitor_config){
        .arguments = arguments,
        .environment = environment,
        .settings = settings,
        .nsettings = 2,
        .root_fd = -1,
        .export_fd = -1,
    };
    memset(&waited, 0, sizeof(waited));
    wait_answer = 0;
    wanted = false;
    host_setup(&config);
    return 0;
}

/* Standard output and error are written to, and no other descriptor that is open. */
static void test_write(void **state)
{
    static const int others[] = {-1, STDIN_FILENO, 3, INT32_MIN, INT32_MAX};
    char text[8];
    int ends[2];

    (void)state;
    assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        assert_int_equal(console_write(others[i], "no", 2), -EBADF);
    }
    assert_int_equal(console_write(ends[1], "no", 2), -EBADF);
    assert_int_equal(read(ends[0], text, sizeof(text)), -1);
    const int saved = redirect(STDOUT_FILENO, ends[1]);
    const ssize_t n = console_write(STDOUT_FILENO, "out", 3);
    restore(STDOUT_FILENO, saved);
    assert_int_equal(n, 3);
    const int error = redirect(STDERR_FILENO, ends[1]);
    const ssize_t m = console_write(STDERR_FILENO, "err", 3);
    restore(STDERR_FILENO, error);
    assert_int_equal(m, 3);
    assert_int_equal(read(ends[0], text, sizeof(text)), 6);
    assert_memory_equal(text, "outerr", 6);
    close(ends[0]);
    close(ends[1]);
}

static void test_read(void **state)
{
    char text[8];
    int ends[2];

    (void)state;
    assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
    const int saved = redirect(STDIN_FILENO, ends[0]);
    assert_int_equal(console_read(text, sizeof(text)), -EAGAIN); /* the host's error */
    assert_int_equal(write(ends[1], "hello", 5), 5);
    assert_int_equal(console_read(text, 4), 4);
    assert_memory_equal(text, "hell", 4);
    close(ends[1]);
    assert_int_equal(console_read(text, 4), 1);
    assert_int_equal(console_read(text, 4), 0);
    restore(STDIN_FILENO, saved);
    close(ends[0]);
}

/* A signal for the application ends both before anything is read or written. */
static void test_signals(void **state)
{
    char text[8];
    int ends[2];

    (void)state;
    assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
    assert_int_equal(write(ends[1], "hello", 5), 5);
    const int in = redirect(STDIN_FILENO, ends[0]);
    assert_int_equal(console_read(text, 1), 1);
    assert_int_equal(waited.n, 0); /* nobody catches anything */
    wanted = true;
    wait_answer = -EINTR;
    assert_int_equal(console_read(text, 1), -EINTR);
    assert_int_equal(waited.fd, STDIN_FILENO);
    assert_int_equal(waited.events, POLLIN);
    assert_int_equal(waited.timeout_ns, -1);
    assert_int_equal(console_write(STDERR_FILENO, "no", 2), -EINTR);
    assert_int_equal(waited.fd, STDERR_FILENO);
    assert_int_equal(waited.events, POLLOUT);
    wait_answer = POLLIN;
    assert_int_equal(console_read(text, sizeof(text)), 4);
    assert_memory_equal(text, "ello", 4);
    restore(STDIN_FILENO, in);
    close(ends[0]);
    close(ends[1]);
}

/* Only of the three standard streams is it said whether they are a terminal, and how large. */
static void test_terminal(void **state)
{
    stream_gate *const isatty_of = gate("host_console_isatty");
    stream_gate *const size_of = gate("host_console_size");
    const struct winsize size = {.ws_row = 0x8018, .ws_col = 80};
    const int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    const int zeros = open("/dev/zero", O_RDONLY);

    (void)state;
    assert_true(terminal > 2 && zeros > 2);
    assert_int_equal(ioctl(terminal, TIOCSWINSZ, &size), 0);
    assert_int_equal(isatty_of(terminal), -EBADF);
    assert_int_equal(size_of(terminal), -ENOTTY);
    assert_int_equal(isatty_of(-1), -EBADF);
    assert_int_equal(size_of(-1), -ENOTTY);
    int saved = redirect(STDIN_FILENO, terminal);
    assert_int_equal(isatty_of(STDIN_FILENO), 1);
    assert_int_equal(size_of(STDIN_FILENO), 0x18 << 16 | 80); /* never negative */
    restore(STDIN_FILENO, saved);
    saved = redirect(STDIN_FILENO, zeros);
    assert_int_equal(isatty_of(STDIN_FILENO), 0);
    assert_int_equal(size_of(STDIN_FILENO), -ENOTTY);
    restore(STDIN_FILENO, saved);
    close(zeros);
    close(terminal);
}

/* With their NUL where there is room for it, and else nothing of them. */
static void test_texts(void **state)
{
    item_gate *const argument = gate("host_argument");
    item_gate *const variable = gate("host_environment");
    setting_gate *const setting = gate("host_setting");
    char text[8];

    (void)state;
    memset(text, '#', sizeof(text));
    assert_int_equal(argument(1, text, 3), -ERANGE);
    assert_int_equal(argument(1, text, 0), -ERANGE);
    assert_memory_equal(text, "########", 8);
    assert_int_equal(argument(1, text, 4), 4);
    assert_memory_equal(text, "one\0####", 8);
    assert_int_equal(argument(0, text, sizeof(text)), 4);
    assert_string_equal(text, "app");
    assert_int_equal(argument(2, text, 1), 1);
    assert_string_equal(text, "");
    assert_int_equal(argument(3, text, sizeof(text)), -ENOENT);
    assert_int_equal(argument(4, text, sizeof(text)), -ENOENT);
    assert_int_equal(argument(-1, text, sizeof(text)), -ENOENT);
    assert_int_equal(argument(INT32_MAX, text, sizeof(text)), -ENOENT);
    assert_int_equal(variable(0, text, sizeof(text)), 4);
    assert_string_equal(text, "A=1");
    assert_int_equal(variable(1, text, sizeof(text)), -ENOENT);
    config.environment = NULL;
    assert_int_equal(variable(0, text, sizeof(text)), -ENOENT);
    assert_int_equal(setting("export", text, sizeof(text)), 4);
    assert_string_equal(text, "yes");
    assert_int_equal(setting("export", text, 3), -ERANGE);
    assert_int_equal(setting("exports", text, sizeof(text)), -ENOENT);
    assert_int_equal(setting("", text, sizeof(text)), -ENOENT);
}

static void test_clocks(void **state)
{
    int64_t (*const clock)(int) = gate("host_clock");

    (void)state;
    for (int i = 0; i < 3; i++) {
        const int64_t before = clock(i);
        assert_true(before > 0 && clock(i) >= before);
    }
    assert_true(clock(0) - clock(1) > 0); /* since 1970, and since the start */
    assert_int_equal(clock(-1), -EINVAL);
    assert_int_equal(clock(3), -EINVAL);
    assert_int_equal(clock(INT32_MIN), -EINVAL);
    assert_int_equal(clock(INT32_MAX), -EINVAL);
}

/* A time that is too long for the host is long, not for ever. */
static void test_waits(void **state)
{
    int (*const sleep_for)(uint64_t) = gate("host_sleep");
    int (*const poll_for)(int) = gate("host_console_poll");

    (void)state;
    assert_int_equal(sleep_for(7), 0);
    assert_int_equal(waited.fd, -1);
    assert_int_equal(waited.timeout_ns, 7);
    wait_answer = -EINTR;
    assert_int_equal(sleep_for(UINT64_MAX), -EINTR);
    assert_true(waited.timeout_ns == INT64_MAX);
    assert_int_equal(poll_for(3), -EINTR);
    assert_int_equal(waited.fd, STDIN_FILENO);
    assert_int_equal(waited.events, POLLIN);
    assert_int_equal(waited.timeout_ns, 3000000);
    wait_answer = POLLIN | POLLHUP;
    assert_int_equal(poll_for(-2), 1);
    assert_int_equal(waited.timeout_ns, -1);
    assert_int_equal(poll_for(INT32_MAX), 1);
    assert_true(waited.timeout_ns == INT64_C(1000000) * INT32_MAX);
    wait_answer = 0;
    assert_int_equal(poll_for(0), 0);
    assert_int_equal(waited.timeout_ns, 0);
}

static void test_entropy(void **state)
{
    ssize_t (*const entropy)(void *, size_t) = gate("host_entropy");
    uint8_t bytes[2][257] = {{0}, {0}};

    (void)state;
    assert_int_equal(entropy(bytes[0], 257), -EINVAL);
    assert_memory_equal(bytes[0], bytes[1], 257);
    assert_int_equal(entropy(bytes[0], 256), 256);
    assert_int_equal(entropy(bytes[1], 256), 256);
    assert_memory_not_equal(bytes[0], bytes[1], 256);
    assert_int_equal(bytes[0][256], 0);
    assert_int_equal(entropy(bytes[0], 0), 0);
}

/* The root that was given, and where the export goes; neither where there is none. */
static void test_files(void **state)
{
    ssize_t (*const root_read)(uint64_t, void *, size_t) = gate("host_root_read");
    ssize_t (*const export_write)(const void *, size_t) = gate("host_export_write");
    char text[8];

    (void)state;
    assert_int_equal(root_read(0, text, sizeof(text)), 0);
    assert_int_equal(export_write("x", 1), -ENODEV);
    config.root_fd = config.export_fd = memfd_create("files", MFD_CLOEXEC);
    assert_true(config.root_fd > 2);
    assert_int_equal(export_write("hello", 5), 5);
    assert_int_equal(export_write(", you", 5), 5);
    assert_int_equal(root_read(3, text, 4), 4);
    assert_memory_equal(text, "lo, ", 4);
    assert_int_equal(root_read(9, text, 4), 1);
    assert_int_equal(root_read(10, text, 4), 0);
    assert_int_equal(root_read(UINT64_MAX, text, 4), -EINVAL);
    assert_int_equal(root_read(UINT64_C(1) << 63, text, 4), -EINVAL);
    close(config.root_fd);
    assert_int_equal(root_read(0, text, 4), -EBADF); /* the host's errors are told */
    assert_int_equal(export_write("x", 1), -EBADF);
}

static void test_shutdown(void **state)
{
    void (*const end)(int) = gate("host_shutdown");

    (void)state;
    shut_down_with = -1;
    if (setjmp(over) == 0) {
        end(3);
        fail_msg("it came back");
    }
    assert_int_equal(shut_down_with, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_write, setup),
        cmocka_unit_test_setup(test_read, setup),
        cmocka_unit_test_setup(test_signals, setup),
        cmocka_unit_test_setup(test_terminal, setup),
        cmocka_unit_test_setup(test_texts, setup),
        cmocka_unit_test_setup(test_clocks, setup),
        cmocka_unit_test_setup(test_waits, setup),
        cmocka_unit_test_setup(test_entropy, setup),
        cmocka_unit_test_setup(test_files, setup),
        cmocka_unit_test_setup(test_shutdown, setup),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("host", tests, NULL, NULL);
}
