/*
 * The process of a cubicle: a child of the parent, made when everything has been loaded. First it loses what is not its
 * own: others' memory and code, channels, descriptors. Only then does code of the cubicle run.
 */
#include "backend/none/none.h"
#include "base/message.h"
#include "base/page.h"
#include "fault/signal_pending.h"
#include "fault/watchdog.h"
#include "ipc.h"
#include "load/module.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Calls in calls lie on the monitor's stack, about 1 KiB each. */
#define STACK_SIZE (UINT64_C(8) << 20)

static bool process_may_see(const struct cubicle *self, uint32_t page)
{
    const struct page_info info = page_get(page);
    return info.owner == self->id || info.kind == PAGE_STUB || info.kind == PAGE_FREE;
}

/* Code of others too: there is nothing to call in it. *@lost: how many pages that could be written. */
static int process_lose_memory(const struct cubicle *self, uint64_t *lost)
{
    *lost = 0;
    for (uint32_t page = 0; page < PAGE_COUNT;) {
        uint32_t next = page + 1;
        if (process_may_see(self, page)) {
            page = next;
            continue;
        }
        while (next < PAGE_COUNT && !process_may_see(self, next)) {
            next++;
        }
        for (uint32_t p = page; p < next; p++) {
            *lost += (page_get(p).rights & PAGE_WRITE) != 0;
        }
        const int error = none_unmap(self->id, page, next - page);
        if (error != 0) {
            return error;
        }
        page = next;
    }
    return 0;
}

/* @texts from the one at @first on: a list as in monitor.h, or NULL. */
static void process_forget(const char *const *texts, size_t first)
{
    for (size_t i = 0; texts != NULL && texts[i] != NULL; i++) {
        if (i >= first) {
            explicit_bzero((void *)(uintptr_t)texts[i], strlen(texts[i]));
        }
    }
}

/* What the command was given: the user's environment is nobody's, the application's arguments and
 * variables are for those that ask the host for them. The parent keeps its copy. */
static void process_lose_secrets(const struct monitor_config *config,
                                 const struct cubicle *self)
{
    process_forget((const char *const *)environ, 0);
    if (!ipc_has_right(self, MONITOR_RIGHT_HOST)) {
        process_forget(config->arguments, 1); /* [0] is a name of the manifest */
        process_forget(config->environment, 0);
    }
}

/* Which descriptors @self needs: ascending; how many. */
static unsigned process_descriptors(const struct monitor_config *config,
                                    const struct cubicle *self, int *keep)
{
    unsigned n = 0;
    if (ipc_has_right(self, MONITOR_RIGHT_HOST)) {
        keep[n++] = STDIN_FILENO;
        keep[n++] = STDOUT_FILENO;
        keep[n++] = config->root_fd;
        keep[n++] = config->export_fd;
    }
    keep[n++] = STDERR_FILENO;
    if (ipc_has_right(self, MONITOR_RIGHT_HOSTNET) && config->network != NULL) {
        keep[n++] = config->network->fd;
    }
    return n;
}

/* Is the host's directory of @fd given to a module of @self? */
static bool process_has_directory(const struct monitor_config *config,
                                  const struct cubicle *self, int fd)
{
    for (size_t i = 0; i < config->ndirectories; i++) {
        const struct monitor_directory *directory = &config->directories[i];
        for (size_t k = 0; directory->fd == fd && k < self->nmodules; k++) {
            if (strcmp(self->modules[k]->name, directory->module) == 0) {
                return true;
            }
        }
    }
    return false;
}

static bool process_keeps(const struct monitor_config *config,
                          const struct cubicle *self, const int *keep, unsigned nkept,
                          int fd)
{
    for (unsigned i = 0; i < nkept; i++) {
        if (keep[i] == fd) {
            return true;
        }
    }
    if (process_has_directory(config, self, fd)) {
        return true;
    }
    /* By its own it waits; a timer of the application's wakes others. */
    for (unsigned id = 1; id <= cubicle_count(); id++) {
        if (signal_descriptor(id) == fd && (id == self->id || self->is_app)) {
            return true;
        }
    }
    return false;
}

static int process_lose_descriptors(const struct monitor_config *config,
                                    const struct cubicle *self)
{
    enum { DESCRIPTORS = 1024 }; /* behind them: none that anybody keeps */
    int keep[8];
    const unsigned nkept = process_descriptors(config, self, keep);
    int first = 0; /* of those that are to be closed */
    for (int fd = 0; fd < DESCRIPTORS; fd++) {
        if (process_keeps(config, self, keep, nkept, fd)) {
            if (fd > first && close_range((unsigned)first, (unsigned)fd - 1, 0) != 0) {
                return -errno;
            }
            first = fd + 1;
        }
    }
    return close_range((unsigned)first, ~0u, 0) == 0 ? 0 : -errno;
}

