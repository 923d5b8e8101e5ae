#include "probe.h"

#include <cpuid.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <linux/seccomp.h>

#ifndef PR_SET_SYSCALL_USER_DISPATCH
#define PR_SET_SYSCALL_USER_DISPATCH 59
#define PR_SYS_DISPATCH_OFF 0
#endif

#define PROBE_LOWEST_OFFSET 65536

static bool read_line(const char *path, char *line, size_t size)
{
    FILE *file = fopen(path, "re");
    const bool ok = file != NULL && fgets(line, (int)size, file) != NULL;

    if (file != NULL) {
        fclose(file);
    }
    if (ok) {
        line[strcspn(line, "\n")] = '\0';
    }
    return ok;
}

static long read_number(const char *path)
{
    char line[64];

    return read_line(path, line, sizeof(line)) ? strtol(line, NULL, 10) : -1;
}

/* "always [madvise] never": the word in brackets. */
static void read_thp(char *mode, size_t size)
{
    char line[128];

    snprintf(mode, size, "unknown");
    if (read_line("/sys/kernel/mm/transparent_hugepage/enabled", line, sizeof(line))) {
        const char *begin = strchr(line, '[');
        const char *end = begin != NULL ? strchr(begin, ']') : NULL;
        if (end != NULL) {
            snprintf(mode, size, "%.*s", (int)(end - begin - 1), begin + 1);
        }
    }
}

static bool has_memfd(void)
{
    const int fd = memfd_create("probe", MFD_CLOEXEC);

    if (fd >= 0) {
        close(fd);
    }
    return fd >= 0;
}

/* A filter that cannot be read tells by EFAULT that filters are known. */
static bool has_seccomp(void)
{
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL) == -1 && errno == EFAULT;
}

/* Turning off what is not on works where it is known. */
static bool has_dispatch(void)
{
    return prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_OFF, 0, 0, 0) == 0;
}

static bool can_map_low(void)
{
    void *at = (void *)PROBE_LOWEST_OFFSET;
    void *page = mmap(at, 4096, PROT_NONE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

    if (page != MAP_FAILED) {
        munmap(page, 4096);
    }
    return page == at || errno == EEXIST;
}

#define PROBE_RTM_ALWAYS_ABORT (1u << 11) /* edx of leaf 7 */
#define PROBE_XCR0_APX (1u << 19)

/* Which register files the kernel has enabled; where there are protection keys. */
static unsigned read_xcr0(void)
{
    unsigned low, high;

    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

void probe_machine(struct probe *probe)
{
    unsigned a, b, c, d;

    memset(probe, 0, sizeof(*probe));
    monitor_probe_views(&probe->views);
    probe->avx = __builtin_cpu_supports("avx");
    /* Once: under a hypervisor each cpuid is a trap. */
    if (__get_cpuid_count(7, 0, &a, &b, &c, &d)) {
        probe->pku = (c & bit_OSPKE) != 0;
        probe->cpu_pku = (c & bit_PKU) != 0;
        probe->transactions = (b & bit_RTM) != 0 && (d & PROBE_RTM_ALWAYS_ABORT) == 0;
    }
    probe->apx = probe->pku && (read_xcr0() & PROBE_XCR0_APX) != 0;
    probe->dispatch = has_dispatch();
    probe->memfd = has_memfd();
    probe->low_memory = can_map_low();
}

void probe_settings(struct probe *probe)
{
    probe->seccomp = has_seccomp();
    probe->mmap_min_addr = read_number("/proc/sys/vm/mmap_min_addr");
    probe->overcommit = (int)read_number("/proc/sys/vm/overcommit_memory");
    probe->max_map_count = read_number("/proc/sys/vm/max_map_count");
    read_thp(probe->thp, sizeof(probe->thp));
}

bool probe_none(const struct probe *probe, const char **reason)
{
    *reason = !probe->low_memory ? "low memory cannot be mapped: 'sysctl "
                                   "vm.mmap_min_addr=65536' allows it"
                                 : NULL;
    return *reason == NULL;
}

static const char *left_out(enum monitor_isolation isolation)
{
    const struct monitor_config config = {MONITOR_NO_FILES, .isolation = isolation};

    return monitor_lacks(&config);
}

/* The memory between processes is a memory file. */
bool probe_ipc(const struct probe *probe, const char **reason)
{
    *reason = left_out(MONITOR_ISOLATION_IPC);
    if (*reason != NULL) {
        return false;
    }
    *reason = !probe->memfd ? "the host offers no memory files (memfd_create)" : NULL;
    return *reason == NULL && probe_none(probe, reason);
}

bool probe_mpk(const struct probe *probe, const char **reason)
{
    *reason = left_out(MONITOR_ISOLATION_MPK);
    if (*reason != NULL) {
        return false;
    }
    if (!probe->pku) {
        *reason = probe->cpu_pku
                      ? "the kernel does not offer protection keys (CONFIG_X86_INTEL_"
                        "MEMORY_PROTECTION_KEYS, and no `nopku` on its command line)"
                      : "this CPU has no protection keys";
        return false;
    }
    if (probe->transactions) {
        *reason = "the CPU runs transactions, which lead around the checks of `mpk` "
                  "(`tsx=off` on the kernel's command line turns them off)";
        return false;
    }
    if (probe->apx) {
        *reason = "the CPU has APX, instructions that `mpk` cannot find in code yet";
        return false;
    }
    if (!probe->dispatch) {
        *reason =
            "the kernel cannot keep a thread from making system calls (Linux 5.11 "
            "or later: syscall user dispatch)";
        return false;
    }
    if (!probe->views.kernel_offers) {
        *reason = "the kernel does not offer FSGSBASE to programs (Linux 5.9 or later)";
        return false;
    }
    return probe_none(probe, reason);
}

bool probe_sfi(const struct probe *probe, const char **reason)
{
    if (probe->views.best == MONITOR_VIEW_SWITCH_AUTO) {
        *reason =
            "nothing can switch views: FSGSBASE is not offered by this kernel, and "
            "the system call arch_prctl is forbidden by a sandbox around this "
            "program";
        return false;
    }
    if (!probe->memfd) {
        *reason = "the kernel has no memfd_create, which shares pages between cubicles";
        return false;
    }
    return probe_none(probe, reason);
}
