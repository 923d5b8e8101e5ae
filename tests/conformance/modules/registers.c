/* What registers carry across a call: nothing but arguments in, nothing but the result
 * out. */
#include "check.h"

#include <cubicle.h>
#include <peer.h>

#define SECRET UINT64_C(0x5ec2e75ec2e75ec2)

/*
 * int load_and_call(uint8_t *out): fills every register that is not an argument with
 * SECRET, calls peer_registers(out).
 * int call_and_store(uint8_t *after): calls peer_clobber(), stores the registers
 * that it came back with: 16 general, 16 ymm.
 */
int load_and_call(uint8_t *out);
int call_and_store(uint8_t *after);

#define PUSH_SAVED                                                                  \
    "pushq %rbx\n pushq %rbp\n pushq %r12\n pushq %r13\n pushq %r14\n pushq %r15\n" \
    "subq $8,%rsp\n"
#define POP_SAVED                                                                \
    "addq $8,%rsp\n popq %r15\n popq %r14\n popq %r13\n popq %r12\n popq %rbp\n" \
    "popq %rbx\n"

#define YMM_FROM(n) "vmovdqa %ymm0,%ymm" #n "\n"
#define YMM_STORE(n) "vmovdqu %ymm" #n ",128+32*" #n "(%rdi)\n"
#define ALL_YMM(op)                                                                  \
    op(0) op(1) op(2) op(3) op(4) op(5) op(6) op(7) op(8) op(9) op(10) op(11) op(12) \
        op(13) op(14) op(15)

asm(".globl load_and_call\n"
    ".type load_and_call,@function\n"
    ".p2align 5\n"
    "load_and_call:\n" PUSH_SAVED "movabsq $0x5ec2e75ec2e75ec2,%rax\n"
    "movq %rax,%xmm0\n"
    "vpunpcklqdq %xmm0,%xmm0,%xmm0\n"
    "vinsertf128 $1,%xmm0,%ymm0,%ymm0\n" ALL_YMM(
        YMM_FROM) "movq %rax,%rbx\n movq %rax,%rcx\n movq %rax,%rdx\n movq %rax,%rsi\n"
                  "movq %rax,%rbp\n movq %rax,%r8\n movq %rax,%r9\n movq %rax,%r10\n"
                  "movq %rax,%r12\n movq %rax,%r13\n movq %rax,%r14\n movq %rax,%r15\n"
                  "call peer_registers\n" POP_SAVED "ret\n"
                  ".size load_and_call,.-load_and_call\n"

                  ".globl call_and_store\n"
                  ".type call_and_store,@function\n"
                  ".p2align 5\n"
                  "call_and_store:\n" PUSH_SAVED "pushq %rdi\n"
                  "subq $8,%rsp\n"
                  "movq $11,%rbx\n movq $12,%rbp\n movq $13,%r12\n movq $14,%r13\n "
                  "movq $15,%r14\n"
                  "movq $16,%r15\n"
                  "call peer_clobber\n"
                  "addq $8,%rsp\n"
                  "popq %rdi\n"
                  "movq %rax,0(%rdi)\n movq %rcx,8(%rdi)\n movq %rdx,16(%rdi)\n movq "
                  "%rsi,24(%rdi)\n"
                  "movq %r8,32(%rdi)\n movq %r9,40(%rdi)\n movq %r10,48(%rdi)\n"
                  "movq %rbx,56(%rdi)\n movq %rbp,64(%rdi)\n movq %r12,72(%rdi)\n"
                  "movq %r13,80(%rdi)\n movq %r14,88(%rdi)\n movq "
                  "%r15,96(%rdi)\n" ALL_YMM(
                      YMM_STORE) "vzeroupper\n" POP_SAVED "ret\n"
                                 ".size call_and_store,.-call_and_store\n");

/*
 * uint64_t call_above(void): calls peer_above() with ones in all of the registers.
 * uint64_t result_of_half(void), result_of_nothing(void): all of rax after these calls.
 * int call_with_full_x87(void): calls peer_x87() with eight numbers on the x87 stack.
 */
uint64_t call_above(void);
uint64_t result_of_half(void);
uint64_t result_of_nothing(void);
int call_with_full_x87(void);

