/* Lines of the monitor: what is written, that it is cut and never overflows. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/message.h"

/* Runs @write with standard error in a pipe; @text receives what came out. */
static size_t capture(void (*write_it)(void *), void *context, char *text, size_t size)
{
    int ends[2];
    const int saved = dup(STDERR_FILENO);

    assert_int_equal(pipe(ends), 0);
    assert_true(saved >= 0 && dup2(ends[1], STDERR_FILENO) >= 0);
    write_it(context);
    fflush(stderr);
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(ends[1]);
    size_t len = 0;
    ssize_t n;
    while (len < size - 1 && (n = read(ends[0], text + len, size - 1 - len)) > 0) {
        len += (size_t)n;
    }
    close(ends[0]);
    text[len] = '\0';
    return len;
}

static void write_message(void *m)
{
    message_write(m);
}

static void write_hostile(void *context)
{
    (void)context;
    (void)message_error(
        -1, "%s", "x\ncubicle: fault: y\033[2J\177\302\233\303\244\342\202\254\t");
}

static void write_error(void *context)
{
    *(int *)context = message_error(-ENOEXEC, "%s: %u", "place", 7u);
}

static void test_parts(void **state)
{
    struct message m = {.len = 0};
    char text[1024];

    (void)state;
    message_add(&m, "a", "", " ");
    message_add_hex(&m, 0x1f, 4);
    message_add(&m, " ");
    message_add_hex(&m, UINT64_MAX, 8);
    message_add(&m, " ");
    message_add_hex(&m, UINT64_C(0x8000000000000001), 16);
    message_add(&m, " ");
    message_add_hex(&m, 5, 99);
    message_add(&m, " ");
    message_add_decimal(&m, 0);
    message_add(&m, " ");
    message_add_decimal(&m, UINT64_MAX);
    capture(write_message, &m, text, sizeof(text));
    assert_string_equal(text,
                        "a 0x001f 0xffffffff 0x8000000000000001 0x0000000000000005 "
                        "0 18446744073709551615\n");
    assert_int_equal(m.len, 0);
}

/* A line that does not fit is cut, and still ends in one LF. */
static void test_cut(void **state)
{
    struct {
        struct message m;
        uint8_t behind[64];
    } box;
    char text[sizeof(box.m.text) + 1];

    (void)state;
    memset(&box, 0x5a, sizeof(box));
    box.m.len = 0;
    for (int i = 0; i < 1000; i++) {
        message_add(&box.m, "abc");
        message_add_hex(&box.m, 1, 16);
        message_add_decimal(&box.m, 9);
    }
    assert_int_equal(box.m.len, sizeof(box.m.text) - 1);
    const size_t len = capture(write_message, &box.m, text, sizeof(text));
    assert_int_equal(len, sizeof(box.m.text));
    assert_ptr_equal(strchr(text, '\n'), text + len - 1);
    for (size_t i = 0; i < sizeof(box.behind); i++) {
        assert_int_equal(box.behind[i], 0x5a);
    }
}

static void test_error(void **state)
{
    char text[200];
    int error = 0;

    (void)state;
    capture(write_error, &error, text, sizeof(text));
    assert_int_equal(error, -ENOEXEC);
    assert_string_equal(text, "cubicle: place: 7\n");
}

/* What a module may have called itself neither starts a line nor moves a cursor. */
static void test_hostile_text(void **state)
{
    struct message m = {.len = 0};
    char text[200];

    (void)state;
    message_add(&m, "a\nb\r\033c\177d\302\205e\001\303\205");
    capture(write_message, &m, text, sizeof(text));
    assert_string_equal(text, "a?b??c?d??e?\303\205\n");
    capture(write_hostile, NULL, text, sizeof(text));
    assert_string_equal(text,
                        "cubicle: x?cubicle: fault: y?[2J???\303\244\342\202\254?\n");
}

/* Text that is no UTF-8, and marks that reorder or hide what stands around them. */
static void test_utf8(void **state)
{
    static const struct {
        const char *given, *shown;
    } rows[] = {
        {"gr\303\266\303\237e", "gr\303\266\303\237e"},
        {"\360\237\230\200", "\360\237\230\200"},
        {"\357\277\275", "\357\277\275"},
        {"\302\240", "\302\240"},
        {"\233[2J", "?[2J"}, /* C1 in one byte */
        {"\300\212", "??"},  /* overlong line feed */
        {"\340\200\212", "???"},
        {"\360\200\200\212", "????"},
        {"\355\240\200", "???"},      /* a surrogate */
        {"\364\220\200\200", "????"}, /* beyond Unicode */
        {"\342\200\256", "???"},      /* right-to-left override */
        {"\342\200\250", "???"},      /* line separator */
        {"\342\201\246", "???"},      /* isolate */
        {"\357\273\277", "???"},      /* byte order mark */
        {"\330\234", "??"},           /* Arabic letter mark */
        {"\303", "?"},                /* cut */
        {"\342\202", "??"},
        {"\303(", "?("},
    };
    char text[64];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct message m = {.len = 0};
        message_add(&m, rows[i].given);
        capture(write_message, &m, text, sizeof(text));
        text[strcspn(text, "\n")] = '\0';
        assert_string_equal(text, rows[i].shown);
    }
}

static void write_long(void *context)
{
    (void)message_error(-1, "place: %s is wrong", (const char *)context);
}

/* A line of any length is one that can be read: with the place and the reason. */
static void test_long_error(void **state)
{
    static char name[8192], text[10000];
    static const char start[] = "cubicle: place: xxx", reason[] = "xxx is wrong\n";

    (void)state;
    memset(name, 'x', sizeof(name) - 1);
    const size_t len = capture(write_long, name, text, sizeof(text));
    assert_true(len > 500 && len < 2000);
    assert_ptr_equal(strchr(text, '\n'), text + len - 1);
    assert_memory_equal(text, start, strlen(start));
    assert_string_equal(text + len - strlen(reason), reason);
    assert_non_null(strstr(text, "xxx ... xxx"));
}

static void test_name(void **state)
{
    struct message m = {.len = 0};
    char text[64];

    (void)state;
    message_add_name(&m, "ab", 3);
    message_add(&m, " ");
    message_add_name(&m, "abc", 3);
    message_add(&m, " ");
    message_add_name(&m, "abcd", 3);
    capture(write_message, &m, text, sizeof(text));
    assert_string_equal(text, "ab abc abc...\n");
}

static void write_requests(void *context)
{
    for (int i = 0; i < 100; i++) {
        *(int *)context += message_request(-1, "request %d", i);
    }
}

/* A cubicle that asks again and again gets its errors, and standard error some lines and a last. */
static void test_requests(void **state)
{
    char text[4096];
    int errors = 0;
    unsigned lines = 0;

    (void)state;
    (void)capture(write_requests, &errors, text, sizeof(text));
    assert_int_equal(errors, -100);
    for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++) {
        lines++;
    }
    assert_int_equal(lines, 17);
    assert_memory_equal(text, "cubicle: request 0\n", 19);
    assert_non_null(strstr(text,
                           "cubicle: request 15\ncubicle: further refused requests of "
                           "cubicles are not shown\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts),      cmocka_unit_test(test_cut),
        cmocka_unit_test(test_error),      cmocka_unit_test(test_hostile_text),
        cmocka_unit_test(test_long_error), cmocka_unit_test(test_utf8),
        cmocka_unit_test(test_name),       cmocka_unit_test(test_requests),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("message", tests, NULL, NULL);
}
