/* Attacks on control flow (B of the catalogue). */
#include "attacker.h"

#include <hostile.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <victim.h>

static void call(uint64_t address)
{
    ((void (*)(void))address)();
}

/* Wherever control arrives, it is at the start of a bundle of verified code. */
static __attribute__((noinline, used, aligned(32))) void landed(void)
{
    printf("landed\n");
    exit(0);
}

static int execute_heap(void)
{
    unsigned char *code = malloc(4096);
    if (code == NULL) {
        return 98;
    }
    code = (unsigned char *)(((uintptr_t)code + 31) & ~(uintptr_t)31);
    code[0] = 0xc3;
    call(target((uint32_t)(uintptr_t)code));
    return survived();
}

static int execute_stack(void)
{
    volatile unsigned char code[64] __attribute__((aligned(32))) = {0xc3};
    call(target((uint32_t)(uintptr_t)code));
    return survived();
}

static unsigned char data_code[64] __attribute__((aligned(64))) = {0xc3};
static int execute_data(void)
{
    call(target((uint32_t)(uintptr_t)data_code));
    return survived();
}

static int execute_null(void)
{
    call(target(0));
    return survived();
}

/* Code of the victim runs with the rights of who runs it. */
static int jump_victim_private(void)
{
    target(victim_address(VICTIM_DATA));
    call(victim_address(VICTIM_PRIVATE));
    return survived();
}

static int jump_victim_entry(void)
{
    call(victim_address(VICTIM_ENTRY));
    return survived();
}

/* The victim's own import: a trampoline that exists, but not for this cubicle. */
static int jump_victim_import(void)
{
    call(target(victim_address(VICTIM_IMPORT)));
    return survived();
}

static int jump_host_address(void)
{
    call(UINT64_C(0x7ffff7000000) | target(0));
    return survived();
}

static int jump_middle_of_bundle(void)
{
    call((uintptr_t)landed + 5);
    return survived();
}

static int jump_stubs_end(void)
{
    call(target(0x7fffffe0));
    return survived();
}

int return_to(uint64_t address);
asm(".type return_to,@function\n"
    ".p2align 5\n"
    "return_to:\n"
    "movq %rdi,(%rsp)\n"
    "ret\n"
    ".size return_to,.-return_to\n");

static int return_middle_of_bundle(void)
{
    return_to((uintptr_t)landed + 7);
    return survived();
}

/* Bit 31 is masked away as well: nothing executable lies above. */
static int return_heap(void)
{
    void *block = malloc(4096);
    target((uint32_t)(uintptr_t)block & 0x7fffffe0);
    return_to((uintptr_t)block);
    return survived();
}

static int return_victim_private(void)
{
    target(victim_address(VICTIM_DATA));
    return_to(victim_address(VICTIM_PRIVATE));
    return survived();
}

static int return_host_address(void)
{
    target(0);
    return_to(UINT64_C(0x7ffff7000000));
    return survived();
}

/* Misbehaviour while the victim waits: it gets its own state back, whatever happens
 * here. */
static uint64_t entry_return;
static jmp_buf before;
static int jumped;

int jump_to(uint64_t address);
asm(".type jump_to,@function\n"
    ".p2align 5\n"
    "jump_to:\n"
    "jmp *%rdi\n"
    ".size jump_to,.-jump_to\n");

/* Calls victim_call(event), and first notes where on the stack the return address will be. */
uint64_t return_slot;
int call_from_known_place(int event);
asm(".type call_from_known_place,@function\n"
    ".p2align 5\n"
    "call_from_known_place:\n"
    "subq $8,%rsp\n"
    "leaq -8(%rsp),%rax\n"
    "movq %rax,return_slot(%rip)\n"
    "call victim_call\n"
    "addq $8,%rsp\n"
    "ret\n"
    ".size call_from_known_place,.-call_from_known_place\n");

int change_everything(uint64_t address);
asm(".type change_everything,@function\n"
    ".p2align 5\n"
    "change_everything:\n"
    "movq $-1,%rbx\n movq %rbx,%rbp\n movq %rbx,%r12\n movq %rbx,%r13\n movq "
    "%rbx,%r14\n"
    "movq %rbx,%r15\n"
    "subq $4096,%rsp\n"
    "pushq %rdi\n"
    "movl $1,%eax\n"
    "ret\n"
    ".size change_everything,.-change_everything\n");

/* Computes for ever inside a call, and now and then makes another, in which the same function is
 * called. */
static enum { CALM, STALLS, NESTED } stalling;
static int stall(void)
{
    if (stalling == NESTED) {
        return 0;
    }
    for (stalling = NESTED;;) {
        for (volatile unsigned i = 0; i < 1000000; i++) {
        }
        victim_call(HOSTILE_NOTHING);
    }
}

