#include "view.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <asm/prctl.h>

#define VIEW_SIZE (UINT64_C(1) << 32)
#define STUB_SIZE 32u

char *view_base;

static __thread uint64_t tp_slot, base_slot;
static unsigned nstubs;

/* Saved by view_enter while the module runs. */
static uint64_t host_stack __attribute__((used));

bool view_create(void)
{
    char *reserve = mmap(NULL, 4 * VIEW_SIZE, PROT_NONE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (reserve == MAP_FAILED) {
        perror("reserve a view");
        return false;
    }
    view_base = (char *)(((uintptr_t)reserve + 2 * VIEW_SIZE - 1) & ~(VIEW_SIZE - 1));
    if (mprotect(view_base + VIEW_STACK, VIEW_STACK_SIZE, PROT_READ | PROT_WRITE) ||
        mprotect(view_base + VIEW_HEAP, VIEW_HEAP_SIZE, PROT_READ | PROT_WRITE) ||
        mmap((void *)(uintptr_t)VIEW_STUBS, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1,
             0) != (void *)(uintptr_t)VIEW_STUBS) {
        perror("map stack, heap and stubs");
        return false;
    }
    /* The host's own code leaves GS alone, and the kernel keeps what it is told. */
    base_slot = (uint64_t)(uintptr_t)view_base;
    if (syscall(SYS_arch_prctl, ARCH_SET_GS, base_slot) != 0) {
        perror("set GS");
        return false;
    }
    return true;
}

void *view_pointer(uint64_t offset)
{
    return view_base + (uint32_t)offset;
}

uint32_t view_stub(void *function)
{
    /* movabs $function,%rax; jmp *%rax */
    uint8_t *stub = (uint8_t *)(uintptr_t)(VIEW_STUBS + nstubs++ * STUB_SIZE);

    memcpy(stub, "\x48\xb8", 2);
    memcpy(stub + 2, &function, 8);
    memcpy(stub + 10, "\xff\xe0", 2);
    return (uint32_t)(uintptr_t)stub;
}

/* rdi: entry, rsi, rdx: arguments, rcx: stack, r8: where to return */
__asm__(".text\n"
        "view_enter:\n"
        "    push %rbx\n"
        "    push %rbp\n"
        "    push %r12\n"
        "    push %r13\n"
        "    push %r14\n"
        "    push %r15\n"
        "    movq %rsp, host_stack(%rip)\n"
        "    movq %rcx, %rsp\n"
        "    movq %rdi, %rax\n"
        "    movq %rsi, %rdi\n"
        "    movq %rdx, %rsi\n"
        /* The module masks return addresses to 31 bits: the stub leads back here. */
        "    pushq %r8\n"
        "    jmp *%rax\n"
        "view_return:\n"
        "    movq host_stack(%rip), %rsp\n"
        "    pop %r15\n"
        "    pop %r14\n"
        "    pop %r13\n"
        "    pop %r12\n"
        "    pop %rbp\n"
        "    pop %rbx\n"
        "    ret\n");

uint64_t view_enter(uint64_t entry, uint64_t first, uint64_t second, void *stack,
                    uint64_t back);
extern char view_return[];

static uint32_t return_stub(void)
{
    /* Not through %rax, which holds the result: movabs $view_return,%rcx; jmp *%rcx */
    static uint32_t stub;

    if (!stub) {
        stub = view_stub(view_return);
        memcpy((uint8_t *)(uintptr_t)stub, "\x48\xb9", 2);
        memcpy((uint8_t *)(uintptr_t)stub + 10, "\xff\xe1", 2);
    }
    return stub;
}

uint64_t view_call(uint32_t entry, uint64_t first, uint64_t second)
{
    return view_enter(entry, first, second,
                      view_base + VIEW_STACK + VIEW_STACK_SIZE - 64, return_stub());
}

int32_t view_tp_displacement(void)
{
    return (int32_t)((char *)&tp_slot - (char *)__builtin_thread_pointer());
}

int32_t view_base_displacement(void)
{
    return (int32_t)((char *)&base_slot - (char *)__builtin_thread_pointer());
}

void view_set_tp(uint64_t tp)
{
    tp_slot = tp;
}
