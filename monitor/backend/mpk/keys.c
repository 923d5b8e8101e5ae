/*
 * Keys and the pages that carry them.
 *
 * Invariants
 *   K1  A page carries the key of its owner, or of the one other cubicle that it is tagged
 *       for, or, where that one has no key at the moment, the monitor's.
 *   K2  rights[id] opens the key of cubicle id, the two shared keys, and nothing else.
 *   K3  A key is given to another cubicle only after no page carries it.
 *   K4  A cubicle's pages that are tagged for others form no more runs (neighbours with the
 *       same tag and rights) than its part of the host's mappings allows (P5). Before
 *       there could be more all of them become their owner's again.
 */
#include "base/counters.h"
#include "base/cubicle.h"
#include "base/page.h"
#include "mpk.h"

#include <errno.h>
#include <sys/mman.h>

#define NKEYS 16

int keys_shown, keys_signal;

static int pool[NKEYS]; /* keys for cubicles */
static unsigned npool;
static unsigned user[NKEYS];            /* of pool[i]; 0: nobody */
static uint8_t key_of[CUBICLE_MAX + 1]; /* index into pool + 1; 0: none */
static uint64_t given[CUBICLE_MAX + 1]; /* when it last got one */
static uint64_t clock_of_gifts;
static uint16_t holders[PAGE_COUNT];   /* the peer that a page is tagged for; 0: none */
static uint32_t runs[CUBICLE_MAX + 1]; /* of K4, by owner */

/* In holders[]: tagged for reading only. */
#define READ_ONLY 0x4000u

/* Where to look for the pages of a cubicle: a bit for each block that ever had one. */
#define BLOCK_PAGES 1024u
#define NBLOCKS (PAGE_COUNT / BLOCK_PAGES)
static uint8_t blocks[CUBICLE_MAX + 1][NBLOCKS / 8];

int keys_of(unsigned id)
{
    return key_of[id] != 0 ? pool[key_of[id] - 1] : MPK_KEY_MONITOR;
}

unsigned keys_holder(uint32_t page)
{
    return holders[page] & ~READ_ONLY;
}

static uint32_t keys_rights(unsigned id)
{
    uint32_t open = MPK_RIGHTS(keys_signal, 3) | MPK_RIGHTS(keys_shown, 3);
    if (key_of[id] != 0) {
        open |= MPK_RIGHTS(keys_of(id), 3);
    }
    return hot_rights(id,
                      (MPK_RIGHTS_NONE & ~open) | MPK_RIGHTS(keys_shown, MPK_NO_WRITE));
}

int keys_init(size_t ncubicles)
{
    keys_shown = pkey_alloc(0, 0);
    keys_signal = pkey_alloc(0, 0);
    if (keys_shown != 1 || keys_signal != 2) { /* entry.S knows the numbers */
        return -ENOTSUP;
    }
    int key;
    while (npool < NKEYS && (key = pkey_alloc(0, 0)) >= 0) {
        pool[npool++] = key;
    }
    if (npool < 2) {
        return -ENOTSUP;
    }
    for (unsigned id = 1; id <= ncubicles; id++) {
        thread_self.shown.rights[id] = keys_rights(id);
    }
    return 0;
}

static int keys_set(uint32_t page, uint32_t npages, unsigned rights, int key)
{
    const int prot = (rights & PAGE_READ ? PROT_READ : 0) |
                     (rights & PAGE_WRITE ? PROT_READ | PROT_WRITE : 0);
    void *at = (void *)((uintptr_t)page << PAGE_SHIFT);
    cubicle_get(page_get(page).owner)->retags++;
    return pkey_mprotect(at, (size_t)npages << PAGE_SHIFT, prot, key) == 0 ? 0 : -errno;
}

/* A page that is tagged for a peer does not change its owner. */
static bool keys_begins_run(uint32_t page)
{
    return holders[page] != 0 && (page == 0 || holders[page] != holders[page - 1] ||
                                  page_get(page).owner != page_get(page - 1).owner);
}