int hostile_event(int event)
{
    if (stalling != CALM) {
        return stall();
    }
    entry_return = (uintptr_t)__builtin_return_address(0);
    switch (event) {
    case HOSTILE_EARLY_RETURN:
        return jump_to(entry_return);
    case HOSTILE_REGISTERS:
        return change_everything(entry_return);
    case HOSTILE_LONGJMP:
        jumped++;
        longjmp(before, 1);
    case HOSTILE_OVERWRITE:
        *(volatile uint64_t *)return_slot = UINT64_C(0x7ffff7000010);
        return 0;
    case HOSTILE_RECURSE:
        return victim_call(HOSTILE_RECURSE);
    default:
        return keys_event(event);
    }
}

static int victim_survives(int event)
{
    int good = victim_call(event);
    printf(good == 1 && victim_intact() == 1 ? "intact\n" : "BROKEN %d\n", good);
    return good != 1;
}

static int early_return(void)
{
    return victim_survives(HOSTILE_EARLY_RETURN);
}
static int change_registers(void)
{
    return victim_survives(HOSTILE_REGISTERS);
}

static int recurse_for_ever(void)
{
    int result = victim_call(HOSTILE_RECURSE);
    printf("result %d\n", result);
    return victim_survives(HOSTILE_NOTHING);
}

/* The trampoline's frames are not unwound by longjmp: this return answers the victim. */
static int longjmp_out(void)
{
    if (setjmp(before) != 0) {
        if (jumped != 1) {
            return survived();
        }
        printf(victim_intact() == 1 ? "jumped, intact\n" : "BROKEN\n");
        return 0;
    }
    return victim_survives(HOSTILE_LONGJMP);
}

/* A return that nobody waits for, once the call it belongs to is over. */
/* A trampoline returns without a mask: to where it was called from, and nowhere else. */
static int overwrite_return(void)
{
    call_from_known_place(HOSTILE_OVERWRITE);
    return survived();
}

/* A jump, not a call, into a trampoline: what is on the stack is no return address. */
int jump_with_return(uint64_t address);
asm(".type jump_with_return,@function\n"
    ".p2align 5\n"
    "jump_with_return:\n"
    "pushq %rdi\n"
    "jmp victim_intact\n"
    ".size jump_with_return,.-jump_with_return\n");

static int tail_call(void)
{
    jump_with_return(UINT64_C(0x7ffff7000010));
    return survived();
}

static int tail_call_middle(void)
{
    jump_with_return((uintptr_t)landed + 7);
    return survived();
}

static int stale_return(void)
{
    if (victim_call(HOSTILE_NOTHING) != 1) {
        return 98;
    }
    call(target(entry_return));
    return survived();
}

static volatile int zero;
static int divide(void)
{
    return 42 / zero;
}
static int compute_for_ever(void)
{
    while (zero == 0) {
    }
    return survived();
}
static int compute_between_calls(void)
{
    stalling = STALLS;
    victim_call(HOSTILE_NOTHING);
    return survived();
}
/* Calls that each take less than the victim's limit, and many times that together. */
static int many_short_calls(void)
{
    int bad = 0;
    for (int i = 0; bad == 0 && i < 400; i++) {
        bad = victim_increment(victim_address(VICTIM_HEAP) + 100, 0, 500000);
    }
    printf("%s\n", bad == 0 && victim_intact() == 1 ? "served" : "BROKEN");
    return bad;
}
static int illegal(void)
{
    __builtin_trap();
}
/* The processor does not say at which address: the report must not invent one. */
static int misaligned(void)
{
    static volatile char bytes[64] __attribute__((aligned(16)));
    asm volatile("movaps %%xmm0,1(%0)" : : "r"(bytes) : "memory");
    return survived();
}
static int breakpoint(void)
{
    asm volatile("int3");
    return survived();
}

#define ROW(x) \
    {          \
#x, x  \
    }
const struct attack control_attacks[] = {
    ROW(execute_heap),
    ROW(execute_stack),
    ROW(execute_data),
    ROW(execute_null),
    ROW(jump_victim_private),
    ROW(jump_victim_entry),
    ROW(jump_victim_import),
    ROW(jump_host_address),
    ROW(jump_middle_of_bundle),
    ROW(jump_stubs_end),
    ROW(return_middle_of_bundle),
    ROW(return_heap),
    ROW(return_victim_private),
    ROW(return_host_address),
    ROW(early_return),
    ROW(change_registers),
    ROW(recurse_for_ever),
    ROW(longjmp_out),
    ROW(overwrite_return),
    ROW(tail_call),
    ROW(tail_call_middle),
    ROW(stale_return),
    ROW(divide),
    ROW(compute_for_ever),
    ROW(compute_between_calls),
    ROW(many_short_calls),
    ROW(illegal),
    ROW(misaligned),
    ROW(breakpoint),
    {0},
};
