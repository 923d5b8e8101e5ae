/*
 * Backend `mpk`: one view at address 0, every page tagged with a protection key. PKRU says
 * which keys the running code may use; trampolines switch it. A cubicle that touches a page
 * which is tagged for another traps. Where the cubicle owns the page, or a window allows the
 * access, the page is tagged for it then. notes.md has the mechanism and its invariants.
 */
#include "mpk.h"
#include "base/emit.h"
#include "base/filter.h"
#include "base/layout.h"
#include "base/page.h"
#include "forbidden.h"

#include <cpuid.h>
#include <errno.h>
#include <stdio.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#define HWCAP2_FSGSBASE_BIT 2u

/* XCR0: which register files the kernel has enabled. Only with OSXSAVE, which keys imply. */
static uint32_t mpk_xcr0(void)
{
    uint32_t low, high;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

#define XCR0_APX (1u << 19)
#define RTM_ALWAYS_ABORT (1u << 11) /* edx of leaf 7 */

/*
 * Not where instructions have encodings that forbidden.c does not know: APX writes those of
 * the map 0f without that byte, and has registers that trampolines do not clear. Not where
 * transactions run: one that aborts behind WRPKRU leads around the check (B2).
 */
static bool mpk_supported(void)
{
    unsigned a, b, c, d;
    if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0 || (c & bit_OSPKE) == 0) {
        return false;
    }
    const bool transactions = (b & bit_RTM) != 0 && (d & RTM_ALWAYS_ABORT) == 0;
    return !transactions && (mpk_xcr0() & XCR0_APX) == 0 &&
           (getauxval(AT_HWCAP2) & HWCAP2_FSGSBASE_BIT) != 0;
}

static int mpk_init(const struct monitor_config *config, size_t ncubicles)
{
    (void)config;
    if (!mpk_supported()) {
        return -ENOTSUP;
    }
    const int error = keys_init(ncubicles);
    return error != 0 ? error : scan_process();
}

static uint64_t mpk_view_base(unsigned id)
{
    (void)id;
    return 0;
}

static unsigned mpk_view_of(uint64_t address, unsigned running)
{
    return address < SPACE_SIZE ? running : 0;
}

static int mpk_map(unsigned owner, uint32_t page, uint32_t npages)
{
    return keys_tag(owner, page, npages, PAGE_READ | PAGE_WRITE) == 0 ? 0 : -ENOMEM;
}

static int mpk_unmap(unsigned owner, uint32_t page, uint32_t npages)
{
    (void)owner;
    return keys_drop(page, npages);
}

static int mpk_empty(unsigned owner, uint32_t page, uint32_t npages)
{
    (void)owner;
    return keys_empty(page, npages);
}

static int mpk_protect(unsigned owner, uint32_t page, uint32_t npages, unsigned rights)
{
    const int error = keys_make_room(page);
    return error != 0 ? error : keys_tag(owner, page, npages, rights);
}

/* Gives cubicle @id a key: that of a group of hot windows, before that of another cubicle. */
static int mpk_give_key(unsigned id)
{
    if (keys_of(id) == MPK_KEY_MONITOR && keys_all_taken()) {
        (void)hot_dissolve();
    }
    return keys_give(id);
}

static int mpk_share(unsigned owner, unsigned peer, uint32_t page, uint32_t npages,
                     unsigned rights)
{
    int error = mpk_give_key(peer);
    if (error == 0) {
        error = keys_make_room(page);
    }
    if (error != 0) {
        return error;
    }
    if (npages == 1 && hot_share(owner, peer, page, rights)) {
        return 0;
    }
    return keys_tag(peer, page, npages, rights);
}

static int mpk_revoke(unsigned peer, uint32_t page, uint32_t npages)
{
    const int no_room = keys_make_room(page);
    if (no_room != 0) {
        return no_room;
    }
    for (uint32_t p = page; p < page + npages; p++) {
        const uint32_t first = p;
        const uint32_t closed = hot_close(peer, p, page + npages - p);
        if (closed > 0) {
            p += closed - 1;
            continue;
        }
        while (p < page + npages && (keys_holder(p) == peer || hot_is(peer, p))) {
            p++;
        }
        const int error = p > first ? keys_tag_own(first, p - first) : 0;
        if (error != 0) {
            return error;
        }
        p -= p > first; /* the loop goes on behind it */
    }
    return 0;
}

static int mpk_reclaim(unsigned owner, uint32_t page)
{
    if (owner != CUBICLE_MONITOR && keys_of(owner) == MPK_KEY_MONITOR) {
        return mpk_give_key(owner);
    }
    return keys_reclaim(page);
}

