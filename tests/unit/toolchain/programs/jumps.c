/* Non-local jumps: the compiler's own, and setjmp as libc has it in assembly. */
#include "probe.h"

typedef uint64_t jump_buffer[8];

int save(jump_buffer buffer) __attribute__((returns_twice));
_Noreturn void jump(jump_buffer buffer, int value);

__asm__(".pushsection .text.save,\"ax\",@progbits\n"
        ".globl save\n.type save,@function\n"
        "save:\n"
        "    mov %rbx,(%rdi)\n"
        "    mov %rbp,8(%rdi)\n"
        "    mov %r12,16(%rdi)\n"
        "    mov %r13,24(%rdi)\n"
        "    mov %r14,32(%rdi)\n"
        "    mov %r15,40(%rdi)\n"
        "    lea 8(%rsp),%rdx\n"
        "    mov %rdx,48(%rdi)\n"
        "    mov (%rsp),%rdx\n"
        "    mov %rdx,56(%rdi)\n"
        "    xor %eax,%eax\n"
        "    ret\n"
        ".popsection\n"
        ".pushsection .text.jump,\"ax\",@progbits\n"
        ".globl jump\n.type jump,@function\n"
        "jump:\n"
        "    xor %eax,%eax\n"
        "    cmp $1,%esi\n"
        "    adc %esi,%eax\n"
        "    mov (%rdi),%rbx\n"
        "    mov 8(%rdi),%rbp\n"
        "    mov 16(%rdi),%r12\n"
        "    mov 24(%rdi),%r13\n"
        "    mov 32(%rdi),%r14\n"
        "    mov 40(%rdi),%r15\n"
        "    mov 48(%rdi),%rsp\n"
        "    jmp *56(%rdi)\n"
        ".popsection\n");

static jump_buffer buffer;
static void *builtin_buffer[5];

__attribute__((noinline)) static void dive(int depth)
{
    volatile char frame[100];

    frame[depth] = 1;
    if (depth == 20) {
        jump(buffer, frame[depth] + 4);
    }
    dive(depth + 1);
    frame[depth] = 2;
}

__attribute__((noinline)) static void leap(void)
{
    __builtin_longjmp(builtin_buffer, 1);
}

void program(void)
{
    volatile int times = 0;
    int value = save(buffer);

    probe_int("value", value);
    if (times++ < 3) {
        dive(0);
    }
    times = 0;
    if (__builtin_setjmp(builtin_buffer)) {
        probe_text("landed\n");
    }
    if (times++ < 2) {
        leap();
    }
    probe_int("times", times);
}
