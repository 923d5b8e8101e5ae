/* Counters as JSON: the exact text, a report of any size, a descriptor that fails. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "backend/backend.h"
#include "call/trampoline.h"
#include "observe/stats.h"

static struct descriptor_function function = {.name = "fs_read"};
static struct counters_edge counted;
static struct trampoline one = {.count = &counted,
                                .caller = 1,
                                .callee = 2,
                                .function = &function,
                                .interface = "fs"};
static uint32_t count;

static const char *parked(uint64_t *restored)
{
    *restored = 12;
    return "parked";
}

static const struct backend fake = {.name = "fake", .switching = parked};
const struct backend *backend = &fake;

uint32_t trampoline_count(void)
{
    return count;
}

struct trampoline *trampoline_get(uint32_t id)
{
    static struct counters_edge none;
    static struct trampoline unused = {
        .count = &none, .function = &function, .interface = "fs"};

    return id == 2 ? &unused : &one; /* what was never called is left out */
}

static int setup(void **state)
{
    (void)state;
    struct cubicle *a = cubicle_create("a\"b\\c");
    struct cubicle *b = cubicle_create("b");
    a->state = CUBICLE_LIVE;
    a->npages = 7;
    a->peak_pages = UINT64_MAX;
    b->state = CUBICLE_DEAD;
    b->traps = 3;
    b->retags = 2;
    b->mapped = 4;
    return 0;
}

static size_t write_all(char *text, size_t size)
{
    const int fd = memfd_create("stats", MFD_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(stats_write(fd), 0);
    const ssize_t n = pread(fd, text, size - 1, 0);
    const off_t end = lseek(fd, 0, SEEK_END);
    close(fd);
    assert_true(n >= 0);
    text[n] = '\0';
    return (size_t)end;
}

static void test_text(void **state)
{
    char text[1024];

    (void)state;
    count = 2;
    counted.calls = 5;
    counted.bytes_in = 0;
    counted.bytes_out = 1234567890123;
    counted.samples = 42;
    counted.traps = 6;
    write_all(text, sizeof(text));
    assert_string_equal(
        text,
        "{\"isolation\":\"fake\",\"switching\":\"parked\",\"heals\":12,"
        "\"cubicles\":["
        "{\"name\":\"a\\\"b\\\\c\",\"state\":\"live\",\"traps\":0,\"retags\":0,"
        "\"mapped\":0,"
        "\"restarts\":0,\"pages\":7,\"peak_pages\":18446744073709551615},"
        "{\"name\":\"b\",\"state\":\"dead\",\"traps\":3,\"retags\":2,\"mapped\":4,"
        "\"restarts\":0,\"pages\":0,\"peak_pages\":0}],"
        "\"edges\":[{\"caller\":\"a\\\"b\\\\c\",\"callee\":\"b\",\"interface\":\"fs\","
        "\"function\":\"fs_read\",\"calls\":5,\"bytes_in\":0,"
        "\"bytes_out\":1234567890123,\"samples\":42,\"traps\":6}]}\n");
}

/* A system with thousands of edges: every one is there, none is cut. */
static void test_large(void **state)
{
    static char text[1 << 20];
    size_t n = 0;

    (void)state;
    count = 5000;
    counted.calls = 1;
    const size_t size = write_all(text, sizeof(text));
    assert_true(size > 256 * 1024 && size < sizeof(text));
    assert_int_equal(strlen(text), size);
    assert_string_equal(text + size - 4, "}]}\n");
    for (const char *at = text; (at = strstr(at, "{\"caller\"")) != NULL; at++) {
        n++;
    }
    assert_int_equal(n, 4999);
}

static void test_failures(void **state)
{
    (void)state;
    count = 5000;
    assert_int_equal(stats_write(-1), -EBADF);
    const int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_int_equal(stats_write(full), -ENOSPC);
    close(full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_large),
        cmocka_unit_test(test_failures),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("stats", tests, setup, NULL);
}
