/*
 * Backend `none`: no isolation. All cubicles share one view at address 0, so that the
 * cost of trampolines and of the whole structure can be measured without that of
 * enforcement. Nothing here stops anybody; `cubicle check` says so.
 */
#include "none.h"
#include "backend/backend.h"
#include "base/layout.h"
#include "base/page.h"

#include <errno.h>
#include <sys/mman.h>

static int none_init(const struct monitor_config *config, size_t ncubicles)
{
    (void)config;
    (void)ncubicles;
    return 0;
}

uint64_t none_view_base(unsigned id)
{
    (void)id;
    return 0;
}

unsigned none_view_of(uint64_t address, unsigned running)
{
    return address < SPACE_SIZE ? running : 0;
}

static void *none_address(uint32_t page)
{
    return (void *)((uintptr_t)page << PAGE_SHIFT);
}

static size_t none_size(uint32_t npages)
{
    return (size_t)npages << PAGE_SHIFT;
}

int none_protect(unsigned owner, uint32_t page, uint32_t npages, unsigned rights)
{
    (void)owner;
    const int prot = (rights & PAGE_READ ? PROT_READ : 0) |
                     (rights & PAGE_WRITE ? PROT_READ | PROT_WRITE : 0);
    return mprotect(none_address(page), none_size(npages), prot) == 0 ? 0 : -errno;
}

int none_map(unsigned owner, uint32_t page, uint32_t npages)
{
    return none_protect(owner, page, npages, PAGE_READ | PAGE_WRITE) == 0 ? 0 : -ENOMEM;
}

int none_unmap(unsigned owner, uint32_t page, uint32_t npages)
{
    (void)owner;
    void *at = mmap(none_address(page), none_size(npages), PROT_NONE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
    return at != MAP_FAILED ? 0 : -errno;
}

int none_empty(unsigned owner, uint32_t page, uint32_t npages)
{
    (void)owner;
    return madvise(none_address(page), none_size(npages), MADV_DONTNEED) == 0 ? 0
                                                                              : -errno;
}

int none_share(unsigned owner, unsigned peer, uint32_t page, uint32_t npages,
               unsigned rights)
{
    (void)owner;
    (void)peer;
    (void)page;
    (void)npages;
    (void)rights;
    return 0; /* everybody reaches everything already */
}

int none_revoke(unsigned peer, uint32_t page, uint32_t npages)
{
    (void)peer;
    (void)page;
    (void)npages;
    return 0;
}

bool none_verify(const uint8_t *code, size_t len, uint32_t base,
                 const struct verify_policy *policy, struct verify_result *result)
{
    (void)code;
    (void)len;
    (void)base;
    (void)policy;
    *result = (struct verify_result){.reason = VERIFY_OK};
    return true; /* plain code cannot be verified, and this backend promises nothing */
}

void none_emit_switch(struct emitter *e, unsigned id, bool returning)
{
    (void)returning;
    (void)e;
    (void)id;
}

static const char *none_switching(uint64_t *restored)
{
    *restored = 0;
    return "none";
}

const struct backend backend_none = {
    .name = "none",
    .code = "plain",
    .masks_returns = false,
    .init = none_init,
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
    BACKEND_RIGHTS_STAY,
    .emit_switch = none_emit_switch,
    .switching = none_switching,
};
