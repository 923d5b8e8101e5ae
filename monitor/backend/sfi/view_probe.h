/* What this machine offers to switch GS, found by trying; and the instructions themselves. */
#ifndef MONITOR_BACKEND_SFI_VIEW_PROBE_H
#define MONITOR_BACKEND_SFI_VIEW_PROBE_H

#include "monitor.h"

#include <stdint.h>

/** The name of each way, as on the command line. */
extern const char *const view_switch_names[];

/** Tries on the calling thread, whose GS becomes @base where that is possible. */
void view_probe(uint64_t base, struct monitor_view_offer *offer);

/** wrgsbase; after view_probe() has said that it executes. */
extern void (*view_write_gs)(uint64_t base);

/** What MONITOR_VIEW_SWITCH_AUTO comes to with @offer. */
enum monitor_view_switch view_best(const struct monitor_view_offer *offer);

static inline uint64_t view_read_gs(void)
{
    uint64_t base;
    __asm__ volatile("rdgsbase %0" : "=r"(base));
    return base;
}

#endif
