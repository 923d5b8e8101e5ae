#include "verify_file.h"
#include "backend/backend.h"
#include "base/counters.h"
#include "base/message.h"
#include "call/trampoline.h"
#include "fault/stop.h"
#include "load/link.h"
#include "load/registry.h"
#include "memory/memory.h"
#include "memory/window.h"
#include "parts.h"

#include <errno.h>
#include <string.h>

/* As `mpk` decides it, on a processor without protection keys too: nothing runs. */
static const struct backend *verify_file_mpk(void)
{
    static struct backend mpk;
    mpk = backend_none;
    mpk.verify = parts.backends[MONITOR_ISOLATION_MPK]->verify;
    mpk.spells = parts.backends[MONITOR_ISOLATION_MPK]->spells;
    return &mpk;
}

static int verify_file_setup(bool mpk, const char *interfaces_dir)
{
    const struct monitor_config config = {
        .interfaces_dir = interfaces_dir,
        MONITOR_NO_FILES,
        .isolation = mpk ? MONITOR_ISOLATION_MPK : MONITOR_ISOLATION_SFI,
    };
    const char *lacks = monitor_lacks(&config);
    if (lacks != NULL) {
        return message_error(-ENOTSUP, "%s", lacks);
    }
    backend = mpk ? verify_file_mpk() : &backend_sfi;
    int error = backend->init(&config, 1);
    error = error != 0 ? error : counters_setup(-1);
    error = error != 0 ? error : memory_init();
    error = error != 0 ? error : trampoline_init(&fault_refusals);
    error = error != 0 ? error : window_setup(NULL, NULL);
    if (error != 0) {
        return message_error(error, "cannot set up the verifier: %s", strerror(-error));
    }
    return registry_read(interfaces_dir);
}

int verify_file(const char *path, bool mpk, const char *interfaces_dir,
                size_t *code_size)
{
    static struct module module;
    const struct link_system system = {
        .modules = &module, .nmodules = 1, .standalone = true};
    int error = verify_file_setup(mpk, interfaces_dir);
    if (error != 0) {
        return error;
    }
    struct cubicle *cubicle = cubicle_create("module");
    cubicle->view = backend->view_base(cubicle->id);
    module = (struct module){.name = path, .cubicle = cubicle, .rights = UINT32_MAX};
    error = module_read(path, backend->code, &module);
    error = error != 0 ? error : link_place(&module);
    error = error != 0 ? error : link_relocate(&system, &module);
    error = error != 0 ? error : link_seal(&module);
    if (error == 0) {
        *code_size = module.image.segment_size[IMAGE_CODE];
    }
    return error;
}
