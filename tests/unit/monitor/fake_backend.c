#include "fake_backend.h"
#include "backend/backend.h"
#include "base/page.h"
#include "base/panic.h"
#include "base/thread.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static uint8_t mapped[FAKE_CUBICLES + 1][FAKE_PAGES];

struct fake_calls fake_calls;
_Thread_local struct thread thread_self;
bool fake_fail_map, fake_fail_unmap, fake_fail_protect, fake_fail_share,
    fake_fail_share_many, fake_fail_revoke, fake_fail_split, fake_fail_empty;
jmp_buf fake_panic;
const char *fake_panic_text;

unsigned fake_rights(unsigned id, uint32_t page)
{
    return mapped[id][page - FAKE_FIRST];
}

static int fake_set(bool fail, unsigned id, uint32_t page, uint32_t npages,
                    unsigned rights)
{
    if (fail) {
        return -ENOMEM;
    }
    for (uint32_t p = page; p < page + npages; p++) {
        if (p >= FAKE_FIRST && p - FAKE_FIRST < FAKE_PAGES) {
            mapped[id][p - FAKE_FIRST] = (uint8_t)rights;
        }
    }
    return 0;
}

static int fake_init(const struct monitor_config *config, size_t ncubicles)
{
    (void)config;
    (void)ncubicles;
    return 0;
}

static uint64_t fake_view_base(unsigned id)
{
    return id * (2 * SPACE_SIZE);
}

static unsigned fake_view_of(uint64_t address, unsigned running)
{
    (void)running;
    return (unsigned)(address / (2 * SPACE_SIZE));
}

static int fake_map(unsigned owner, uint32_t page, uint32_t npages)
{
    fake_calls.map++;
    return fake_set(fake_fail_map, owner, page, npages, PAGE_READ | PAGE_WRITE);
}

static int fake_unmap(unsigned owner, uint32_t page, uint32_t npages)
{
    fake_calls.unmap++;
    return fake_set(fake_fail_unmap, owner, page, npages, 0);
}

static int fake_empty(unsigned owner, uint32_t page, uint32_t npages)
{
    (void)owner;
    fake_calls.empty++;
    fake_calls.emptied = page;
    fake_calls.nemptied = npages;
    return fake_fail_empty ? -ENOMEM : 0;
}

static int fake_protect(unsigned owner, uint32_t page, uint32_t npages, unsigned rights)
{
    fake_calls.protect++;
    return fake_set(fake_fail_protect, owner, page, npages, rights);
}

static int fake_share(unsigned owner, unsigned peer, uint32_t page, uint32_t npages,
                      unsigned rights)
{
    (void)owner;
    fake_calls.share++;
    return fake_set(fake_fail_share || (fake_fail_share_many && npages > 1), peer, page,
                    npages, rights);
}

/* Are @page and the next mapped alike? */
static bool fake_alike(unsigned id, uint32_t page)
{
    return page >= FAKE_FIRST && page + 1 < FAKE_FIRST + FAKE_PAGES &&
           fake_rights(id, page) != 0 &&
           fake_rights(id, page) == fake_rights(id, page + 1);
}

static int fake_revoke(unsigned peer, uint32_t page, uint32_t npages)
{
    const bool splits =
        fake_alike(peer, page - 1) || fake_alike(peer, page + npages - 1);

    fake_calls.revoke++;
    return fake_set(fake_fail_revoke || (fake_fail_split && splits), peer, page, npages,
                    0);
}

static bool fake_verify(const uint8_t *code, size_t len, uint32_t base,
                        const struct verify_policy *policy,
                        struct verify_result *result)
{
    (void)code;
    (void)len;
    (void)base;
    (void)policy;
    *result = (struct verify_result){.reason = VERIFY_OK};
    return true;
}

static void fake_emit_switch(struct emitter *e, unsigned id, bool returning)
{
    (void)returning;
    (void)e;
    (void)id;
}

static uint32_t fake_next_hot(unsigned peer, uint32_t page, uint32_t npages)
{
    (void)peer;
    (void)page;
    return npages;
}

static const struct backend backend_fake = {
    .name = "fake",
    .code = "sfi",
    .masks_returns = true,
    .separate_views = true,
    .init = fake_init,
    .view_base = fake_view_base,
    .view_of = fake_view_of,
    .map = fake_map,
    .unmap = fake_unmap,
    .empty = fake_empty,
    .protect = fake_protect,
    .share = fake_share,
    .revoke = fake_revoke,
    .verify = fake_verify,
    .next_hot = fake_next_hot,
    .emit_switch = fake_emit_switch,
};
const struct backend *backend = &backend_fake;

void fake_reset(void)
{
    memset(mapped, 0, sizeof(mapped));
    fake_calls = (struct fake_calls){0};
    fake_fail_map = fake_fail_unmap = fake_fail_protect = false;
    fake_fail_share = fake_fail_share_many = false;
    fake_fail_revoke = fake_fail_split = fake_fail_empty = false;
    fake_panic_text = NULL;
}

void panic(const char *what)
{
    fake_panic_text = what;
    longjmp(fake_panic, 1);
}
