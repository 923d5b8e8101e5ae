/*
 * What an isolation backend provides. One folder per backend, one table each; every
 * member is mandatory. Ranges are whole pages of the offset space that the caller has
 * checked; errors are negative errno values.
 */
#ifndef MONITOR_BACKEND_BACKEND_H
#define MONITOR_BACKEND_BACKEND_H

#include "../emit.h"
#include "../verify/verify.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct backend {
    const char *name;
    /** What a module's note must say of its code: "sfi" or "plain". */
    const char *code;
    /** True when cubicle code masks its return addresses: saved ones are masked too. */
    bool masks_returns;

    /** Reserves the address space for @ncubicles views. */
    int (*init)(size_t ncubicles);
    /** Address of offset 0 as cubicle @id sees it. */
    uint64_t (*view_base)(unsigned id);
    /** The cubicle in whose view (or the guards around it) @address lies, 0 for none. */
    unsigned (*view_of)(uint64_t address, unsigned running);

    /** Gives @owner fresh, private, zero pages, readable and writable. */
    int (*map)(unsigned owner, uint32_t page, uint32_t npages);
    /** Ends the owner's mapping and drops the contents for good. */
    int (*unmap)(unsigned owner, uint32_t page, uint32_t npages);
    /** Changes the owner's rights (PAGE_*; 0: none). */
    int (*protect)(unsigned owner, uint32_t page, uint32_t npages, unsigned rights);
    /** Lets @peer reach @owner's pages with @rights, at the same offsets. */
    int (*share)(unsigned owner, unsigned peer, uint32_t page, uint32_t npages,
                 unsigned rights);
    /** Ends what share() gave @peer. When it returns, @peer cannot reach the pages. */
    int (*revoke)(unsigned peer, uint32_t page, uint32_t npages);

    /** Decides whether final code may run; see verify_code(). */
    bool (*verify)(const uint8_t *code, size_t len, uint32_t base,
                   const struct verify_policy *policy, struct verify_result *result);
    /** Writes the instructions that switch rights to cubicle @id; may use r10 only. */
    void (*emit_switch)(struct emitter *e, unsigned id);
};

extern const struct backend backend_sfi;
extern const struct backend backend_none;

/** The backend of the running system. */
extern const struct backend *backend;

#endif
