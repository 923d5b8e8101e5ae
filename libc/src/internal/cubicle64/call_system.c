/* What a program may ask about the machine: one processor, 4 GiB of address space,
 * fixed limits. */
#define _GNU_SOURCE
#include <sched.h>
#include <string.h>
#include <sys/resource.h>
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

/* The quota is the monitor's to know; this is the size of the offset space. */
long __call_sysinfo(void *info)
{
    struct sysinfo *si = info;
    memset(si, 0, sizeof *si);
    si->totalram = si->freeram = 1UL << 20; /* of 4096 bytes */
    si->procs = 1;
    si->mem_unit = 4096;
    return 0;
}

/* Limits are read-only: a value that differs is refused, because nothing would enforce
 * it. */
long __call_rlimit(int resource, const void *set, void *get)
{
    struct rlimit now = {RLIM_INFINITY, RLIM_INFINITY};
    if (resource < 0 || resource >= RLIM_NLIMITS) {
        return -EINVAL;
    }
    if (resource == RLIMIT_NOFILE) {
        now = (struct rlimit){1024, 1024};
    } else if (resource == RLIMIT_STACK) {
        now = (struct rlimit){8 << 20, 8 << 20};
    } else if (resource == RLIMIT_CORE || resource == RLIMIT_MEMLOCK) {
        now = (struct rlimit){0, 0};
    }
    if (set && memcmp(set, &now, sizeof now)) {
        return -EPERM;
    }
    if (get) {
        memcpy(get, &now, sizeof now);
    }
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

long __call_getresid(void *real, void *effective, void *saved)
{
    *(unsigned *)real = *(unsigned *)effective = *(unsigned *)saved = 0;
    return 0;
}
