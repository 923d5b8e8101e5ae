/* Counters that others read: C1 to C4 of counters.h. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "backend/backend.h"
#include "base/counters.h"
#include "call/trampoline.h"
#include "observe/counters_names.h"

static const struct backend fake = {.name = "fake"};
const struct backend *backend = &fake;
static struct descriptor_function function = {.name = "fs_read"};
static char long_name[COUNTERS_NAMES_SIZE];
static struct descriptor_function endless = {.name = long_name};
static struct trampoline trampolines[] = {
    {0},
    {.caller = 1, .callee = 2, .function = &function, .interface = "fs"},
    {.caller = 0, .callee = 2, .function = &endless, .interface = "fs"},
    {.caller = 2, .callee = 0, .function = &function, .interface = "host"},
};

uint32_t trampoline_count(void)
{
    return 3;
}

struct trampoline *trampoline_get(uint32_t id)
{
    return &trampolines[id];
}

/* A file as the command makes it, and a second descriptor, as another process opens it. */
static int file_of(off_t size, int flags, int *other)
{
    char path[40];
    const int fd = memfd_create(COUNTERS_FILE, MFD_CLOEXEC | (unsigned)flags);

    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, size), 0);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    *other = open(path, O_RDWR | O_CLOEXEC);
    assert_true(*other >= 0);
    return fd;
}

/* C1, C2: nobody else can write, map to write, shrink or empty the file, and it is closed. */
static void test_sealed(void **state)
{
    int other;
    (void)state;
    const int fd = file_of(sizeof(struct counters), MFD_ALLOW_SEALING, &other);

    assert_int_equal(counters_setup(fd), 0);
    assert_int_equal(fcntl(fd, F_GETFD), -1);
    assert_non_null(counters_shared());
    assert_int_equal(pwrite(other, "x", 1, 0), -1);
    assert_int_equal(errno, EPERM);
    assert_ptr_equal(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, other, 0),
                     MAP_FAILED);
    assert_int_equal(errno, EPERM);
    assert_int_equal(ftruncate(other, 0), -1);
    assert_int_equal(ftruncate(other, sizeof(struct counters) + 4096), -1);
    assert_int_equal(
        fallocate(other, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096), -1);
    assert_int_equal(fcntl(other, F_ADD_SEALS, 0), -1); /* no other seal either */
    void *at = mmap(NULL, 4096, PROT_READ, MAP_SHARED, other, 0);
    assert_ptr_not_equal(at, MAP_FAILED);
    assert_int_equal(mprotect(at, 4096, PROT_READ | PROT_WRITE), -1);
    munmap(at, 4096);
    close(other);
}

/* C1: a file that cannot be sealed, or is no such file, is closed and not used. */
static void test_not_shared(void **state)
{
    const struct {
        off_t size;
        int flags;
    } rows[] = {{sizeof(struct counters), 0},
                {sizeof(struct counters) - 1, MFD_ALLOW_SEALING},
                {sizeof(struct counters) + 1, MFD_ALLOW_SEALING}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        int other;
        const int fd = file_of(rows[i].size, rows[i].flags, &other);
        assert_int_equal(counters_setup(fd), 0);
        assert_int_equal(fcntl(fd, F_GETFD), -1);
        assert_null(counters_shared());
        counters_edge(1, 1, 2)->calls = 7;
        counters_edge(COUNTERS_EDGES_MAX - 1, 1, 2)->calls = 7;
        counters_tell(cubicle_get(1));
        counters_announce(&(struct monitor_config){.system = "s"});
        char byte = 1;
        assert_true(pread(other, &byte, 1, 0) == 1 && byte == 0);
        close(other);
    }
    assert_int_equal(counters_setup(-1), 0);
    assert_null(counters_shared());
    counters_edge(1, 1, 2)->calls = 7;
}

