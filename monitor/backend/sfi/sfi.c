/*
 * Backend `sfi`: each cubicle has a 4 GiB view of memory, and verified code reaches data
 * only through GS, whose base is the view. A page is mapped in a view only while its
 * cubicle may use it, so the hardware's page tables are the access check.
 *
 * Invariants
 *   S1  Views start at multiples of 4 GiB, 8 GiB apart: more than 4 GiB around each are
 *       never mapped, so a 32-bit displacement from a stack pointer cannot reach another.
 *       The first is nobody's: the park (view_switch.h).
 *   S2  Code is mapped at its offset below 2 GiB and in no view but the low one.
 *   S3  A page is private memory until it is first lent, or comes to a place of its owner's
 *       view that was lent before (VM1); its contents are in the shared memory file then.
 *   S4  One cubicle's view may be the low 4 GiB themselves, since a base that is not 0
 *       costs a cycle at each load. It can read, never write, the code of all modules and
 *       the stubs, and nothing else that is not its own: no other page is mapped there.
 *       Nothing is mapped from 4 GiB to 8 GiB + 64 KiB, and what lies below 0 is the
 *       kernel's half of the addresses, which traps. Not where views are switched by
 *       arch_prctl: some kernels do not put a base of 0 back (view_switch.h, GS4).
 */
#include "backend/backend.h"
#include "base/layout.h"
#include "base/page.h"
#include "base/panic.h"
#include "view_map.h"
#include "view_switch.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define VIEW_STRIDE (2 * SPACE_SIZE)

static uint64_t
    views; /* address of the view of cubicle 0, which does not exist: the park */
static size_t nviews;
static unsigned low; /* the cubicle whose view is at address 0 (S4); 0: none */
static int memory_fd = -1;

/* S4 */
static int sfi_init_low(const struct monitor_config *config)
{
    if (config->low_view == NULL || !view_switch_keeps_zero()) {
        return 0;
    }
    for (size_t i = 0; i < config->ncubicles; i++) {
        if (strcmp(config->cubicles[i].name, config->low_view) == 0) {
            low = (unsigned)i + 1;
        }
    }
    void *behind =
        mmap((void *)(uintptr_t)SPACE_SIZE, SPACE_SIZE + SPACE_GUARD, PROT_NONE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    if (behind == MAP_FAILED) {
        return -errno;
    }
    return behind == (void *)(uintptr_t)SPACE_SIZE ? 0 : -EEXIST;
}

static int sfi_init(const struct monitor_config *config, size_t ncubicles)
{
    memory_fd = memfd_create("cubicle-pages", MFD_CLOEXEC);
    if (memory_fd < 0 || ftruncate(memory_fd, (off_t)SPACE_SIZE) != 0) {
        return -errno;
    }
    /* The park, one stride before it and after the last view, and room to align. */
    const uint64_t size = (ncubicles + 4) * VIEW_STRIDE;
    void *base =
        mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED) {
        return -errno;
    }
    /* The host joins neighbours that are alike again (P5) only where both come of memory
     * that was in use already: so one page is, before the views are cut into pieces. */
    if (mprotect(base, PAGE_SIZE, PROT_READ | PROT_WRITE) != 0) {
        return -errno;
    }
    *(volatile char *)base = 0;
    if (mprotect(base, PAGE_SIZE, PROT_NONE) != 0) {
        return -errno;
    }
    views = ((uint64_t)(uintptr_t)base + 2 * VIEW_STRIDE) & ~(VIEW_STRIDE - 1);
    nviews = ncubicles;
    int error = view_map_init();
    if (error == 0) {
        error = view_switch_init(config->view_switch, views);
    }
    return error != 0 ? error : sfi_init_low(config);
}

static uint64_t sfi_view_base(unsigned id)
{
    return low != 0 && id == low ? 0 : views + id * VIEW_STRIDE;
}

static unsigned sfi_view_of(uint64_t address, unsigned running)
{
    (void)running;
    /* The guard below a view counts as the view's: half a view on either side. */
    if (low != 0 && address + SPACE_SIZE / 2 < 2 * SPACE_SIZE) {
        return low;
    }
    const uint64_t id = (address + SPACE_SIZE / 2 - views) / VIEW_STRIDE;
    return address + SPACE_SIZE / 2 >= views && id >= 1 && id <= nviews ? (unsigned)id
                                                                        : 0;
}

static void *sfi_address(unsigned id, uint32_t page)
{
    return (void *)(uintptr_t)(sfi_view_base(id) + ((uint64_t)page << PAGE_SHIFT));
}

static size_t sfi_size(uint32_t npages)
{
    return (size_t)npages << PAGE_SHIFT;
}

