/*
 * Conformance tests of libc, one group per file. Arguments name groups; none means all.
 * `end HOW` ends the program in some way that the runner checks from outside; `environment list` prints it;
 * `full` is for a file system of 1 MiB.
 */
#define _GNU_SOURCE
#include "groups.h"

#include <unistd.h>

static const struct check_group groups[] = {
    {"convert", test_convert, false},
    {"cpuid", test_cpuid, false},
    {"environment", test_environment, false},
    {"fenv", test_fenv, false},
    {"files", test_files, false},
    {"format", test_format, false},
    {"jump", test_jump, false},
    {"locale", test_locale, false},
    {"math", test_math, false},
    {"memory", test_memory, false},
    {"runtime", test_runtime, false},
    {"scan", test_scan, false},
    {"shared", test_shared, false},
    {"signal", test_signal, false},
    {"sort", test_sort, false},
    {"start", test_start, false},
    {"stream", test_stream, false},
    {"string", test_string, false},
    {"system", test_system, false},
    {"thread", test_thread, false},
    {"time", test_time, false},
};

int main(int argc, char **argv)
{
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
    return check_groups(groups, sizeof groups / sizeof groups[0], argc, argv,
                        check_run);
}