/* Adds the runs that begin in the range or right behind it, or with @sign -1 takes them
 * off. */
static void keys_count_runs(uint32_t page, uint32_t npages, int sign)
{
    for (uint32_t p = page; p <= page + npages && p < PAGE_COUNT; p++) {
        if (keys_begins_run(p)) {
            runs[page_get(p).owner] += (uint32_t)sign;
        }
    }
}

static void keys_hold(unsigned holder, uint32_t page, uint32_t npages)
{
    keys_count_runs(page, npages, -1);
    for (uint32_t p = page; p < page + npages; p++) {
        const unsigned before = holders[p];
        holders[p] = (uint16_t)holder;
        if (before >= KEYS_HOT) {
            hot_left(before);
        }
    }
    keys_count_runs(page, npages, 1);
}

void keys_refresh(unsigned id)
{
    thread_self.shown.rights[id] = keys_rights(id);
}

int keys_pool(unsigned index)
{
    return pool[index];
}

static int keys_find_free(void)
{
    for (unsigned i = 0; i < npool; i++) {
        if (user[i] == 0) {
            return (int)i;
        }
    }
    return -1;
}

bool keys_all_taken(void)
{
    return keys_find_free() < 0;
}

bool keys_borrow(unsigned *index)
{
    const int free = keys_find_free();
    if (free >= 0) {
        user[free] = KEYS_HOT;
        *index = (unsigned)free;
    }
    return free >= 0;
}

void keys_return(unsigned index)
{
    user[index] = 0;
}

int keys_tag_group(unsigned holder, unsigned index, uint32_t page)
{
    const int error = keys_set(page, 1, page_get(page).rights, pool[index]);
    if (error == 0) {
        keys_hold(holder, page, 1);
    }
    return error;
}

static void keys_note(unsigned id, uint32_t page, uint32_t npages)
{
    for (uint32_t b = page / BLOCK_PAGES; b <= (page + npages - 1) / BLOCK_PAGES; b++) {
        blocks[id][b / 8] |= (uint8_t)(1u << b % 8);
    }
}

int keys_tag(unsigned id, uint32_t page, uint32_t npages, unsigned rights)
{
    keys_note(id, page, npages);
    const int error = keys_set(page, npages, rights, keys_of(id));
    if (error == 0 && page_get(page).owner == id) {
        keys_hold(0, page, npages);
    } else if (error == 0) {
        keys_hold((rights & PAGE_WRITE) != 0 ? id : id | READ_ONLY, page, npages);
    }
    return error;
}

int keys_tag_own(uint32_t page, uint32_t npages)
{
    const uint32_t end = page + npages;
    while (page < end) {
        const struct page_info info = page_get(page);
        uint32_t next = page + 1;
        while (next < end && page_get(next).owner == info.owner &&
               page_get(next).rights == info.rights) {
            next++;
        }
        const int error = keys_tag(info.owner, page, next - page, info.rights);
        if (error != 0) {
            return error;
        }
        page = next;
    }
    return 0;
}

int keys_reclaim(uint32_t page)
{
    if (holders[page] == 0) {
        return -EPERM;
    }
    const int error = keys_make_room(page);
    return error != 0 ? error : keys_tag_own(page, 1);
}

int keys_empty(uint32_t page, uint32_t npages)
{
    void *at = (void *)((uintptr_t)page << PAGE_SHIFT);
    return madvise(at, (size_t)npages << PAGE_SHIFT, MADV_DONTNEED) == 0 ? 0 : -errno;
}

int keys_drop(uint32_t page, uint32_t npages)
{
    void *at = (void *)((uintptr_t)page << PAGE_SHIFT);
    const size_t size = (size_t)npages << PAGE_SHIFT;
    /* Not a new mapping: the host would not join it with its neighbours for ever. */
    if (pkey_mprotect(at, size, PROT_NONE, MPK_KEY_MONITOR) != 0) {
        return -errno;
    }
    const int error = keys_empty(page, npages);
    if (error == 0) {
        keys_hold(0, page, npages);
    }
    return error;
}

