/* B1 of backend/mpk/notes.md: every encoding is found at every offset, and no other. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "backend/mpk/forbidden.h"
#include "backend/mpk/mpk.h"
#include "base/message.h"

/* What scan.c asks of others. Within the entry the monitor has such an instruction; there is room
 * for one before it, and behind. */
__asm__(".pushsection .text.entry, \"ax\"\n"
        "spare_before: .skip 16, 0x90\n"
        ".globl mpk_entry_begin, mpk_entry_end\n"
        "mpk_entry_begin: wrpkru\n"
        "mpk_entry_end: .skip 16, 0x90\n"
        "spare_behind: .skip 16, 0x90\n"
        ".popsection\n");
extern uint8_t spare_before[], spare_behind[];

int message_error(int error, const char *format, ...)
{
    (void)format;
    return error;
}

static const struct {
    const char *name; /* NULL: harmless */
    uint8_t code[3];
} rows[] = {
    {"wrpkru", {0x0f, 0x01, 0xef}},
    {NULL, {0x0f, 0x01, 0xee}}, /* rdpkru */
    {NULL, {0x0f, 0x01, 0xd0}}, /* xgetbv */
    {"xrstor", {0x0f, 0xae, 0x28}},
    {"xrstor", {0x0f, 0xae, 0x2f}},
    {"xrstor", {0x0f, 0xae, 0x6c}},
    {"xrstor", {0x0f, 0xae, 0xad}},
    {NULL, {0x0f, 0xae, 0xe8}}, /* lfence */
    {NULL, {0x0f, 0xae, 0x27}}, /* xsave */
    {NULL, {0x0f, 0xae, 0x08}}, /* fxrstor */
    {"wrfsbase", {0x0f, 0xae, 0xd0}},
    {"wrfsbase", {0x0f, 0xae, 0xd7}},
    {"wrgsbase", {0x0f, 0xae, 0xd8}},
    {NULL, {0x0f, 0xae, 0xc8}}, /* rdgsbase, rdfsbase */
    {NULL, {0x0f, 0xae, 0x10}}, /* ldmxcsr */
    {"xrstors", {0x0f, 0xc7, 0x18}},
    {"xrstors", {0x0f, 0xc7, 0x5d}},
    {NULL, {0x0f, 0xc7, 0x08}}, /* cmpxchg8b */
    {NULL, {0x0f, 0xc7, 0xd8}},
    {NULL, {0x0f, 0x02, 0xef}},
    {NULL, {0x0e, 0x01, 0xef}},
};

/* Those that count only where calls are looked for; the last byte is anything. */
static const struct {
    const char *name;
    uint8_t code[2];
} calls[] = {
    {"syscall", {0x0f, 0x05}}, {"sysenter", {0x0f, 0x34}}, {"int 0x80", {0xcd, 0x80}},
    {NULL, {0x0f, 0x80}},      {NULL, {0xcd, 0x05}},       {NULL, {0xcd, 0x81}},
};

static void test_every_offset(void **state)
{
    uint8_t code[64];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (size_t at = 0; at + 3 <= sizeof(code); at++) {
            const char *name = NULL;
            memset(code, 0x0f, sizeof(code)); /* many false starts */
            memset(code + at + 3, 0x90, sizeof(code) - at - 3);
            memcpy(code + at, rows[i].code, 3);
            const size_t found = forbidden_find(code, sizeof(code), true, &name);
            assert_int_equal(found, rows[i].name != NULL ? at : sizeof(code));
            if (rows[i].name != NULL) {
                assert_string_equal(name, rows[i].name);
            }
        }
    }
}

static void test_calls(void **state)
{
    uint8_t code[16];

    (void)state;
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        for (size_t at = 0; at + 2 <= sizeof(code); at++) {
            const char *name = NULL;
            memset(code, 0xcd, sizeof(code));
            memset(code + at + 2, 0x90, sizeof(code) - at - 2);
            memcpy(code + at, calls[i].code, 2);
            assert_int_equal(forbidden_find(code, sizeof(code), false, &name),
                             sizeof(code));
            assert_int_equal(forbidden_find(code, sizeof(code), true, &name),
                             calls[i].name != NULL ? at : sizeof(code));
            if (calls[i].name != NULL) {
                assert_string_equal(name, calls[i].name);
            }
        }
    }
}