static int sfi_prot(unsigned rights)
{
    return (rights & PAGE_READ ? PROT_READ : 0) |
           (rights & PAGE_WRITE ? PROT_READ | PROT_WRITE : 0);
}

static void *sfi_map_at(unsigned id, uint32_t page, uint32_t npages, unsigned rights,
                        int flags)
{
    return mmap(sfi_address(id, page), sfi_size(npages), sfi_prot(rights),
                MAP_SHARED | MAP_FIXED | flags, memory_fd, (off_t)page << PAGE_SHIFT);
}

/* A page of the view's own without rights is none: it has contents. The low view has code, too,
 * which is not counted. */
static bool sfi_is_gap(unsigned id, uint32_t page)
{
    const struct page_info info = page_get(page);
    return view_map_is_gap(id, page) && info.owner != id && info.kind != PAGE_CODE &&
           info.kind != PAGE_STUB;
}

/* Where no page is, the view can as well lie in the file: then what was lent there, here and
 * there, does not stay mappings of their own. */
static void sfi_fill_gaps(unsigned id)
{
    const uint32_t end = page_of(HEAP_END);
    for (uint32_t p = page_of(MODULES_START), n; p < end; p += n) {
        for (n = 0; p + n < end && sfi_is_gap(id, p + n); n++) {
        }
        if (n == 0) {
            n = 1;
        } else if (sfi_map_at(id, p, n, 0, 0) != MAP_FAILED) {
            view_map_set(id, p, n, 0, VIEW_FILE);
        }
    }
}

/* VM3 */
static bool sfi_may(unsigned id, uint32_t page, uint32_t npages, unsigned rights,
                    unsigned how)
{
    if (view_map_may(id, page, npages, rights, how)) {
        return true;
    }
    sfi_fill_gaps(id);
    return view_map_may(id, page, npages, rights, how);
}

static int sfi_protect(unsigned id, uint32_t page, uint32_t npages, unsigned rights)
{
    if (!sfi_may(id, page, npages, rights, 0)) {
        return -ENOMEM;
    }
    if (mprotect(sfi_address(id, page), sfi_size(npages), sfi_prot(rights)) != 0) {
        return -errno;
    }
    view_map_set(id, page, npages, rights, 0);
    return 0;
}

/* Places in the file, with @rights; @flags of mmap(). */
static int sfi_map_file(unsigned id, uint32_t page, uint32_t npages, unsigned rights,
                        unsigned how, int flags)
{
    if (!sfi_may(id, page, npages, rights, VIEW_FILE | how)) {
        return -ENOMEM;
    }
    if (sfi_map_at(id, page, npages, rights, flags) == MAP_FAILED) {
        return -errno;
    }
    view_map_set(id, page, npages, rights, VIEW_FILE | how);
    return 0;
}

/* S3 */
static void sfi_mark_shared(uint32_t page, uint32_t npages)
{
    for (uint32_t p = page; p < page + npages; p++) {
        page_set_flag(p, PAGE_SHARED);
    }
}

static int sfi_revoke(unsigned peer, uint32_t page, uint32_t npages)
{
    return sfi_protect(peer, page, npages, 0);
}

static int sfi_empty_file(uint32_t page, uint32_t npages)
{
    return fallocate(memory_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                     (off_t)page << PAGE_SHIFT, (off_t)sfi_size(npages)) == 0
               ? 0
               : -errno;
}

static int sfi_empty_private(unsigned owner, uint32_t page, uint32_t npages)
{
    return madvise(sfi_address(owner, page), sfi_size(npages), MADV_DONTNEED) == 0
               ? 0
               : -errno;
}

static uint32_t sfi_alike(unsigned owner, uint32_t page, uint32_t end)
{
    const bool file = view_map_is_file(owner, page);
    uint32_t next = page + 1;
    while (next < end && view_map_is_file(owner, next) == file) {
        next++;
    }
    return next;
}

static int sfi_empty(unsigned owner, uint32_t page, uint32_t npages)
{
    const uint32_t end = page + npages;
    for (uint32_t p = page, next; p < end; p = next) {
        next = sfi_alike(owner, p, end);
        const int error = view_map_is_file(owner, p)
                              ? sfi_empty_file(p, next - p)
                              : sfi_empty_private(owner, p, next - p);
        if (error != 0) {
            return error;
        }
    }
    return 0;
}

/* Emptied first, so that mprotect() finds no page-table entries to change. */
static int sfi_unmap(unsigned owner, uint32_t page, uint32_t npages)
{
    if (!sfi_may(owner, page, npages, 0, 0)) {
        return -ENOMEM;
    }
    const int error = sfi_empty(owner, page, npages);
    return error != 0 ? error : sfi_protect(owner, page, npages, 0);
}