#define CALLER(name, before, callee)                               \
    ".globl " name "\n.type " name ",@function\n.p2align 5\n" name \
    ":\nsubq $8,%rsp\n" before "call " callee "\naddq $8,%rsp\n"   \
    "ret\n.size " name ",.-" name "\n"

/* clang-format off */
asm(CALLER("call_above",
           "movq $-1,%rdi\n movq %rdi,%rsi\n movq %rdi,%rdx\n movq %rdi,%rcx\n"
           "movq %rdi,%r8\n movq %rdi,%r9\n",
           "peer_above")
    CALLER("result_of_half", "", "peer_half")
    CALLER("result_of_nothing", "", "peer_nothing")
    CALLER("call_with_full_x87",
           "fld1\n fld1\n fld1\n fld1\n fld1\n fld1\n fld1\n fld1\n",
           "peer_x87"));
/* clang-format on */

/* Without what is sticky. */
#define CONTROL_WORDS UINT64_C(0x00000f7f0000ffc0)
#define FENV_DEFAULT UINT64_C(0x0000037f00001f80)
#define FENV_UP UINT64_C(0x00000b7f00005f80)   /* rounds upwards */
#define FENV_DOWN UINT64_C(0x0000077f00003f80) /* and downwards */

void test_control_words(void)
{
    CHECK_EQUAL(cubicle_fenv_set(FENV_UP), 0);
    CHECK_EQUAL(peer_control_words(0) & CONTROL_WORDS, FENV_DEFAULT);
    CHECK_EQUAL(peer_control_words(FENV_DOWN) & CONTROL_WORDS, FENV_DEFAULT);
    CHECK_EQUAL(cubicle_fenv_get() & CONTROL_WORDS, FENV_UP);
    CHECK_EQUAL(cubicle_fenv_set(FENV_DEFAULT), 0);
}

static void narrow(void)
{
    CHECK_EQUAL(call_above(), 0);
    CHECK_EQUAL(result_of_half(), UINT32_MAX);
    CHECK_EQUAL(result_of_nothing(), 0);
}

static void x87(void)
{
    volatile long double three = 3;
    volatile int empty = call_with_full_x87();
    volatile int still = three * three == 9; /* before a report calls anybody */
    CHECK_EQUAL(empty, 1);
    CHECK_EQUAL(still, 1);
}

static _Thread_local int mine = 5;

static void thread_local_memory(void)
{
    int *volatile before = &mine;
    CHECK_EQUAL(peer_thread_local(7), 1);
    const int now = mine;
    CHECK_EQUAL(now, 5);
    CHECK(&mine == before);
    CHECK_EQUAL(peer_thread_local(9), 7);
}

/* Bytes of @registers that look like @value, in any aligned word of 8 bytes. */
static int words_with(const uint8_t *registers, size_t size, uint64_t value)
{
    int count = 0;
    for (size_t i = 0; i + 8 <= size; i += 8) {
        uint64_t word;
        memcpy(&word, registers + i, 8);
        count += word == value || (uint32_t)word == (uint32_t)value;
    }
    return count;
}

void test_registers(void)
{
    static uint8_t registers[640];
    memset(registers, 1, sizeof registers);
    CHECK_EQUAL(load_and_call(registers), 0);
    CHECK_EQUAL(words_with(registers, sizeof registers, SECRET), 0);

    uint64_t fenv = cubicle_fenv_get();
    memset(registers, 1, sizeof registers);
    CHECK_EQUAL(call_and_store(registers), 42);
    uint64_t words[80];
    memcpy(words, registers, sizeof registers);
    CHECK_EQUAL((int)words[0], 42);
    /* the caller's own */
    for (int i = 0; i < 6; i++) {
        CHECK_EQUAL(words[7 + i], 11 + i);
    }
    /* nothing of the callee's: it has filled everything with ones */
    CHECK_EQUAL(words_with(registers + 8, 48, UINT64_MAX), 0);
    CHECK_EQUAL(words_with(registers + 128, 512, UINT64_MAX), 0);
    CHECK_EQUAL(cubicle_fenv_get(), fenv);
    narrow();
    x87();
    thread_local_memory();
}
