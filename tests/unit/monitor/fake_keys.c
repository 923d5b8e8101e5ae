/*
 * Backend `mpk` on keys that are played: a table says which key and rights the host gave a
 * page, and what a cubicle could reach is worked out from that and its PKRU as a CPU would.
 */
#include "backend/mpk/forbidden.h"
#include "backend/mpk/mpk.h"
#include "base/page.h"
#include "base/panic.h"
#include "call/trampoline.h"
#include "fake_backend.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

/* Of the process, by the build: few, so that cubicles, or groups of hot.c, fight for them. */
#ifndef KEYS
#define KEYS 9
#endif

static struct {
    uint8_t key, rights;
} hardware[FAKE_PAGES];
static int keys_allocated;
static bool refuse;

struct fake_calls fake_calls;
bool fake_fail_map, fake_fail_unmap, fake_fail_protect, fake_fail_share,
    fake_fail_share_many, fake_fail_revoke;
jmp_buf fake_panic;
const char *fake_panic_text;
_Thread_local struct thread thread_self;
const char mpk_entry_begin[1], mpk_entry_end[1];
const struct backend *backend;
static struct backend table;

int pkey_alloc(unsigned flags, unsigned rights)
{
    (void)flags;
    (void)rights;
    if (keys_allocated == KEYS) {
        errno = ENOSPC;
        return -1;
    }
    return ++keys_allocated;
}

int pkey_mprotect(void *at, size_t size, int prot, int key)
{
    const uint32_t page = page_of((uintptr_t)at);
    if (refuse) {
        errno = ENOMEM;
        return -1;
    }
    for (uint32_t p = page; p < page + page_of(size); p++) {
        hardware[p - FAKE_FIRST].key = (uint8_t)key;
        hardware[p - FAKE_FIRST].rights =
            (uint8_t)((prot & PROT_READ ? PAGE_READ : 0) |
                      (prot & PROT_WRITE ? PAGE_WRITE : 0));
    }
    return 0;
}

static uint32_t emptied, nemptied; /* pages, last */

int madvise(void *at, size_t size, int advice)
{
    emptied = page_of((uintptr_t)at);
    nemptied = page_of(size);
    return advice == MADV_DONTNEED ? 0 : -1;
}

/* P3: what is given up is emptied. */
static int fake_unmap(unsigned owner, uint32_t page, uint32_t npages)
{
    nemptied = 0;
    const int error = backend_mpk.unmap(owner, page, npages);
    if (error == 0 && (emptied != page || nemptied != npages)) {
        panic("pages keep their contents");
    }
    return error;
}

unsigned fake_rights(unsigned id, uint32_t page)
{
    const unsigned key = hardware[page - FAKE_FIRST].key;
    const uint32_t bits = thread_self.shown.rights[id] >> 2 * key & 3;
    return (bits & MPK_NO_ACCESS) != 0  ? 0
           : (bits & MPK_NO_WRITE) != 0 ? hardware[page - FAKE_FIRST].rights & PAGE_READ
                                        : hardware[page - FAKE_FIRST].rights;
}

unsigned fake_mappings(uint32_t page, uint32_t npages)
{
    unsigned n = 1;
    for (uint32_t i = page - FAKE_FIRST + 1; i < page - FAKE_FIRST + npages; i++) {
        n += hardware[i].key != hardware[i - 1].key ||
             hardware[i].rights != hardware[i - 1].rights;
    }
    return n;
}

static int fake_share(unsigned owner, unsigned peer, uint32_t page, uint32_t npages,
                      unsigned rights)
{
    refuse = fake_fail_share;
    const int error = backend_mpk.share(owner, peer, page, npages, rights);
    refuse = false;
    return error;
}

void fake_reset(void)
{
    memset(hardware, 0, sizeof(hardware));
    table = backend_mpk;
    table.share = fake_share;
    table.unmap = fake_unmap;
    backend = &table;
    fake_fail_share = false;
    if (keys_allocated == 0 && keys_init(FAKE_CUBICLES) != 0) {
        panic("no keys");
    }
}

void panic(const char *what)
{
    fake_panic_text = what;
    longjmp(fake_panic, 1);
}

/* What mpk.c and keys.c ask of others. */
int32_t thread_disp(void)
{
    return 0;
}

int scan_process(void)
{
    return 0;
}

size_t forbidden_find(const uint8_t *code, size_t len, bool calls, const char **name)
{
    (void)code;
    (void)calls;
    (void)name;
    return len;
}

int signal_start_thread(void)
{
    return 0;
}

void *signal_entry_for(int signal, void (*handler)(int, siginfo_t *, void *),
                       void (*stop)(void *, struct cubicle *, const char *))
{
    (void)stop;
    (void)signal;
    (void)handler;
    return NULL;
}

bool signal_interrupted_cubicle(const ucontext_t *context)
{
    (void)context;
    return false;
}

void signal_continue_as_monitor(ucontext_t *context)
{
    (void)context;
}
