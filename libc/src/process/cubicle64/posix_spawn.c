/* No processes: system() and popen() fail as well. */
#include <spawn.h>

#include "syscall.h"

int posix_spawn(pid_t *restrict res, const char *restrict path,
                const posix_spawn_file_actions_t *fa,
                const posix_spawnattr_t *restrict attr, char *const argv[restrict],
                char *const envp[restrict])
{
    return -__call_lacking_process("posix_spawn() (or system() or popen(), which use it)");
}