/* Where one place lies in the file all do from now on: the pages are alike then, and one run. */
static int sfi_map(unsigned owner, uint32_t page, uint32_t npages)
{
    const unsigned both = PAGE_READ | PAGE_WRITE;
    bool file = false;
    for (uint32_t p = page; p < page + npages; p++) {
        file |= view_map_is_file(owner, p);
    }
    if (!file) {
        return sfi_protect(owner, page, npages, both) == 0 ? 0 : -ENOMEM;
    }
    if (sfi_map_file(owner, page, npages, both, 0, 0) != 0) {
        return -ENOMEM;
    }
    sfi_mark_shared(page, npages);
    return 0;
}

/* Writes @npages pages at @from to the shared memory file. */
static int sfi_copy_to_file(const char *from, uint32_t page, uint32_t npages)
{
    size_t left = sfi_size(npages);
    off_t offset = (off_t)page << PAGE_SHIFT;
    while (left > 0) {
        const ssize_t n = pwrite(memory_fd, from, left, offset);
        if (n <= 0) {
            return -ENOMEM;
        }
        from += n;
        offset += n;
        left -= (size_t)n;
    }
    return 0;
}

/* S3: moves pages of @owner, all private and with the same rights, into the shared
 * memory file. */
static int sfi_make_shareable(unsigned owner, uint32_t page, uint32_t npages)
{
    int error = sfi_copy_to_file(sfi_address(owner, page), page, npages);
    if (error == 0) {
        error =
            sfi_map_file(owner, page, npages, page_get(page).rights, 0, MAP_POPULATE);
    }
    /* While a page is private, its place in the file is empty: its next owner may use it. */
    if (error != 0 && sfi_empty_file(page, npages) != 0) {
        panic("the host cannot empty a page");
    }
    if (error == 0) {
        sfi_mark_shared(page, npages);
    }
    return error;
}

static bool sfi_is_private(unsigned owner, uint32_t page, const struct page_info *like)
{
    const struct page_info info = page_get(page);
    return info.owner == owner && info.kind == like->kind &&
           info.rights == like->rights && !view_map_is_file(owner, page);
}

/* P5: a peer that touches lent pages here and there must not use up the runs of their owner.
 * When half of the owner's runs are in use, all private pages around [*@page, *@end) that are
 * alike go to the file together: then the owner has no more runs than before. */
static void sfi_widen(unsigned owner, uint32_t *page, uint32_t *end)
{
    const struct page_info like = page_get(*page);
    if (page_may_split(owner, page_run_limit() / 2)) {
        return;
    }
    while (*page > 0 && sfi_is_private(owner, *page - 1, &like)) {
        --*page;
    }
    while (*end < PAGE_COUNT && sfi_is_private(owner, *end, &like)) {
        ++*end;
    }
}

static int sfi_share(unsigned owner, unsigned peer, uint32_t page, uint32_t npages,
                     unsigned rights)
{
    const uint32_t end = page + npages;
    for (uint32_t p = page; p < end;) {
        const struct page_info info = page_get(p);
        if (view_map_is_file(owner, p)) {
            p++;
            continue;
        }
        uint32_t next = p + 1;
        while (next < end && page_get(next).rights == info.rights &&
               !view_map_is_file(owner, next)) {
            next++;
        }
        uint32_t first = p;
        sfi_widen(owner, &first, &next);
        const int error = sfi_make_shareable(owner, first, next - first);
        if (error != 0) {
            return error;
        }
        p = next;
    }
    return sfi_map_file(peer, page, npages, rights, VIEW_LENT, MAP_POPULATE);
}

static void sfi_emit_switch(struct emitter *e, unsigned id, bool returning)
{
    view_switch_emit(e, sfi_view_base(id), returning);
}

static void sfi_emit_after_sleep(struct emitter *e, unsigned id)
{
    view_switch_emit_again(e, sfi_view_base(id));
}

static bool sfi_restore_rights(const ucontext_t *context, unsigned running,
                               uint64_t address)
{
    return view_switch_heal(context, address, sfi_view_base(running));
}

const struct backend backend_sfi = {
    .name = "sfi",
    .code = "sfi",
    .masks_returns = true,
    .separate_views = true,
    .init = sfi_init,
    .view_base = sfi_view_base,
    .view_of = sfi_view_of,
    .map = sfi_map,
    .unmap = sfi_unmap,
    .empty = sfi_empty,
    .protect = sfi_protect,
    .share = sfi_share,
    .revoke = sfi_revoke,
    .verify = verify_code,
    .start_thread = view_switch_start_thread,
    BACKEND_MONITOR_LIKE_CUBICLES,
    .restore_rights = sfi_restore_rights,
    .emit_switch = sfi_emit_switch,
    .emit_after_sleep = sfi_emit_after_sleep,
    .allow_calls = view_switch_allow,
    .switching = view_switch_name,
};
