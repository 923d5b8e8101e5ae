/*
 * Attacks on protection keys: what plain code can try and verified code cannot contain. For
 * isolation by sfi the table is empty.
 */
#include "attacker.h"
#include "leftovers.h"

#ifdef PLAIN_CODE
#include <cubicle.h>
#include <fcntl.h>
#include <hostile.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>
#include <victim.h>

/* __cubicle_tp is the FS displacement of struct thread: 16 bytes into it is what allows host
 * calls, from 20 on the rights of each cubicle, which all may read; from 4096 on the rest. */

/* The first trampoline's body, which another cubicle's calls go through, and the wrpkru
 * that gives the monitor its rights in it. */
#define FIRST_BODY UINT64_C(0x200100040) /* behind a gap */
#define FIRST_WRPKRU (FIRST_BODY + 12)

static void jump_with_eax(uint64_t address, uint32_t eax)
{
    __asm__ volatile("xorl %%ecx, %%ecx\n\txorl %%edx, %%edx\n\tjmp *%0"
                     :
                     : "r"(address), "a"(eax)
                     : "rcx", "rdx", "memory");
}

static int open_all(void)
{
    jump_with_eax(FIRST_WRPKRU, 0);
    return survived();
}

static int open_some(void)
{
    jump_with_eax(FIRST_WRPKRU, 4);
    return survived();
}

static int open_none(void)
{
    jump_with_eax(FIRST_WRPKRU, UINT32_MAX);
    return survived();
}

/* To 32-bit mode, where it traps: what goes on then must not stay there. */
static int far_jump(void)
{
    static const struct {
        uint32_t offset;
        uint16_t selector;
    } __attribute__((packed)) to = {0x70000000, 0x23};
    __asm__ volatile("ljmpl *%0" : : "m"(to));
    return survived();
}

/* The module itself has no instruction that enters the kernel: the test tells where in the
 * process there is one. */
static int system_call(uint64_t number)
{
    unsigned long long address = 0;
    printf("where\n");
    if (scanf("%llx", &address) != 1) {
        printf("BROKEN\n");
        return 1;
    }
    __asm__ volatile("jmp *%1" : "+a"(number) : "r"((uint64_t)address) : "memory");
    return survived();
}

static int call_getpid(void)
{
    return system_call(39);
}

/* A frame of its own making, which the kernel would take rights from. */
static int call_sigreturn(void)
{
    return system_call(15);
}

static int call_interrupt(void)
{
    return system_call(20); /* getpid of 32-bit programs */
}

static int allow_host_calls(void)
{
    __asm__ volatile("movb $0, %%fs:__cubicle_tp+16" : : : "memory");
    return survived();
}

static int write_rights(void)
{
    __asm__ volatile("movl $0, %%fs:__cubicle_tp+20" : : : "memory");
    return survived();
}

static int read_control(void)
{
    uint64_t value;
    __asm__ volatile("movq %%fs:__cubicle_tp+4096, %0" : "=r"(value));
    printf("%llx\n", (unsigned long long)value);
    return survived();
}

static int read_monitor(void)
{
    uint64_t value;
    __asm__ volatile("movq %%fs:16, %0" : "=r"(value));
    printf("%llx\n", (unsigned long long)value);
    return survived();
}

/* Trampolines look through FS; a null selector makes its base 0. A tick of the monitor's that comes in between sets the base
 * again, so once may not do. */
static int change_fs(void)
{
    const unsigned selector = 0;
    for (int i = 0; i < 1000; i++) {
        __asm__ volatile("movl %0, %%fs" : : "r"(selector));
        (void)cubicle_self();
    }
    return survived();
}

static int read_body(void)
{
    return (int)*(volatile uint64_t *)target(FIRST_BODY);
}

/* Flags with which the monitor's own code would trap, or copy backwards. */
static int with_flags(uint64_t set)
{
    int good = 1;
    for (int i = 0; i < 20; i++) {
        __asm__ volatile("pushfq\n\torq %0, (%%rsp)\n\tpopfq"
                         :
                         : "r"(set)
                         : "memory", "cc");
        const int self = cubicle_self();
        const int named = cubicle_find("victim");
        __asm__ volatile("pushfq\n\tandq %0, (%%rsp)\n\tpopfq"
                         :
                         : "r"(~set)
                         : "memory", "cc");
        good &= self > 0 && named > 0 && named != self;
    }
    printf("%s\n", good ? "served" : "BROKEN");
    return 0;
}

static int direction_flag(void)
{
    return with_flags(0x400);
}

static int alignment_flag(void)
{
    return with_flags(0x40000);
}

