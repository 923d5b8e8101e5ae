/* Which systems run, and which of them is meant. */
#include "cli.h"
#include "live.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define FILE_LINK "/memfd:" COUNTERS_FILE " (deleted)"

/* Why a process cannot be watched. */
enum answer {
    ANSWER_YES,
    ANSWER_NONE,      /* it has no counters */
    ANSWER_FORBIDDEN, /* it is somebody else's */
    ANSWER_GONE,      /* there is no such process */
    ANSWER_LOADING,   /* the system does not run yet, or is already ending */
    ANSWER_VERSION,   /* its counters have another form */
};

/* Whether @file, opened with O_PATH, is a memory file: such ones lie on a device of their own. Whatever else has the name
 * (in a mount namespace it can be a pipe, or a file of a user's file system) is not opened: that may block, or do something. */
static bool is_memory_file(int file)
{
    struct stat mine;
    struct statx its;
    const int memory = memfd_create("cubicle-probe", MFD_CLOEXEC);
    const bool known =
        memory >= 0 && fstat(memory, &mine) == 0 &&
        statx(file, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE, &its) == 0;

    if (memory >= 0) {
        close(memory);
    }
    return known && S_ISREG(its.stx_mode) && its.stx_dev_major == major(mine.st_dev) &&
           its.stx_dev_minor == minor(mine.st_dev);
}

/* Opens memory file @path for reading. -1, and *@answer says why. */
static int open_counters(const char *path, enum answer *answer)
{
    const int file = open(path, O_PATH | O_CLOEXEC);
    int fd = -1;

    *answer = ANSWER_NONE;
    if (file >= 0 && is_memory_file(file)) {
        char *again = cli_format("/proc/self/fd/%d", file);
        fd = open(again, O_RDONLY | O_CLOEXEC);
        free(again);
    }
    if (file < 0) {
        *answer = errno == EACCES || errno == EPERM ? ANSWER_FORBIDDEN : ANSWER_GONE;
    }
    if (file >= 0) {
        close(file);
    }
    return fd;
}

/* Opens and maps file @path. Whatever made it, it cannot shrink or change its form while it is read. NULL, and *@answer says
 * why. */
static const struct counters *map_counters(const char *path, enum answer *answer)
{
    const int all = F_SEAL_SHRINK | F_SEAL_FUTURE_WRITE;
    struct stat status;
    void *at = MAP_FAILED;
    const int fd = open_counters(path, answer);

    if (fd < 0) {
        return NULL;
    }
    const int seals = fcntl(fd, F_GET_SEALS);
    *answer = ANSWER_VERSION;
    if (seals < 0 || (seals & all) != all) {
        *answer = ANSWER_LOADING;
    } else if (fstat(fd, &status) == 0 &&
               status.st_size == (off_t)sizeof(struct counters)) {
        at = mmap(NULL, sizeof(struct counters), PROT_READ, MAP_SHARED, fd, 0);
        *answer = ANSWER_NONE;
    }
    close(fd);
    return at != MAP_FAILED ? at : NULL;
}

/* Whether @c, of process @pid, is what this program can read. Fills @live. Whoever made it may still write: each number is
 * read once. */
static enum answer check_counters(const struct counters *c, pid_t pid,
                                  struct live *live)
{
    if (__atomic_load_n(&c->ready, __ATOMIC_ACQUIRE) != 1) {
        return ANSWER_LOADING;
    }
    const volatile struct counters *now = c;
    *live = (struct live){.counters = c,
                          .runner = now->runner,
                          .monitor = now->monitor,
                          .monitor_fd = -1,
                          .ncubicles = now->ncubicles,
                          .nedges = now->nedges};
    if (memcmp(c->magic, COUNTERS_MAGIC, sizeof(c->magic)) != 0 ||
        c->version != COUNTERS_VERSION || c->size != sizeof(*c) ||
        live->ncubicles > CUBICLE_MAX || live->nedges >= COUNTERS_EDGES_MAX) {
        return ANSWER_VERSION;
    }
    /* Those who watch a system have its file open too. */
    return live->runner == pid && live->monitor > 0 ? ANSWER_YES : ANSWER_NONE;
}

/* From here the monitor's number stands for one process. False: it does not stand for the monitor any more. */
static bool hold_monitor(struct live *live)
{
    live->monitor_fd = (int)syscall(SYS_pidfd_open, live->monitor, 0);
    if (live_parent(live->monitor) == live->runner) {
        return true;
    }
    if (live->monitor_fd >= 0) {
        close(live->monitor_fd);
    }
    return false;
}

static enum answer try_file(const char *path, pid_t pid, struct live *live)
{
    enum answer answer;
    const struct counters *c = map_counters(path, &answer);

    if (c == NULL) {
        return answer;
    }
    answer = check_counters(c, pid, live);
    if (answer == ANSWER_YES && !hold_monitor(live)) {
        answer = ANSWER_LOADING;
    }
    if (answer != ANSWER_YES) {
        munmap((void *)(uintptr_t)c, sizeof(*c));
    }
    return answer;
}

/* Looks for counters among the open files of process @pid. */
static enum answer try_process(pid_t pid, struct live *live)
{
    char *folder = cli_format("/proc/%d/fd", pid);
    enum answer answer = ANSWER_NONE;
    DIR *files = opendir(folder);

