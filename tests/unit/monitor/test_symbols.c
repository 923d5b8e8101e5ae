/* Names of code for profilers: what a line holds, and that no name makes another line. */
#include "call/trampoline_body.h"
#include "load/module.h"
#include "observe/symbols.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const struct descriptor_function function = {.name = "open"};
static struct trampoline trampolines[] = {
    {.caller = 1, .function = &function, .entry = 0x7f000000, .body = 0x200100040},
    {.caller = 1, .function = &function, .entry = 0x7f000060, .body = 0x200100100},
};

uint32_t trampoline_count(void)
{
    return 2;
}

struct trampoline *trampoline_get(uint32_t id)
{
    return id >= 1 && id <= 2 ? &trampolines[id - 1] : NULL;
}

static char long_name[301]; /* 300 bytes; where it is cut stands a letter of two */

static struct image_section sections[] = {
    {.name = "", .segment = IMAGE_NOT_LOADED},
    {.name = ".text", .segment = IMAGE_CODE, .at = 0x20, .size = 0x100},
    {.name = ".data", .segment = IMAGE_DATA},
};
static struct image_symbol symbols[] = {
    {.name = "main", .section = 1, .type = STT_FUNC, .value = 0x40, .size = 0x1f},
    {.name = "a\n1 2 b", .section = 1, .type = STT_FUNC, .value = 0x60, .size = 1},
    {.name = "gr\303\266\303\237e\233",
     .section = 1,
     .type = STT_FUNC,
     .value = 0x61,
     .size = 1},
    {.name = "imported", .section = SHN_UNDEF, .type = STT_FUNC, .size = 1},
    {.name = "absolute", .section = SHN_ABS, .type = STT_FUNC, .size = 1},
    {.name = "data", .section = 2, .type = STT_FUNC, .size = 1},
    {.name = "label", .section = 1, .type = STT_NOTYPE, .size = 1},
    {.name = "empty", .section = 1, .type = STT_FUNC},
    {.name = "greedy",
     .section = 1,
     .type = STT_FUNC,
     .value = 0xf0,
     .size = UINT64_MAX},
    {.name = "end", .section = 1, .type = STT_FUNC, .value = 0x100, .size = 1},
    {.name = long_name, .section = 1, .type = STT_FUNC, .value = 0x80, .size = 1},
};
static struct module module = {
    .name = "app",
    .base = {[IMAGE_CODE] = 0x100000},
    .image = {.sections = sections, .nsections = 3, .symbols = symbols, .nsymbols = 11},
};

static void test_lines(void **state)
{
    static struct module *modules[] = {&module};
    char text[1024] = "";
    struct cubicle *cubicle = cubicle_create("box");
    const int fd = memfd_create("symbols", 0);

    (void)state;
    assert_non_null(cubicle);
    memset(long_name, 'n', sizeof(long_name) - 1);
    memcpy(long_name + 255, "\303\266", 2);
    cubicle->modules = modules;
    cubicle->nmodules = 1;
    assert_int_equal(symbols_write(fd), 0);
    assert_true(pread(fd, text, sizeof(text) - 1, 0) > 0);
    char expected[1024];
    (void)snprintf(expected, sizeof(expected),
                   "100060 1f app:main\n"
                   "100080 1 app:a?1?2?b\n"
                   "100081 1 app:gr\303\266\303\237e?\n"
                   /* No function reaches beyond its section. */
                   "100110 10 app:greedy\n"
                   "1000a0 1 app:%.255s?\n"
                   "7f000000 60 trampoline:box->monitor:open\n"
                   "200100040 c0 trampoline:box->monitor:open\n"
                   "7f000060 60 trampoline:box->monitor:open\n"
                   "200100100 800 trampoline:box->monitor:open\n",
                   long_name);
    assert_string_equal(text, expected);
}

static void test_errors(void **state)
{
    const int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

    (void)state;
    assert_int_equal(symbols_write(-1), -EBADF);
    assert_int_equal(symbols_write(full), -ENOSPC);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_errors),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
