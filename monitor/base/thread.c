#include "thread.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>

#define MONITOR_STACK_SIZE (UINT64_C(1) << 18)
#define SIGNAL_STACK_SIZE (UINT64_C(1) << 17)

/* Trampolines address frames by multiplication-free pointer steps, and the guard after the
 * control stack must be hit by the first store into a frame. */
_Static_assert(sizeof(struct call_frame) == 512, "frames tile pages");
_Static_assert(PAGE_SIZE % sizeof(struct call_frame) == 0, "frames tile pages");

_Thread_local struct thread thread_self;

int32_t thread_disp(void)
{
    return (int32_t)((char *)&thread_self - (char *)__builtin_thread_pointer());
}

/* Maps @size bytes with an unmapped page on either side; NULL when memory is short. */
static char *thread_map_guarded(size_t size)
{
    char *base = mmap(NULL, size + 2 * PAGE_SIZE, PROT_NONE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED) {
        return NULL;
    }
    if (mprotect(base + PAGE_SIZE, size, PROT_READ | PROT_WRITE) != 0) {
        munmap(base, size + 2 * PAGE_SIZE);
        return NULL;
    }
    return base + PAGE_SIZE;
}

int thread_init(void)
{
    char *control = thread_map_guarded((CONTROL_DEPTH + 8) * sizeof(struct call_frame));
    char *monitor_stack = thread_map_guarded(MONITOR_STACK_SIZE);
    char *signal_stack = thread_map_guarded(SIGNAL_STACK_SIZE);
    if (control == NULL || monitor_stack == NULL || signal_stack == NULL) {
        return -ENOMEM;
    }
    thread_self.control_start = (struct call_frame *)control;
    thread_self.control = thread_self.control_start + 1;
    thread_self.control_end = thread_self.control_start + CONTROL_DEPTH + 8;
    thread_self.monitor_stack = (uint64_t)(uintptr_t)monitor_stack + MONITOR_STACK_SIZE;
    thread_self.signal_stack = signal_stack;
    thread_self.signal_stack_size = SIGNAL_STACK_SIZE;
    const stack_t stack = {.ss_sp = signal_stack, .ss_size = SIGNAL_STACK_SIZE};
    return sigaltstack(&stack, NULL) == 0 ? 0 : -errno;
}

struct call_frame *thread_top_frame(void)
{
    struct call_frame *top = thread_self.control - 1;
    return top->trampoline != 0 ? top : NULL;
}
