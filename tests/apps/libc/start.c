/*
 * What a program finds when it starts: its constructors have run in their order, with arguments,
 * environment and files; the root file system has what programs count on.
 */
#define _GNU_SOURCE
#include "groups.h"

#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

/* What the constructors saw. */
static struct {
    unsigned order[3], count;
    int argc;
    char **argv, **envp;
    const char *path;
    long pipe_result;
    char cwd[8];
    int tmp;
    char *heap;
    double number;
} seen;

__attribute__((constructor)) static void last(int argc, char **argv, char **envp)
{
    int ends[2];
    char byte = 0;

    seen.order[seen.count++] = 3;
    seen.argc = argc;
    seen.argv = argv;
    seen.envp = envp;
    seen.path = getenv("PATH");
    seen.heap = strdup("from a constructor");
    seen.number = strtod("2.5", NULL);
    if (getcwd(seen.cwd, sizeof(seen.cwd)) == NULL) {
        seen.cwd[0] = '?';
    }
    seen.tmp = access("/tmp", R_OK | W_OK | X_OK);
    seen.pipe_result = pipe(ends);
    if (seen.pipe_result == 0) {
        seen.pipe_result = write(ends[1], "x", 1) == 1 && read(ends[0], &byte, 1) == 1;
        close(ends[0]);
        close(ends[1]);
    }
}

__attribute__((constructor(200))) static void second(void)
{
    seen.order[seen.count++] = 2;
}

__attribute__((constructor(101))) static void first(void)
{
    seen.order[seen.count++] = 1;
}

static void test_constructors(void)
{
    CHECK_INT(seen.count, 3);
    CHECK(seen.order[0] == 1 && seen.order[1] == 2 && seen.order[2] == 3);
    CHECK(seen.argc >= 1);
    CHECK(seen.argv != NULL && seen.argv[seen.argc] == NULL);
    CHECK_STRING(seen.argv[0], program_invocation_name);
    CHECK(seen.envp != NULL && seen.envp[0] != NULL);
    CHECK_STRING(seen.path, "/bin");
    CHECK_STRING(seen.heap, "from a constructor");
    CHECK_DOUBLE(seen.number, 2.5);
    CHECK_STRING(seen.cwd, "/");
    CHECK_INT(seen.tmp, 0);
    CHECK_INT(seen.pipe_result, 1);
    CHECK_INT(fcntl(0, F_GETFD), 0);
}

static void test_defaults(void)
{
    CHECK_STRING(getenv("HOME"), "/");
    CHECK_STRING(getenv("USER"), "root");
    CHECK_STRING(getenv("LOGNAME"), "root");
    CHECK_STRING(getenv("TMPDIR"), "/tmp");
    CHECK(getenv("SHELL") == NULL);
}

static void test_root(void)
{
    struct stat st;
    char target[PATH_MAX] = "", want[PATH_MAX];

    CHECK_INT(stat("/tmp", &st), 0);
    CHECK_INT(st.st_mode, S_IFDIR | 01777);
    FILE *file = tmpfile();
    CHECK(file != NULL);
    if (file != NULL) {
        fclose(file);
    }
    snprintf(want, sizeof(want), "/bin/%s", program_invocation_name);
    CHECK_INT(readlink("/proc/self/exe", target, sizeof(target) - 1), strlen(want));
    CHECK_STRING(target, want);
}

static void test_user(void)
{
    const struct passwd *user = getpwuid(0);
    CHECK(user != NULL);
    if (user != NULL) {
        CHECK_STRING(user->pw_name, "root");
        CHECK_STRING(user->pw_dir, "/");
    }
    user = getpwnam("root");
    CHECK(user != NULL && user->pw_uid == 0 && user->pw_gid == 0);
    errno = 0;
    CHECK(getpwnam("nobody") == NULL && errno == 0);
    const struct group *group = getgrgid(0);
    CHECK(group != NULL && strcmp(group->gr_name, "root") == 0);
    CHECK(getgrnam("root") != NULL && getgrnam("staff") == NULL);
    CHECK_STRING(getlogin(), "root");
}

void test_start(void)
{
    test_constructors();
    test_defaults();
    test_root();
    test_user();
}
