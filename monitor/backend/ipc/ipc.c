/*
 * Backend `ipc`: each cubicle is a process, in which only its own memory is mapped, and calls
 * are messages through memory that the two processes of caller and callee share.
 */
#include "ipc.h"
#include "backend/none/none.h"

unsigned ipc_self;
int (*ipc_sample)(void);

static int ipc_init(const struct monitor_config *config, size_t ncubicles)
{
    (void)config;
    (void)ncubicles;
    return 0;
}

static uint64_t *ipc_epoch(unsigned id)
{
    return &channel_notice(id)->epoch;
}

static const char *ipc_switching(uint64_t *restored)
{
    *restored = 0;
    return "messages";
}

static const struct backend_processes processes = {
    .complete = ipc_complete,
    .enter = ipc_enter,
    .leave = ipc_leave,
    .divide = ipc_divide,
    .finish = ipc_finish,
    .change_pages = ipc_change_pages,
    .epoch = ipc_epoch,
    .interrupt = ipc_interrupt,
    .carried_out = ipc_carried_out,
    .abandoned = ipc_abandoned,
};

const struct backend backend_ipc = {
    .name = "ipc",
    .code = "plain",
    .masks_returns = false,
    .processes = &processes,
    .init = ipc_init,
    .view_base = none_view_base,
    .view_of = none_view_of,
    .map = none_map,
    .unmap = none_unmap,
    .empty = none_empty,
    .protect = none_protect,
    .share = none_share,
    .revoke = none_revoke,
    .verify = none_verify,
    .start_thread = backend_start_thread,
    BACKEND_MONITOR_LIKE_CUBICLES,
    .restore_rights = backend_rights_stay,
    .emit_after_sleep = backend_after_sleep,
    .allow_calls = ipc_allow_calls,
    .emit_switch = none_emit_switch,
    .switching = ipc_switching,
};
