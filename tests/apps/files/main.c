/*
 * Conformance tests of files, one group per function. Arguments name groups; none means
 * all but `large`. Everything happens in a new directory below $TMPDIR or /tmp, which
 * is empty again in the end.
 */
#include "groups.h"

static const struct check_group groups[] = {
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

/* Where the groups run. */
static char base[256];

/* In a folder of its own, which it leaves empty. */
static void run_in_folder(const struct check_group *group)
{
    CHECK_INT(mkdir(group->name, 0755), 0);
    CHECK_INT(chdir(group->name), 0);
    group->run();
    CHECK_INT(chdir(base), 0);
    CHECK_INT(rmdir(group->name), 0);
}

int main(int argc, char **argv)
{
    const char *parent = getenv("TMPDIR");
    snprintf(base, sizeof(base), "%s/files-XXXXXX", parent != NULL ? parent : "/tmp");
    if (mkdtemp(base) == NULL || chdir(base) != 0) {
        perror(base);
        return 2;
    }
    umask(022);
    const int status = check_groups(groups, sizeof(groups) / sizeof(groups[0]), argc,
                                    argv, run_in_folder);
    CHECK_INT(rmdir(base), 0);
    return status || check_failed;
}
