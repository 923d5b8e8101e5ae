/* What this machine offers that the isolation backends need. */
#ifndef CLI_PROBE_H
#define CLI_PROBE_H

#include "monitor.h"

#include <stdbool.h>

struct probe {
    struct monitor_view_offer views; /* what switches views */
    bool avx, pku, cpu_pku;
    bool transactions; /* RTM, and it does not always abort */
    bool apx;          /* the kernel has enabled it */
    bool dispatch;     /* syscall user dispatch */
    bool memfd;        /* pages shared between views */
    bool low_memory;   /* offsets from 64 KiB on can be mapped */
    /* by probe_settings() */
    bool seccomp; /* the host call filter */
    long mmap_min_addr;
    int overcommit;     /* vm.overcommit_memory; -1: unknown */
    long max_map_count; /* vm.max_map_count; -1: unknown */
    char thp[64];       /* transparent huge pages: the chosen mode */
};

/** Finds out what decides about the backends. */
void probe_machine(struct probe *probe);

/** And what else is told about the machine. */
void probe_settings(struct probe *probe);

/** Whether `sfi` can run here, and is in this build; else *@reason is a sentence that says why not. */
bool probe_sfi(const struct probe *probe, const char **reason);
bool probe_mpk(const struct probe *probe, const char **reason);

/** Whether `none` can. */
bool probe_none(const struct probe *probe, const char **reason);

/** Whether `ipc` can. */
bool probe_ipc(const struct probe *probe, const char **reason);

#endif
