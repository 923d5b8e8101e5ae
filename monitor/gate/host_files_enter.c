/* What a system with directories of the host needs before it runs: checks, and its part of the
 * wall. */
#include "base/message.h"
#include "host_files_table.h"

#include <cubicle/host_files.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Newer than the headers of Debian 12. */
#define LANDLOCK_TRUNCATE (UINT64_C(1) << 14)
#define LANDLOCK_VERSION_TRUNCATE 3
#define LANDLOCK_VERSION_REFER 2

#define LANDLOCK_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define LANDLOCK_CHANGE                                               \
    (LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE | \
     LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |    \
     LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_SYM |      \
     LANDLOCK_ACCESS_FS_REFER)
#define LANDLOCK_NEVER                                              \
    (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_CHAR |    \
     LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO | \
     LANDLOCK_ACCESS_FS_MAKE_SOCK)

/* Can this identity use @directory? 0, or a negative errno with a message. */
static int enter_check(const struct monitor_directory *directory)
{
    const int mode = R_OK | X_OK | (directory->writable ? W_OK : 0);
    /* The real identity is the effective one by now, so access(2) says the truth. */
    if (faccessat(directory->fd, ".", mode, 0) != 0) {
        const int error = -errno;
        return message_error(
            error,
            "%s: user %u, as whom the system runs, cannot %s this directory: %s; let "
            "it (chown, chmod%s), or run the command as the directory's owner, not as "
            "root",
            directory->path, (unsigned)geteuid(),
            directory->writable ? "read and write" : "read", strerror(-error),
            directory->writable ? ", or mount it ro" : "");
    }
    const int fd = host_files_openat(directory->fd, ".", O_PATH | O_DIRECTORY, 0);
    if (fd >= 0) {
        close(fd);
        return 0;
    }
    return message_error(fd,
                         "%s: directories of the host need openat2(2), of Linux 5.6 or "
                         "later, and no sandbox that forbids it: %s",
                         directory->path, strerror(-fd));
}

static void enter_identity(void)
{
    const int n =
        getgroups(sizeof(host_identity.groups) / sizeof(gid_t), host_identity.groups);
    host_identity.uid = geteuid();
    host_identity.gid = getegid();
    host_identity.ngroups = n > 0 ? n : 0;
}

/* Files that cubicles keep open come on top of what the process has. */
static int enter_limits(void)
{
    struct rlimit limit;
    const rlim_t want = 64 + host_nroots * HOSTFILES_OPEN_MAX;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return -errno;
    }
    if (limit.rlim_cur < want) {
        limit.rlim_cur = want < limit.rlim_max ? want : limit.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &limit) != 0) {
            return -errno;
        }
    }
    /* A file that grows beyond what its user may write is an error, not an end. */
    return signal(SIGXFSZ, SIG_IGN) != SIG_ERR ? 0 : -errno;
}

/* Confines every call that opens or changes files to @id's directories, so that a hole in the
 * monitor does not reach others. Kernels without Landlock leave that to permissions. */
static int enter_landlock(unsigned id)
{
    const long version =
        syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (version < LANDLOCK_VERSION_REFER) {
        return 0;
    }
    const uint64_t change =
        LANDLOCK_CHANGE |
        (version >= LANDLOCK_VERSION_TRUNCATE ? LANDLOCK_TRUNCATE : 0);
    const struct landlock_ruleset_attr all = {
        .handled_access_fs = LANDLOCK_READ | change | LANDLOCK_NEVER};
    const int rules = (int)syscall(SYS_landlock_create_ruleset, &all, sizeof(all), 0);
    if (rules < 0) {
        return -errno;
    }
    int error = 0;
    for (size_t i = 0; error == 0 && i < host_nroots; i++) {
        const struct monitor_directory *given = host_roots[i].given;
        const struct landlock_path_beneath_attr rule = {
            .allowed_access = LANDLOCK_READ | (given->writable ? change : 0),
            .parent_fd = given->fd,
        };
        if (host_root_is_of(&host_roots[i], id) &&
            syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule,
                    0) != 0) {
            error = -errno;
        }
    }
    if (error == 0 && syscall(SYS_landlock_restrict_self, rules, 0) != 0) {
        error = -errno;
    }
    close(rules);
    return error;
}

int host_files_enter(unsigned id)
{
    static bool prepared; /* a process that is made later has all but the rules */
    int error = 0;
    for (size_t i = 0; error == 0 && !prepared && i < host_nroots; i++) {
        if (host_root_is_of(&host_roots[i], id)) {
            error = enter_check(host_roots[i].given);
        }
    }
    if (error != 0 || host_nroots == 0) {
        return error;
    }
    if (!prepared) {
        enter_identity();
        error = enter_limits();
        prepared = error == 0;
    }
    if (error == 0) {
        error = enter_landlock(id);
    }
    return error == 0 ? 0
                      : message_error(error,
                                      "cannot confine the process to its "
                                      "directories: %s",
                                      strerror(-error));
}

void host_files_allow(unsigned id, struct filter *filter)
{
    static const unsigned reading[] = {SYS_openat2,    SYS_close,   SYS_statx,
                                       SYS_getdents64, SYS_fstatfs, SYS_readlinkat,
                                       SYS_fsync};
    static const unsigned changing[] = {SYS_ftruncate, SYS_fchmod,   SYS_utimensat,
                                        SYS_mkdirat,   SYS_unlinkat, SYS_renameat,
                                        SYS_linkat,    SYS_symlinkat};
    bool writable = false;
    for (size_t i = 0; i < host_nroots; i++) {
        writable |=
            host_root_is_of(&host_roots[i], id) && host_roots[i].given->writable;
    }
    for (size_t i = 0; host_nroots > 0 && i < sizeof(reading) / sizeof(reading[0]);
         i++) {
        filter_allow(filter, reading[i]);
    }
    for (size_t i = 0; writable && i < sizeof(changing) / sizeof(changing[0]); i++) {
        filter_allow(filter, changing[i]);
    }
}