static bool keys_carries(uint32_t page, unsigned id)
{
    const struct page_info info = page_get(page);
    const bool tagged = info.kind == PAGE_RODATA || info.kind == PAGE_DATA ||
                        info.kind == PAGE_HEAP || info.kind == PAGE_STACK;
    return tagged && (holders[page] != 0 ? keys_holder(page) : info.owner) == id;
}

static bool keys_is_away(uint32_t page, unsigned owner)
{
    return holders[page] != 0 && page_get(page).owner == owner;
}

static int keys_tag_block(unsigned id, bool (*which)(uint32_t, unsigned), uint32_t page)
{
    const uint32_t end = page + BLOCK_PAGES;
    while (page < end) {
        const uint32_t first = page++;
        if (!which(first, id)) {
            continue;
        }
        while (page < end && which(page, id)) {
            page++;
        }
        const int error = keys_tag_own(first, page - first);
        if (error != 0) {
            return error;
        }
    }
    return 0;
}

/* Tags, as their owner's, all pages for which @which(page, @id). */
static int keys_tag_all(unsigned id, bool (*which)(uint32_t, unsigned))
{
    for (uint32_t b = 0; b < NBLOCKS; b++) {
        const int error = (blocks[id][b / 8] >> b % 8 & 1) != 0
                              ? keys_tag_block(id, which, b * BLOCK_PAGES)
                              : 0;
        if (error != 0) {
            return error;
        }
    }
    return 0;
}

int keys_make_room(uint32_t page)
{
    const unsigned owner = page_get(page).owner;
    const uint32_t limit = page_run_limit();
    return runs[owner] < limit && limit - runs[owner] >= 2
               ? 0
               : keys_tag_all(owner, keys_is_away);
}

/* Counts how often each cubicle was called since it was last asked. */
static void keys_count_calls(uint64_t calls[CUBICLE_MAX + 1])
{
    static uint64_t before[CUBICLE_MAX + 1];
    uint64_t now[CUBICLE_MAX + 1];
    counters_calls(now);
    for (unsigned id = 1; id <= CUBICLE_MAX; id++) {
        calls[id] = now[id] - before[id];
        before[id] = now[id];
    }
}

/* The cubicle that is to lose its key: not the running one, nor @wants, which needs one; of those
 * called least since the last time, the one that has had its key longest. */
static unsigned keys_victim(unsigned wants)
{
    uint64_t calls[CUBICLE_MAX + 1];
    unsigned victim = 0;
    keys_count_calls(calls);
    for (unsigned i = 0; i < npool; i++) {
        const unsigned id = user[i];
        if (id == thread_self.running || id == wants || id >= KEYS_HOT) {
            continue;
        }
        if (victim == 0 || calls[id] < calls[victim] ||
            (calls[id] == calls[victim] && given[id] < given[victim])) {
            victim = id;
        }
    }
    return victim;
}

static int keys_take(unsigned wants)
{
    const int free = keys_find_free();
    if (free >= 0) {
        return free;
    }
    const unsigned victim = keys_victim(wants);
    if (victim == 0) {
        return -ENOMEM;
    }
    const unsigned index = key_of[victim] - 1u;
    key_of[victim] = 0;
    const int error = keys_tag_all(victim, keys_carries);
    if (error != 0) {
        key_of[victim] = (uint8_t)(index + 1);
        return error;
    }
    keys_refresh(victim);
    user[index] = 0;
    return (int)index;
}

int keys_give(unsigned id)
{
    if (key_of[id] != 0) {
        return 0;
    }
    const int index = keys_take(id);
    if (index < 0) {
        return index;
    }
    user[index] = id;
    key_of[id] = (uint8_t)(index + 1);
    given[id] = ++clock_of_gifts;
    keys_refresh(id);
    return keys_tag_all(id, keys_carries);
}