/* Where pages meet, and prefixes or redundant bytes stand around it. */
static void test_borders(void **state)
{
    static uint8_t code[3 * 4096] __attribute__((aligned(4096)));
    const char *name;

    (void)state;
    for (size_t at = 4094; at <= 4096; at++) {
        memset(code, 0x66, sizeof(code));
        memcpy(code + at, rows[0].code, 3);
        assert_int_equal(forbidden_find(code, sizeof(code), true, &name), at);
        memset(code, 0x48, sizeof(code));
        memcpy(code + 4096 + at, calls[0].code, 2);
        assert_int_equal(forbidden_find(code, sizeof(code), true, &name), 4096 + at);
    }
}

/* Cut off at the end nothing is left to execute, and nothing behind it is read. */
static void test_cut_off(void **state)
{
    uint8_t *pages =
        mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    const char *name;

    (void)state;
    assert_true(pages != MAP_FAILED);
    assert_int_equal(mprotect(pages + 4096, 4096, PROT_NONE), 0);
    for (size_t len = 0; len < 3; len++) {
        uint8_t *code = pages + 4096 - len;
        memcpy(code, rows[0].code, len);
        assert_int_equal(forbidden_find(code, len, true, &name), len);
    }
    memcpy(pages + 4093, rows[0].code, 3);
    assert_int_equal(forbidden_find(pages, 4096, true, &name), 4093);
    munmap(pages, 8192);
}

/* The libraries of this process: libc has one in pkey_set(), which traps afterwards. */
static void test_process(void **state)
{
    (void)state;
    assert_int_equal(scan_process(), 0);
    const char *name;
    const uint8_t *function = (const uint8_t *)(uintptr_t)pkey_set;
    assert_int_equal(forbidden_find(function, 64, false, &name), 64);
}

/* Byte by byte from where they stand: as numbers in this program's code they would be found. */
static void put(uint8_t *to, const volatile uint8_t *from, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        to[i] = from[i];
    }
}

/* What is left of it traps, and no library can be written afterwards. */
static void test_traps(void **state)
{
    char line[512];
    char rights[5];
    int status;

    (void)state;
    assert_int_equal(scan_process(), 0);
    const pid_t child = fork();
    if (child == 0) {
        (void)signal(SIGILL, SIG_DFL);
        (void)pkey_set(1, 0);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGILL);
    FILE *maps = fopen("/proc/self/maps", "re");
    assert_non_null(maps);
    while (fgets(line, sizeof(line), maps) != NULL) {
        assert_int_equal(sscanf(line, "%*s %4s", rights), 1);
        assert_false(rights[1] == 'w' && rights[2] == 'x');
    }
    (void)fclose(maps);
}

/* Bytes inside another instruction cannot be taken out, and so nothing is changed. */
static void test_inside(void **state)
{
    static const uint8_t move[] = {0xb8, 0x0f, 0x01, 0xef, 0x00, 0xc3};
    uint8_t *code =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    (void)state;
    assert_true(code != MAP_FAILED);
    memset(code, 0x90, 4096);
    put(code + 2048, move, sizeof(move));
    assert_int_equal(mprotect(code, 4096, PROT_READ | PROT_EXEC), 0);
    assert_int_equal(scan_process(), -ENOTSUP);
    assert_memory_equal(code + 2048, move, sizeof(move));
    munmap(code, 4096);
    assert_int_equal(scan_process(), 0);
}

/* Puts @bytes into this program's own code. */
static void write_code(uint8_t *at, const uint8_t *bytes, size_t n)
{
    uint8_t *page = (uint8_t *)((uintptr_t)at & ~(uintptr_t)4095);

    assert_int_equal(mprotect(page, 8192, PROT_READ | PROT_WRITE | PROT_EXEC), 0);
    put(at, bytes, n);
    assert_int_equal(mprotect(page, 8192, PROT_READ | PROT_EXEC), 0);
}

/* In the monitor's own code it is refused wherever it is but in the entry. */
static void test_monitor(void **state)
{
    static const uint8_t harmless[] = {0x90, 0x90, 0x90};
    uint8_t *const spares[] = {spare_before + 4, spare_behind + 4};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        write_code(spares[i], rows[0].code, 3);
        assert_int_equal(scan_process(), -ENOTSUP);
        write_code(spares[i], harmless, 3);
        assert_int_equal(scan_process(), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_offset), cmocka_unit_test(test_calls),
        cmocka_unit_test(test_borders),      cmocka_unit_test(test_cut_off),
        cmocka_unit_test(test_process),      cmocka_unit_test(test_traps),
        cmocka_unit_test(test_inside),       cmocka_unit_test(test_monitor),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("scan", tests, NULL, NULL);
}