/* What the victim computes with is its own affair. */
static int unmasked_exceptions(void)
{
    const unsigned all_unmasked = 0;
    __asm__ volatile("ldmxcsr %0" : : "m"(all_unmasked));
    const int64_t served = cubicle_find("victim") > 0 && victim_address(0) != 0;
    const unsigned usual = 0x1f80;
    __asm__ volatile("ldmxcsr %0" : : "m"(usual));
    printf("%s\n", served ? "served" : "BROKEN");
    return 0;
}

static int looking_for;

static int look(void)
{
    return looking_for == VICTIM_AVX512 ? left_avx512() : left_x87();
}

/* The victim's secrets, seen by whom it calls, and by its caller. */
static int look_for(int kind)
{
    looking_for = kind;
    int found = victim_leave(kind, HOSTILE_LOOK);
    found += look();
    printf("%d left\n", found);
    return 0;
}

static int left_in_x87(void)
{
    return look_for(VICTIM_X87);
}

static int left_in_x87_flags(void)
{
    return look_for(VICTIM_X87_FLAGS);
}

static int left_in_avx512(void)
{
    if (!have_avx512()) {
        printf("no AVX-512\n");
        return 0;
    }
    return look_for(VICTIM_AVX512);
}

/* With every exception unmasked the next to use x87 would trap. */
static void set_x87_control(uint16_t control)
{
    __asm__ volatile("fldcw %0" : : "m"(control) : "memory");
}

static int return_pending(void)
{
    __asm__ volatile("fninit" : : : "memory");
    set_x87_control(0x340);
    leave_x87(0);
    __asm__ volatile("emms\n\tfldz\n\tfldz\n\tfdivp" : : : "memory");
    return 0;
}

/* A callee leaves an exception; a caller unmasks all, and calls with no register free. */
static int pending_exceptions(void)
{
    int good = victim_leave(VICTIM_X87, HOSTILE_PENDING) == 0;
    set_x87_control(0x340);
    leave_x87(0);
    good &=
        victim_intact() == 1 && victim_leave(VICTIM_X87_FLAGS, HOSTILE_PENDING) == 0;
    uint16_t control;
    __asm__ volatile("fwait\n\tfnstcw %0" : "=m"(control) : : "memory");
    good &= control == 0x340 && left_x87() == 0;
    printf("%s\n", good ? "served" : "BROKEN");
    return 0;
}

int keys_event(int event)
{
    switch (event) {
    case HOSTILE_LOOK:
        return look();
    case HOSTILE_PENDING:
        return return_pending();
    case HOSTILE_ALIGN:
        __asm__ volatile("pushfq\n\torq $0x40000, (%%rsp)\n\tpopfq"
                         :
                         :
                         : "memory", "cc");
        return 0;
    default:
        return 0;
    }
}

static int alignment_left(void)
{
    printf("%s\n", victim_call(HOSTILE_ALIGN) == 1 ? "served" : "BROKEN");
    return 0;
}

/* One instruction at @address, and then a trap in what follows. */
static void step_at(uint64_t address, uint32_t eax)
{
    __asm__ volatile(
        "movq %%rsp, %%rsi\n\tpushq $0x2b\n\tpushq %%rsi\n\tpushq $0x102\n\t"
        "pushq $0x33\n\tpushq %1\n\t"
        "xorl %%ecx, %%ecx\n\txorl %%edx, %%edx\n\tiretq"
        :
        : "a"((uint64_t)eax), "r"(address)
        : "rcx", "rdx", "rsi", "memory");
}

static int step_open(void)
{
    step_at(FIRST_WRPKRU, 0);
    return survived();
}

/* In its code lies what tests/attack/run.py turns into what a module must not have. */
static int marker(void)
{
    uint64_t value;
    __asm__ volatile("movabsq $0x1122334455667788, %0" : "=r"(value));
    return (int)value;
}

const struct attack keys_attacks[] = {
    {"open_all", open_all},
    {"open_some", open_some},
    {"open_none", open_none},
    {"far_jump", far_jump},
    {"step_open", step_open},
    {"call_getpid", call_getpid},
    {"call_sigreturn", call_sigreturn},
    {"call_interrupt", call_interrupt},
    {"allow_host_calls", allow_host_calls},
    {"write_rights", write_rights},
    {"read_control", read_control},
    {"read_monitor", read_monitor},
    {"change_fs", change_fs},
    {"read_body", read_body},
    {"direction_flag", direction_flag},
    {"alignment_flag", alignment_flag},
    {"unmasked_exceptions", unmasked_exceptions},
    {"left_in_x87", left_in_x87},
    {"left_in_x87_flags", left_in_x87_flags},
    {"left_in_avx512", left_in_avx512},
    {"pending_exceptions", pending_exceptions},
    {"alignment_left", alignment_left},
    {"marker", marker},
    {0},
};
#else
int keys_event(int event)
{
    (void)event;
    return 0;
}

const struct attack keys_attacks[] = {{0}};
#endif
