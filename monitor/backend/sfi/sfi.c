/*
 * Backend `sfi`: each cubicle has a 4 GiB view of memory, and verified code reaches data
 * only through GS, whose base is the view. A page is mapped in a view only while its
 * cubicle may use it, so the hardware's page tables are the access check.
 *
 * Invariants
 *   S1  Views start at multiples of 4 GiB, 8 GiB apart: more than 4 GiB around each are
 *       never mapped, so a 32-bit displacement from a stack pointer cannot reach another.
 *   S2  Code is mapped at its offset below 2 GiB and in no view.
 *   S3  A page is private memory until it is first lent; then its contents move to the
 *       shared memory file at the file offset equal to its offset.
 */
#include "../../layout.h"
#include "../../page.h"
#include "../backend.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#define VIEW_STRIDE (2 * SPACE_SIZE)

static uint64_t views; /* address of the view of cubicle 0, which does not exist */
static size_t nviews;
static int memory_fd = -1;

static int sfi_init(size_t ncubicles)
{
    if ((getauxval(AT_HWCAP2) & 2) == 0) { /* HWCAP2_FSGSBASE */
        return -ENOTSUP;
    }
    memory_fd = memfd_create("cubicle-pages", MFD_CLOEXEC);
    if (memory_fd < 0 || ftruncate(memory_fd, (off_t)SPACE_SIZE) != 0) {
        return -errno;
    }
    /* One stride before the first view and after the last, and room to align. */
    const uint64_t size = (ncubicles + 3) * VIEW_STRIDE;
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
    views = ((uint64_t)(uintptr_t)base + VIEW_STRIDE) & ~(VIEW_STRIDE - 1);
    nviews = ncubicles;
    return 0;
}

static uint64_t sfi_view_base(unsigned id)
{
    return id == CUBICLE_MONITOR ? 0 : views + id * VIEW_STRIDE;
}

static unsigned sfi_view_of(uint64_t address, unsigned running)
{
    (void)running;
    /* The guard below a view counts as the view's: half a view on either side. */
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

static int sfi_hide(unsigned id, uint32_t page, uint32_t npages)
{
    void *at = mmap(sfi_address(id, page), sfi_size(npages), PROT_NONE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
    return at != MAP_FAILED ? 0 : -errno;
}

/* Private pages are emptied where they are: what is mapped anew would not be joined with
 * its neighbours. First, so that mprotect() finds no page-table entries to change. */
static int sfi_empty(unsigned owner, uint32_t page, uint32_t npages)
{
    void *at = sfi_address(owner, page);
    return madvise(at, sfi_size(npages), MADV_DONTNEED) == 0 &&
                   mprotect(at, sfi_size(npages), PROT_NONE) == 0
               ? 0
               : -errno;
}

static int sfi_forget(unsigned owner, uint32_t page, uint32_t npages)
{
    const int error = sfi_hide(owner, page, npages);
    return error != 0 ||
                   fallocate(memory_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                             (off_t)page << PAGE_SHIFT, (off_t)sfi_size(npages)) == 0
               ? error
               : -errno;
}

static int sfi_unmap(unsigned owner, uint32_t page, uint32_t npages)
{
    const uint32_t end = page + npages;
    int error = 0;
    for (uint32_t p = page, next; error == 0 && p < end; p = next) {
        const bool shared = (page_get(p).flags & PAGE_SHARED) != 0;
        for (next = p + 1; next < end; next++) {
            if (((page_get(next).flags & PAGE_SHARED) != 0) != shared) {
                break;
            }
        }
        error = shared ? sfi_forget(owner, p, next - p) : sfi_empty(owner, p, next - p);
    }
    return error;
}

static int sfi_protect(unsigned owner, uint32_t page, uint32_t npages, unsigned rights)
{
    return mprotect(sfi_address(owner, page), sfi_size(npages), sfi_prot(rights)) == 0
               ? 0
               : -errno;
}

static int sfi_map(unsigned owner, uint32_t page, uint32_t npages)
{
    return sfi_protect(owner, page, npages, PAGE_READ | PAGE_WRITE) == 0 ? 0 : -ENOMEM;
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

static int sfi_map_file(unsigned id, uint32_t page, uint32_t npages, unsigned rights)
{
    void *at = mmap(sfi_address(id, page), sfi_size(npages), sfi_prot(rights),
                    MAP_SHARED | MAP_FIXED | MAP_POPULATE, memory_fd,
                    (off_t)page << PAGE_SHIFT);
    return at != MAP_FAILED ? 0 : -errno;
}

/* S3: moves pages of @owner, all private and with the same rights, into the shared
 * memory file. */
static int sfi_make_shareable(unsigned owner, uint32_t page, uint32_t npages)
{
    int error = sfi_copy_to_file(sfi_address(owner, page), page, npages);
    if (error == 0) {
        error = sfi_map_file(owner, page, npages, page_get(page).rights);
    }
    for (uint32_t p = page; error == 0 && p < page + npages; p++) {
        page_set_flag(p, PAGE_SHARED);
    }
    return error;
}

static int sfi_share(unsigned owner, unsigned peer, uint32_t page, uint32_t npages,
                     unsigned rights)
{
    const uint32_t end = page + npages;
    for (uint32_t p = page; p < end;) {
        const struct page_info info = page_get(p);
        if ((info.flags & PAGE_SHARED) != 0) {
            p++;
            continue;
        }
        uint32_t next = p + 1;
        while (next < end && page_get(next).rights == info.rights &&
               (page_get(next).flags & PAGE_SHARED) == 0) {
            next++;
        }
        const int error = sfi_make_shareable(owner, p, next - p);
        if (error != 0) {
            return error;
        }
        p = next;
    }
    return sfi_map_file(peer, page, npages, rights);
}

static void sfi_emit_switch(struct emitter *e, unsigned id, bool returning)
{
    (void)returning;
    emit_mov_imm64_reg(e, sfi_view_base(id), R10);
    emit_wrgsbase(e, R10);
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
    .protect = sfi_protect,
    .share = sfi_share,
    .revoke = sfi_hide,
    .verify = verify_code,
    BACKEND_MONITOR_LIKE_CUBICLES,
    .emit_switch = sfi_emit_switch,
};