/* The quota, for a process that has been taken over: the kernel lets it have so many private pages,
 * with those that it has; and so many addresses, for its tables of pages are memory, too. */
static int process_limit_memory(const struct cubicle *self, uint64_t lost)
{
    if (self->quota_pages == UINT64_MAX) {
        return 0;
    }
    const uint64_t left =
        self->quota_pages > self->npages ? self->quota_pages - self->npages : 0;
    const uint64_t more = STACK_SIZE / PAGE_SIZE + left;
    const rlim_t bytes = (ipc_parent_pages - lost + more) << PAGE_SHIFT;
    const rlim_t size = (ipc_parent_size + more + 1) << PAGE_SHIFT;
    const struct rlimit data = {.rlim_cur = bytes, .rlim_max = bytes};
    const struct rlimit addresses = {.rlim_cur = size, .rlim_max = size};
    return setrlimit(RLIMIT_DATA, &data) == 0 && setrlimit(RLIMIT_AS, &addresses) == 0
               ? 0
               : -errno;
}

/* The state of the thread is the parent's: of the moment at which it forked. */
static int process_begin_thread(void)
{
    char *stack = mmap(NULL, STACK_SIZE + PAGE_SIZE, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (stack == MAP_FAILED || mprotect(stack, PAGE_SIZE, PROT_NONE) != 0) {
        return -ENOMEM;
    }
    thread_self.monitor_stack = (uint64_t)(uintptr_t)stack + PAGE_SIZE + STACK_SIZE;
    thread_self.control = thread_self.control_start + 1;
    memset(thread_self.control_start, 0, sizeof(*thread_self.control_start));
    thread_self.running = CUBICLE_MONITOR;
    return 0;
}

/* Others' state is theirs to know; they answer for themselves. */
static void process_believe_in_others(unsigned id)
{
    for (unsigned other = 1; other <= cubicle_count(); other++) {
        if (other != id) {
            cubicle_get(other)->state = CUBICLE_LIVE;
        }
    }
}

/*
 * Where there are processors for it, the application has one, and all others share another: the application can look for
 * an answer without keeping anybody from running, and the others hand theirs over to each other, which is cheaper than to
 * wake somebody elsewhere. Systems begin at different ones. It costs nothing but time where it fails.
 */
static void process_choose_processor(const struct cubicle *self)
{
    cpu_set_t allowed;
    cpu_set_t chosen;
    if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0 ||
        CPU_COUNT(&allowed) < 2) {
        return;
    }
    unsigned skip = ((unsigned)ipc_parent + (self->is_app ? 1u : 0u)) %
                    (unsigned)CPU_COUNT(&allowed);
    CPU_ZERO(&chosen);
    for (unsigned cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&chosen) == 0; cpu++) {
        if (CPU_ISSET(cpu, &allowed) && skip-- == 0) {
            CPU_SET(cpu, &chosen);
        }
    }
    (void)sched_setaffinity(0, sizeof(chosen), &chosen);
}

/* Signals of the terminal and of users are for the parent. */
static void process_ignore_signals(void)
{
    static const int ignored[] = {SIGINT,  SIGQUIT, SIGHUP,   SIGTERM,
                                  SIGUSR1, SIGUSR2, SIGWINCH, SIGCHLD};
    for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++) {
        (void)signal(ignored[i], SIG_IGN);
    }
}

void ipc_become(const struct monitor_config *config, unsigned id)
{
    const struct cubicle *self = cubicle_get(id);
    const pid_t parent = getppid();
    uint64_t lost = 0;
    ipc_self = id;
    cubicle_get(id)->state = CUBICLE_STARTING;
    signal_become(id);
    process_ignore_signals();
    (void)prctl(PR_SET_NAME, self->name, 0, 0, 0); /* for ps(1) */
    int error = prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0 ? 0 : -errno;
    if (error == 0 && parent != ipc_parent) {
        error = -ESRCH;
    }
    if (error == 0) {
        error = channel_keep(id, self->is_app);
    }
    if (error == 0) {
        error = ipc_counts_keep(id);
    }
    if (error == 0) {
        error = process_lose_memory(self, &lost);
    }
    if (error == 0) {
        process_lose_secrets(config, self);
        error = process_begin_thread();
    }
    if (error == 0) {
        error = process_lose_descriptors(config, self);
    }
    if (error == 0) {
        error = process_limit_memory(self, lost);
    }
    if (error == 0) {
        process_choose_processor(self);
        error = watchdog_start();
    }
    if (error == 0 && ipc_sample != NULL) {
        error = ipc_sample();
    }
    if (error == 0) {
        process_believe_in_others(id);
        error = ipc_confine(config, self);
    } else {
        (void)message_error(error, "%s: cannot set up the cubicle's process: %s",
                            self->name, strerror(-error));
    }
    if (error != 0) {
        _exit(MONITOR_EXIT_CONFIG);
    }
    ipc_serve_all();
}
