/*
 * Conformance tests of libc, one group per file. Arguments name groups; none means all.
 * `end HOW` ends the program in some way that the runner checks from outside; `environment list` prints it;
 * `full` is for a file system of 1 MiB.
 */
#define _GNU_SOURCE
#include "check.h"

#include <stdarg.h>
#include <unistd.h>

int check_count, check_failed;

static const struct {
    const char *name;
    void (*run)(void);
} groups[] = {
    {"convert", test_convert},
    {"cpuid", test_cpuid},
    {"environment", test_environment},
    {"fenv", test_fenv},
    {"files", test_files},
    {"format", test_format},
    {"jump", test_jump},
    {"locale", test_locale},
    {"math", test_math},
    {"memory", test_memory},
    {"runtime", test_runtime},
    {"scan", test_scan},
    {"shared", test_shared},
    {"signal", test_signal},
    {"sort", test_sort},
    {"start", test_start},
    {"stream", test_stream},
    {"string", test_string},
    {"system", test_system},
    {"thread", test_thread},
    {"time", test_time},
};

void check_report(int ok, const char *file, int line, const char *format, ...)
{
    va_list ap;
    check_count++;
    if (ok) {
        return;
    }
    check_failed++;
    printf("%s:%d: ", file, line);
    va_start(ap, format);
    vprintf(format, ap);
    va_end(ap);
    putchar('\n');
}

static int is_wanted(const char *name, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], name) == 0) {
            return 1;
        }
    }
    return argc < 2;
}

int main(int argc, char **argv)
{
    int groups_run = 0, groups_failed = 0;

    if (argc == 3 && strcmp(argv[1], "end") == 0) {
        return test_end(argv[2]);
    }
    if (argc == 3 && strcmp(argv[1], "environment") == 0) {
        for (char **variable = environ; *variable != NULL; variable++) {
            puts(*variable);
        }
        return 0;
    }
    if (argc == 2 && strcmp(argv[1], "full") == 0) {
        test_full();
        printf("%s full\n", check_failed ? "FAIL" : "PASS");
        return check_failed;
    }
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
        if (is_wanted(groups[i].name, argc, argv)) {
            check_count = check_failed = 0;
            groups[i].run();
            printf("%s %s (%d checks)\n", check_failed ? "FAIL" : "PASS",
                   groups[i].name, check_count);
            groups_run++;
            groups_failed += check_failed != 0;
        }
    }
    return groups_failed || !groups_run;
}
