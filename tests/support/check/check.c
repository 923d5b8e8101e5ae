#include "check.h"

#include <stdarg.h>

int check_count, check_failed;

void check_report(int ok, const char *file, int line, const char *format, ...)
{
    va_list args;

    check_count++;
    if (ok) {
        return;
    }
    check_failed++;
    printf("%s:%d: ", file, line);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
}

void check_run(const struct check_group *group)
{
    group->run();
}

static bool is_wanted(const struct check_group *group, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], group->name) == 0) {
            return true;
        }
    }
    return argc < 2 && !group->on_request;
}

int check_groups(const struct check_group *groups, size_t ngroups, int argc,
                 char **argv, void (*run)(const struct check_group *))
{
    int ran = 0, failed = 0;

    for (size_t i = 0; i < ngroups; i++) {
        if (!is_wanted(&groups[i], argc, argv)) {
            continue;
        }
        check_count = check_failed = 0;
        run(&groups[i]);
        printf("%s %s (%d checks)\n", check_failed != 0 ? "FAIL" : "PASS",
               groups[i].name, check_count);
        ran++;
        failed += check_failed != 0;
    }
    return failed != 0 || ran == 0;
}