static bool mpk_verify(const uint8_t *code, size_t len, uint32_t base,
                       const struct verify_policy *policy, struct verify_result *result)
{
    const char *name = "";
    (void)base;
    (void)policy;
    const size_t at = forbidden_find(code, len, true, &name);
    *result = (struct verify_result){.reason = VERIFY_OK};
    if (at == len) {
        return true;
    }
    result->reason = VERIFY_UNLISTED;
    result->offset = (uint32_t)at;
    (void)snprintf(result->text, sizeof(result->text),
                   "the bytes of %s, which plain code must not hold at any offset",
                   name);
    return false;
}

/* Where wrpkru was written since the trampoline was begun. */
static const uint8_t *written[16];
static unsigned nwritten;

/* rights_text.S. */
extern const struct emit_text rights_text_open_entered, rights_text_open_returned,
    rights_text_enter, rights_text_leave;
_Static_assert(TEXT_HOST_CALLS == offsetof(struct thread, shown.host_calls),
               "rights_text.S");
_Static_assert(TEXT_RUNNING == offsetof(struct thread, running), "rights_text.S");

/* All steps of @text; each but the first begins with wrpkru. */
static void mpk_emit(struct emitter *e, const struct emit_text *text)
{
    for (unsigned i = 0; i < text->nsteps; i++) {
        if (i > 0 && nwritten < sizeof(written) / sizeof(written[0])) {
            written[nwritten++] = e->at;
        }
        emit_steps(e, text, i, i + 1);
    }
}

/* B1 for what is written here: addresses in it could be anything. */
static bool mpk_accepts(const uint8_t *code, size_t len)
{
    const char *name;
    for (size_t at = 0; (at += forbidden_find(code + at, len - at, true, &name)) < len;
         at++) {
        bool ours = false;
        for (unsigned i = 0; i < nwritten; i++) {
            ours = ours || written[i] == code + at;
        }
        if (!ours) {
            return false;
        }
    }
    return true;
}

static bool mpk_spells(const uint8_t *code, size_t len)
{
    const char *name;
    return forbidden_find(code, len, true, &name) < len;
}

static void mpk_begin_trampoline(void)
{
    nwritten = 0;
}

static void mpk_emit_open(struct emitter *e, bool returning)
{
    mpk_emit(e, returning ? &rights_text_open_returned : &rights_text_open_entered);
}

/* @id is the callee, or, @returning, the caller. */
static void mpk_emit_switch(struct emitter *e, unsigned id, bool returning)
{
    const int32_t rights = THREAD_DISP(shown.rights) + (int32_t)(id * sizeof(uint32_t));
    if (id == CUBICLE_MONITOR) {
        return;
    }
    emit_set(e, EMIT_HOLE(RIGHTS), (uint64_t)rights);
    emit_set(e, EMIT_HOLE(RIGHTS_MASK),
             MPK_RIGHTS(keys_shown, MPK_NO_ACCESS) | MPK_RIGHTS(keys_signal, 3));
    mpk_emit(e, returning ? &rights_text_leave : &rights_text_enter);
}

static bool mpk_is_entry(uint64_t address)
{
    return address >= (uint64_t)(uintptr_t)mpk_entry_begin &&
           address < (uint64_t)(uintptr_t)mpk_entry_end;
}

static void mpk_allow_calls(struct filter *filter)
{
    filter_allow_if(filter, SYS_pkey_mprotect, 2, PROT_EXEC, 0);
}

static const char *mpk_switching(uint64_t *restored)
{
    *restored = 0;
    return "pkru";
}

const struct backend backend_mpk = {
    .name = "mpk",
    .code = "plain",
    .masks_returns = false,
    .checks_copies = true,
    .plain_fenv = true,
    .init = mpk_init,
    .view_base = mpk_view_base,
    .view_of = mpk_view_of,
    .map = mpk_map,
    .unmap = mpk_unmap,
    .empty = mpk_empty,
    .protect = mpk_protect,
    .share = mpk_share,
    .revoke = mpk_revoke,
    .verify = mpk_verify,
    .next_hot = hot_next,
    .reclaim = mpk_reclaim,
    .start_thread = signal_start_thread,
    .signal_entry = signal_entry_for,
    .interrupted_cubicle = signal_interrupted_cubicle,
    .is_entry = mpk_is_entry,
    .continue_as_monitor = signal_continue_as_monitor,
    .begin_trampoline = mpk_begin_trampoline,
    .accepts = mpk_accepts,
    .spells = mpk_spells,
    .emit_open = mpk_emit_open,
    .restore_rights = backend_rights_stay,
    .emit_after_sleep = backend_after_sleep,
    .allow_calls = mpk_allow_calls,
    .emit_switch = mpk_emit_switch,
    .switching = mpk_switching,
};