    if (files == NULL) {
        answer = errno == ENOENT ? ANSWER_GONE : ANSWER_FORBIDDEN;
    }
    for (struct dirent *file;
         answer == ANSWER_NONE && files != NULL && (file = readdir(files)) != NULL;) {
        char target[sizeof(FILE_LINK) + 1];
        char *path = cli_format("%s/%s", folder, file->d_name);
        const ssize_t n = readlink(path, target, sizeof(target));
        if (n == (ssize_t)sizeof(FILE_LINK) - 1 &&
            memcmp(target, FILE_LINK, (size_t)n) == 0) {
            answer = try_file(path, pid, live);
        }
        free(path);
    }
    if (files != NULL) {
        closedir(files);
    }
    free(folder);
    return answer;
}

static void let_go(struct live *live)
{
    munmap((void *)(uintptr_t)live->counters, sizeof(*live->counters));
    if (live->monitor_fd >= 0) {
        close(live->monitor_fd);
    }
}

static bool is_called(const struct live *live, const char *name)
{
    /* clang-tidy does not see that try_process() has set `counters` where it answers yes. */
    const char *system = live->counters->system;
    return name == NULL ||
           /* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker) */
           strncmp(system, name, sizeof(live->counters->system)) == 0;
}

static void list_one(const struct live *live)
{
    char system[COUNTERS_NAME_SIZE];

    live_text(live->counters->system, system);
    cli_hint("%d: %s", live->runner, system);
}

/* The systems of name @name, or all, among all processes. Their number; *@live is the last that was found. */
static unsigned find_named(const char *name, struct live *live, bool list)
{
    unsigned n = 0;
    struct live found = {0};
    DIR *processes = opendir("/proc");

    for (struct dirent *entry;
         processes != NULL && (entry = readdir(processes)) != NULL;) {
        const pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        if (pid <= 0 || try_process(pid, &found) != ANSWER_YES) {
            continue;
        }
        if (!is_called(&found, name)) {
            let_go(&found);
            continue;
        }
        if (list) {
            list_one(&found);
        }
        if (n++ > 0) {
            let_go(live);
        }
        *live = found;
    }
    if (processes != NULL) {
        closedir(processes);
    }
    return n;
}

static int find_by_name(const char *name, struct live *live)
{
    const unsigned n = find_named(name, live, false);

    if (n == 1) {
        return 0;
    }
    if (n > 1) {
        let_go(live);
        cli_error("%u systems%s%s run; which one? Give its %snumber:", n,
                  name != NULL ? " of the name " : "", name != NULL ? name : "",
                  name != NULL ? "" : "name or ");
        if (find_named(name, live, true) > 0) {
            let_go(live);
        }
    } else if (name == NULL) {
        cli_error("no system runs that you may look at");
        cli_hint(
            "start one: 'cubicle run SYSTEM'; of other users only root may look at it");
    } else {
        cli_error("no system of the name %s runs that you may look at", name);
        if (find_named(NULL, live, true) > 0) {
            let_go(live);
        }
    }
    return -1;
}

static int explain(pid_t pid, enum answer answer)
{
    switch (answer) {
    case ANSWER_GONE:
        cli_error("%d: there is no such process", pid);
        break;
    case ANSWER_FORBIDDEN:
        cli_error("%d: this process is another user's, or has given up its own", pid);
        cli_hint("only that user or root may look at it; a system is watched by the "
                 "number of 'cubicle run'");
        break;
    case ANSWER_LOADING:
        cli_error("%d: the system is not loaded yet, or is ending; try again", pid);
        break;
    case ANSWER_VERSION:
        cli_error(
            "%d: this system is run by another version of cubicle, whose counters "
            "have another form",
            pid);
        cli_hint("use the 'cubicle' that runs it: /proc/%d/exe", pid);
        break;
    default:
        cli_error("%d: no system that can be watched is run by this process", pid);
        cli_hint("it has to be a 'cubicle run' on Linux 5.1 or later");
    }
    return -1;
}

static int find_by_number(pid_t pid, struct live *live)
{
    enum answer answer = try_process(pid, live);

    /* The monitor itself keeps nothing open that could be looked at: its parent does. */
    if (answer == ANSWER_FORBIDDEN || answer == ANSWER_NONE) {
        const pid_t parent = live_parent(pid);
        if (parent > 0 && try_process(parent, live) == ANSWER_YES) {
            if (live->monitor == pid) {
                return 0;
            }
            let_go(live);
        }
    }
    return answer == ANSWER_YES ? 0 : explain(pid, answer);
}

int live_try(pid_t runner, struct live *live)
{
    if (try_process(runner, live) != ANSWER_YES) {
        return -1;
    }
    live_begin(live);
    return 0;
}

int live_find(const char *which, struct live *live)
{
    char *end = NULL;
    const long number = which != NULL ? strtol(which, &end, 10) : 0;
    const bool is_number = which != NULL && *which != '\0' && *end == '\0';

    if (is_number && (number <= 0 || number > INT32_MAX)) {
        cli_error("%s: no number of a process", which);
        return -1;
    }
    const int error =
        is_number ? find_by_number((pid_t)number, live) : find_by_name(which, live);
    if (error == 0) {
        live_begin(live);
    }
    return error;
}
