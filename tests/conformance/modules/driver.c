/*
 * The conformance driver: `driver SUITE [CASE]` runs one suite and exits with 1 when a
 * check failed. It calls the cubicles `peer` and `third` and offers `home` to be called
 * back.
 */
#include "check.h"

#include <cubicle.h>
#include <home.h>
#include <peer.h>
#include <setjmp.h>
#include <sys/mman.h>

int check_count, check_failed;
int event_window;
uint8_t *event_memory;
jmp_buf event_jump;
int event_results[3];

void check_report(int ok, const char *text, const char *file, int line)
{
    check_count++;
    if (ok) {
        printf("ok %d - %s\n", check_count, text);
    } else {
        check_failed++;
        printf("not ok %d - %s (%s:%d)\n", check_count, text, file, line);
    }
}

void check_report_equal(int64_t have, int64_t want, const char *text, const char *file,
                        int line)
{
    check_report(have == want, text, file, line);
    if (have != want) {
        printf("# have %lld, want %lld\n", (long long)have, (long long)want);
    }
}

uint8_t *pages(size_t count)
{
    void *base = mmap(NULL, count * 4096, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED) {
        printf("Bail out! no memory for %zu pages\n", count);
        exit(99);
    }
    return base;
}

void pages_free(uint8_t *base, size_t count)
{
    if (munmap(base, count * 4096) != 0) {
        printf("Bail out! munmap: errno %d\n", errno);
        exit(99);
    }
}

uint32_t home_frame;

int home_step(int depth)
{
    home_frame = (uint32_t)(uintptr_t)__builtin_frame_address(0);
    if (depth <= 0) {
        return 1;
    }
    int made = peer_step(depth - 1);
    return made < 0 ? made : made + 1;
}

int home_event(int event)
{
    switch (event) {
    case EVENT_CLOSE:
        return cubicle_window_close(event_window, cubicle_find("peer"));
    case EVENT_UNMAP:
        return munmap(event_memory, 4096);
    case EVENT_LONGJMP:
        longjmp(event_jump, 1);
    case EVENT_EXIT:
        return peer_die(DIE_EXIT);
    case EVENT_KILL: {
        static const uint8_t byte = 1;
        event_results[0] = peer_die(DIE_NULL);
        event_results[1] = peer_null();
        event_results[2] = (int)peer_sum(&byte, 1);
        return 0;
    }
    default:
        return 0;
    }
}

int main(int argc, char **argv)
{
    const char *suite = argc > 1 ? argv[1] : "";
    const char *name = argc > 2 ? argv[2] : "";
    static const struct {
        const char *name;
        void (*run)(void);
    } suites[] = {
        {"windows", test_windows},
        {"no-windows", test_no_windows},
        {"delegation", test_delegation},
        {"calls", test_calls},
        {"ranges", test_ranges},
        {"memory", test_memory},
        {"registers", test_registers},
        {"control-words", test_control_words},
        {"demand", test_demand},
        {"foreign", test_foreign},
        {"demand-foreign", test_demand_foreign},
        {"hot", test_hot},
        {"switches", test_switches},
        {"survive", test_survive},
    };
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (strcmp(suite, "death") == 0) {
        test_death(name);
    } else if (strcmp(suite, "restart") == 0) {
        test_restart(name);
    } else if (strcmp(suite, "denied") == 0) {
        test_denied(name);
    } else if (strcmp(suite, "dense") == 0) {
        test_dense(name);
    } else if (strcmp(suite, "waits") == 0) {
        test_waits(name);
    } else {
        for (size_t i = 0; i < sizeof suites / sizeof suites[0]; i++) {
            if (strcmp(suite, suites[i].name) == 0) {
                suites[i].run();
            }
        }
    }
    if (check_count == 0) {
        printf("Bail out! no suite '%s' or no case '%s'\n", suite, name);
        return 99;
    }
    printf("1..%d\n", check_count);
    return check_failed != 0;
}
