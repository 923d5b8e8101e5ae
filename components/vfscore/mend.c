/*
 * What vfscore learns of other cubicles' ends (the interface `lifecycle`): one of its
 * clients may have ended, and so may a file system. It may be told in the middle of an
 * operation, since most ends come in a call of its own. So it only notes them, and acts
 * where the next operation starts; until then no caller sees a difference.
 */
#include "core.h"

#include <lifecycle.h>

static uint64_t ended[CLIENTS_MAX / 64]; /* clients, by their ids */

int lifecycle_ended(int cubicle)
{
    if ((uint32_t)cubicle >= CLIENTS_MAX) {
        return -EINVAL;
    }
    ended[cubicle / 64] |= (uint64_t)1 << cubicle % 64;
    core.visible_next = core_visible = 0;
    return 0;
}

int lifecycle_restarted(int cubicle)
{
    (void)cubicle;
    return 0; /* it is asked when it is needed */
}

void core_mend(void)
{
    /* Another end, in a call from here, is for the next operation. */
    core.visible_next = CLIENTS_MAX;
    for (uint32_t i = 0; i < CLIENTS_MAX / 64; i++) {
        uint64_t bits = ended[i];
        ended[i] = 0;
        for (; bits != 0; bits &= bits - 1) {
            client_end(&core.clients[i * 64 + (uint32_t)__builtin_ctzll(bits)]);
        }
    }
    socket_mend();
    if (!mount_mend_all()) {
        core.visible_next = 0;
    }
    core_visible = core.visible_next;
}
