/*
 * Conformance tests of files, one group per function. Arguments name groups; none means
 * all but `large`. Everything happens in a new directory below $TMPDIR or /tmp, which
 * is empty again in the end.
 */
#include "check.h"

#include <stdarg.h>

int check_count, check_failed;

static const struct {
    const char *name;
    void (*run)(void);
    bool on_request;
} groups[] = {
    {"open", test_open, false},         {"data", test_data, false},
    {"seek", test_seek, false},         {"size", test_size, false},
    {"names", test_names, false},       {"absent", test_absent, false},
    {"links", test_links, false},       {"directories", test_directories, false},
    {"relative", test_relative, false}, {"rights", test_rights, false},
    {"times", test_times, false},       {"locks", test_locks, false},
    {"pipes", test_pipes, false},       {"mapping", test_mapping, false},
    {"devices", test_devices, false},   {"long", test_long, false},
    {"large", test_large, true},
};

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

int check_open(const char *path, int flags, mode_t mode)
{
    const int fd = open(path, flags, mode);
    check_report(fd >= 0, __FILE__, __LINE__, "open %s: %s", path, strerror(errno));
    return fd;
}

void check_file(const char *path, const char *content)
{
    const int fd = check_open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    CHECK_INT(write(fd, content, strlen(content)), strlen(content));
    CHECK_INT(close(fd), 0);
}

void check_content(const char *path, const char *content)
{
    char have[256] = "";
    const int fd = check_open(path, O_RDONLY, 0);
    const ssize_t count = read(fd, have, sizeof(have) - 1);
    CHECK_INT(count, strlen(content));
    CHECK_STRING(have, content);
    CHECK_INT(close(fd), 0);
}

static bool is_wanted(size_t group, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], groups[group].name) == 0) {
            return true;
        }
    }
    return argc < 2 && !groups[group].on_request;
}

int main(int argc, char **argv)
{
    int run = 0, failed = 0;
    char base[256];
    const char *parent = getenv("TMPDIR");
    snprintf(base, sizeof(base), "%s/files-XXXXXX", parent != NULL ? parent : "/tmp");
    if (mkdtemp(base) == NULL || chdir(base) != 0) {
        perror(base);
        return 2;
    }
    umask(022);
    for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
        if (!is_wanted(i, argc, argv)) {
            continue;
        }
        check_count = check_failed = 0;
        CHECK_INT(mkdir(groups[i].name, 0755), 0);
        CHECK_INT(chdir(groups[i].name), 0);
        groups[i].run();
        CHECK_INT(chdir(base), 0);
        CHECK_INT(rmdir(groups[i].name), 0); /* each group leaves nothing behind */
        printf("%s %s (%d checks)\n", check_failed != 0 ? "FAIL" : "PASS",
               groups[i].name, check_count);
        run++;
        failed += check_failed != 0;
    }
    CHECK_INT(rmdir(base), 0);
    return failed != 0 || run == 0;
}