/* C3: what is told of a cubicle is a copy. */
static void test_tell(void **state)
{
    int other;
    (void)state;
    assert_int_equal(
        counters_setup(file_of(sizeof(struct counters), MFD_ALLOW_SEALING, &other)), 0);
    struct counters *c = counters_shared();
    struct cubicle *b = cubicle_get(2);
    *b = (struct cubicle){.id = 2,
                          .name = b->name,
                          .state = CUBICLE_DEAD,
                          .npages = 1,
                          .peak_pages = 2,
                          .quota_pages = 3,
                          .traps = 4,
                          .retags = 5,
                          .mapped = 6,
                          .restarts = 7};
    counters_tell(b);
    const struct counters_cubicle *told = &c->cubicles[2];
    assert_int_equal(told->state, CUBICLE_DEAD);
    assert_int_equal(told->npages, 1);
    assert_int_equal(told->peak_pages, 2);
    assert_int_equal(told->quota_pages, 3);
    assert_int_equal(told->traps, 4);
    assert_int_equal(told->retags, 5);
    assert_int_equal(told->mapped, 6);
    assert_int_equal(told->restarts, 7);
    assert_int_equal(c->cubicles[1].npages, 0);
    close(other);
}

/* C4: nothing is there before all is; names are cut where they are too long. */
static void test_announce(void **state)
{
    int other;
    (void)state;
    assert_int_equal(
        counters_setup(file_of(sizeof(struct counters), MFD_ALLOW_SEALING, &other)), 0);
    const struct counters *c = counters_shared();
    assert_int_equal(c->ready, 0);
    memset(long_name, 'x', sizeof(long_name) - 1);
    counters_announce(&(struct monitor_config){.system = long_name, .sample = true});
    assert_int_equal(c->ready, 1);
    assert_memory_equal(c->magic, COUNTERS_MAGIC, 8);
    assert_int_equal(c->version, COUNTERS_VERSION);
    assert_int_equal(c->size, sizeof(*c));
    assert_int_equal(c->runner, getppid());
    assert_int_equal(c->monitor, getpid());
    assert_int_equal(c->sample_ms, 1);
    assert_int_equal(c->ncubicles, 2);
    assert_int_equal(c->nedges, 3);
    assert_string_equal(c->isolation, "fake");
    assert_int_equal(strlen(c->system), COUNTERS_NAME_SIZE - 1);
    assert_string_equal(c->cubicles[0].name, "monitor");
    assert_string_equal(c->cubicles[1].name, "a");
    assert_int_equal(strlen(c->cubicles[2].name), COUNTERS_NAME_SIZE - 1);
    assert_string_equal(c->names + c->edges[1].interface, "fs");
    assert_string_equal(c->names + c->edges[1].function, "fs_read");
    assert_string_equal(c->names + c->edges[2].interface, "fs");
    assert_int_equal(c->edges[2].function, 0); /* does not fit: the empty name */
    assert_string_equal(c->names + c->edges[3].interface, "host");
    assert_string_equal(c->names + c->edges[3].function, "fs_read");
    close(other);
}

/* Trampolines say whom they lead from and to; calls are summed up by the callee. */
static void test_calls(void **state)
{
    uint64_t calls[CUBICLE_MAX + 1];
    (void)state;
    assert_int_equal(counters_setup(-1), 0);
    counters_calls(calls);
    assert_int_equal(calls[1], 0);
    struct counters_edge *edge = counters_edge(1, CUBICLE_MONITOR, 1);
    edge->calls = 3;
    assert_int_equal(edge->caller, CUBICLE_MONITOR);
    assert_int_equal(edge->callee, 1);
    counters_edge(2, 1, 2)->calls = 5;
    counters_edge(3, 2, 1)->calls = 7;
    counters_edge(4, 2, CUBICLE_MONITOR)->calls = 11;
    counters_edge(6, 1, 2)->calls = 13; /* behind one that is none */
    counters_calls(calls);
    assert_int_equal(calls[CUBICLE_MONITOR], 11);
    assert_int_equal(calls[1], 10);
    assert_int_equal(calls[2], 5);
}

static int setup(void **state)
{
    static char name[100];

    (void)state;
    memset(name, 'b', sizeof(name) - 1);
    return cubicle_create("a") != NULL && cubicle_create(name) != NULL ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sealed), cmocka_unit_test(test_not_shared),
        cmocka_unit_test(test_tell),   cmocka_unit_test(test_announce),
        cmocka_unit_test(test_calls),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("counters", tests, setup, NULL);
}
