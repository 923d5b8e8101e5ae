/* What backends share that give the monitor no rights of its own. */
#include "backend.h"
#include "base/layout.h"

#include <errno.h>

uint32_t backend_nothing_hot(unsigned peer, uint32_t page, uint32_t npages)
{
    (void)peer;
    (void)page;
    return npages;
}

int backend_nothing_to_reclaim(unsigned owner, uint32_t page)
{
    (void)owner;
    (void)page;
    return -EPERM;
}

int backend_start_thread(void)
{
    return 0;
}

void *backend_signal_entry(int signal, void (*handler)(int, siginfo_t *, void *),
                           void (*stop)(void *, struct cubicle *, const char *))
{
    (void)signal;
    (void)stop;
    return (void *)(uintptr_t)handler;
}

/* Code of cubicles lies below 4 GiB, everything else above. */
bool backend_interrupted_low(const ucontext_t *context)
{
    return (uint64_t)context->uc_mcontext.gregs[REG_RIP] < SPACE_SIZE;
}

bool backend_no_entry(uint64_t address)
{
    (void)address;
    return false;
}

bool backend_rights_stay(const ucontext_t *context, unsigned running, uint64_t address)
{
    (void)context;
    (void)running;
    (void)address;
    return false;
}

void backend_continue(ucontext_t *context)
{
    (void)context;
}

void backend_begin_trampoline(void)
{
}

/* What is there matters only where it can run with more rights than it was reached with. */
bool backend_accepts(const uint8_t *code, size_t len)
{
    (void)code;
    (void)len;
    return true;
}

bool backend_spells_nothing(const uint8_t *code, size_t len)
{
    (void)code;
    (void)len;
    return false;
}

void backend_open(struct emitter *e, bool returning)
{
    (void)e;
    (void)returning;
}

void backend_after_sleep(struct emitter *e, unsigned id)
{
    (void)e;
    (void)id;
}

void backend_allow_no_calls(struct filter *filter)
{
    (void)filter;
}
