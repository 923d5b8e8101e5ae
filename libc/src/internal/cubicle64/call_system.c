/* What a program may ask about the machine: one processor, 4 GiB of address space. */
#define _GNU_SOURCE
#include <sched.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

#include "syscall.h"

long __call_uname(void *name)
{
    struct utsname *u = name;
    memset(u, 0, sizeof *u);
    strcpy(u->sysname, "CubicleOS");
    strcpy(u->nodename, "cubicle");
    strcpy(u->release, "1.0");
    strcpy(u->version, "1");
    strcpy(u->machine, "x86_64");
    return 0;
}

/* Only the monitor knows the quota, so this tells the size of the offset space. */
long __call_sysinfo(void *info)
{
    struct sysinfo *si = info;
    memset(si, 0, sizeof *si);
    si->totalram = si->freeram = 1UL << 20; /* of 4096 bytes */
    si->procs = 1;
    si->mem_unit = 4096;
    return 0;
}

long __call_affinity(int pid, unsigned long size, void *mask)
{
    if (pid != 0 && pid != 1) {
        return -ESRCH;
    }
    if (size < sizeof(long)) {
        return -EINVAL;
    }
    *(unsigned long *)mask = 1;
    return sizeof(long);
}

long __call_getcpu(unsigned *cpu, unsigned *node)
{
    if (cpu) {
        *cpu = 0;
    }
    if (node) {
        *node = 0;
    }
    return 0;
}

/* A barrier orders the accesses of several threads. There is one, so there is nothing to do. */
long __call_membarrier(int command)
{
    const int offered = 1 | 2 | 4 | 8 | 16; /* GLOBAL, and both expedited with REGISTER */
    if (command == 0) {
        return offered; /* MEMBARRIER_CMD_QUERY */
    }
    return command & offered && !(command & (command - 1)) ? 0 : -EINVAL;
}

long __call_getresid(void *real, void *effective, void *saved)
{
    *(unsigned *)real = *(unsigned *)effective = *(unsigned *)saved = 0;
    return 0;
}
