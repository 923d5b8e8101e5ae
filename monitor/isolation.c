#include "isolation.h"
#include "backend/backend.h"
#include "base/message.h"
#include "parts.h"

#include <errno.h>
#include <string.h>

/* What is about one process, or about windows, is not there where each cubicle has its own. */
static int isolation_check_processes(const struct monitor_config *config)
{
    if (config->isolation != MONITOR_ISOLATION_IPC ||
        (config->trace == NULL && config->acl == MONITOR_ACL_ON &&
         config->revoke == MONITOR_REVOKE_STRICT)) {
        return 0;
    }
    return message_error(
        -EINVAL,
        "%s: with --isolation=ipc there are no traces and no windows; leave out "
        "--trace, --acl and --revoke",
        config->system);
}

int isolation_choose(const struct monitor_config *config, size_t ncubicles)
{
    int error = isolation_check_processes(config);
    if (error != 0) {
        return error;
    }
    backend = parts.backends[config->isolation];
    error = backend->init(config, ncubicles);
    if (error == -ENOTSUP) {
        return message_error(error,
                             "isolation %s is not possible on this machine; see "
                             "`cubicle check`",
                             backend->name);
    }
    /* The memory that cubicles share is a file to the kernel, of the size of all of it. */
    const char *why = error == -EFBIG ? ": memory counts as a file; raise the limit of "
                                        "the size of files (ulimit -f)"
                                      : "";
    return error == 0 ? 0
                      : message_error(error, "cannot set up isolation %s: %s%s",
                                      backend->name, strerror(-error), why);
}
