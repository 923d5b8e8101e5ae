#include "helper.h"

#include <signal.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    struct helper_options options;

    helper_options(argc, argv, &options);
    (void)signal(SIGPIPE,
                 SIG_IGN); /* libslirp writes to connections that clients have reset */
    stream_setup(options.fd);
    if (!bounds_setup(options.memory)) {
        return 1;
    }
    Slirp *slirp = world_create(&options);
    if (slirp == NULL || !confine()) {
        return 1;
    }
    world_run(slirp, options.fd);
    slirp_cleanup(slirp);
    return 0;
}
