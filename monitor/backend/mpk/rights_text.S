/*
 * How trampolines switch rights; mpk.c copies these. Code of cubicles can jump to any byte here
 * once it is copied, with registers of its choice: behind each wrpkru stands a check that it
 * cannot pass without having the rights already (B2 in notes.md).
 *
 * Every step but the first begins with wrpkru, so that mpk.c knows where each is (B1).
 */
#include "base/emit_macros.S"

/* Whoever jumps to the wrpkru with less gets all, as at 1. */
    .macro all_rights
1:  xorl %eax, %eax
    xorl %ecx, %ecx
    xorl %edx, %edx
STEP
    wrpkru
    testl %eax, %eax
    jnz 1b
    .endm

/* The monitor's rights, where it is entered. C code relies on cld. */
TEXT rights_text_open_entered
    movq %rcx, %r10
    movq %rdx, %r11
    all_rights
    movq %r10, %rcx
    movq %r11, %rdx
    movb $0, THREAD(TEXT_HOST_CALLS)
    cld
END rights_text_open_entered

/* The same where it is returned to. */
TEXT rights_text_open_returned
    movq %rax, %r10
    all_rights
    movq %r10, %rax
    movb $0, THREAD(TEXT_HOST_CALLS)
    cld
END rights_text_open_returned

/* The rights of the cubicle. Whoever jumped to the wrpkru with rights of his choice gets no
 * further: they are compared with what they should be, and `running` with who should run.
 * Without those that everybody has not even a signal could be delivered. They may also have
 * changed meanwhile: a signal's way back can bring a key. */
    .macro rights_of runner
    movb $1, THREAD(TEXT_HOST_CALLS)
2:  movl %fs:HOLE_RIGHTS, %eax
    xorl %ecx, %ecx
    xorl %edx, %edx
STEP
    wrpkru
    testl $HOLE_RIGHTS_MASK, %eax
    jz 3f
    all_rights
    ud2
3:  cmpl %fs:HOLE_RIGHTS, %eax
    jne 2b
    cmpq $\runner, THREAD(TEXT_RUNNING)
    je 4f
    ud2
4:
    .endm

TEXT rights_text_enter
    movq %rcx, %r12
    movq %rdx, %r13
    rights_of HOLE_CALLEE
    movq %r12, %rcx
    movq %r13, %rdx
END rights_text_enter

TEXT rights_text_leave
    movq %rax, %r8
    rights_of HOLE_CALLER
    movq %r8, %rax
END rights_text_leave

    .section .note.GNU-stack, "", @progbits
