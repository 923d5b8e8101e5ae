#include "view_probe.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <asm/prctl.h>

#define HWCAP2_FSGSBASE 2u /* Linux: arch/x86/include/uapi/asm/hwcap2.h */
#define TRIES 16           /* between two instructions the kernel may put GS back */

const char *const view_switch_names[] = {
    [MONITOR_VIEW_SWITCH_AUTO] = "auto",
    [MONITOR_VIEW_SWITCH_KERNEL] = "kernel",
    [MONITOR_VIEW_SWITCH_PARKED] = "parked",
    [MONITOR_VIEW_SWITCH_SYSCALL] = "syscall",
};

static sigjmp_buf trapped;

/* The instruction in a page of its own: backend mpk does not run in a process whose code holds
 * it anywhere. */
static const uint8_t write_gs[] = {0xf3, 0x48, 0x0f,
                                   0xae, 0xdf, 0xc3}; /* wrgsbase %rdi; ret */
static void *write_gs_page;
void (*view_write_gs)(uint64_t base);

static bool view_map_instruction(void)
{
    if (write_gs_page != NULL) {
        return true;
    }
    void *page = mmap(NULL, sizeof(write_gs), PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) {
        return false;
    }
    memcpy(page, write_gs, sizeof(write_gs));
    if (mprotect(page, sizeof(write_gs), PROT_READ | PROT_EXEC) != 0) {
        munmap(page, sizeof(write_gs));
        return false;
    }
    write_gs_page = page;
    view_write_gs = (void (*)(uint64_t))(uintptr_t)page;
    return true;
}

static void view_unmap_instruction(void)
{
    if (write_gs_page != NULL) {
        munmap(write_gs_page, sizeof(write_gs));
        write_gs_page = NULL;
    }
}

static void view_trap(int signal)
{
    siglongjmp(trapped, signal);
}

/* Where the instructions do not execute, they are invalid opcodes. */
static bool view_try_instructions(uint64_t base)
{
    volatile bool kept = false;
    if (!view_map_instruction()) {
        return false;
    }
    if (sigsetjmp(trapped, 0) == 0) {
        for (int i = 0; i < TRIES && !kept; i++) {
            view_write_gs(base);
            kept = view_read_gs() == base;
        }
    }
    return kept;
}

/* 0 or the error. A filter may also answer with SIGSYS. */
static int view_try_call(uint64_t base)
{
    if (sigsetjmp(trapped, 0) != 0) {
        return EPERM;
    }
    return syscall(SYS_arch_prctl, ARCH_SET_GS, base) == 0 ? 0 : errno;
}

static bool view_traced(void)
{
    static const char key[] = "TracerPid:\t";
    char text[4096];
    const int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    const ssize_t n = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;
    if (fd >= 0) {
        close(fd);
    }
    text[n > 0 ? n : 0] = '\0';
    const char *at = strstr(text, key);
    return at != NULL && atoi(at + strlen(key)) != 0;
}

/* The fastest; but under a tracer that stops it at each return from a signal, a parked
 * program does not get on. */
enum monitor_view_switch view_best(const struct monitor_view_offer *offer)
{
    if (offer->kernel_offers && offer->executes) {
        return MONITOR_VIEW_SWITCH_KERNEL;
    }
    if (offer->arch_prctl_error != 0) {
        return MONITOR_VIEW_SWITCH_AUTO;
    }
    return offer->executes && !offer->traced ? MONITOR_VIEW_SWITCH_PARKED
                                             : MONITOR_VIEW_SWITCH_SYSCALL;
}

void view_probe(uint64_t base, struct monitor_view_offer *offer)
{
    static const int signals[] = {SIGILL, SIGSYS};
    struct sigaction action = {.sa_handler = view_trap, .sa_flags = SA_NODEFER};
    struct sigaction before[2];
    for (size_t i = 0; i < 2; i++) {
        sigaction(signals[i], &action, &before[i]);
    }
    offer->kernel_offers = (getauxval(AT_HWCAP2) & HWCAP2_FSGSBASE) != 0;
    offer->executes = view_try_instructions(base);
    offer->arch_prctl_error = view_try_call(base);
    /* Where the kernel keeps GS a tracer changes nothing; and /proc takes its time. */
    offer->traced = !(offer->kernel_offers && offer->executes) && view_traced();
    offer->best = view_best(offer);
    for (size_t i = 0; i < 2; i++) {
        sigaction(signals[i], &before[i], NULL);
    }
}

void monitor_probe_views(struct monitor_view_offer *offer)
{
    view_probe(0, offer);
    view_unmap_instruction();
}
