/* How trampolines switch views: view_switch.c chooses. */
#include "base/emit_macros.S"

#define ARCH_SET_GS 0x1001
#define SYS_ARCH_PRCTL 158

/* r10 = the view that cubicles are shown as theirs, from now on. */
TEXT view_text_show
    movabsq $HOLE_VIEW, %r10
    movq %r10, THREAD(TEXT_VIEW)
END view_text_show

TEXT view_text_write
    wrgsbase %r10
END view_text_write

/* What may have been lost is set again. */
TEXT view_text_again
    movabsq $HOLE_VIEW, %r10
    wrgsbase %r10
END view_text_again

/* arch_prctl(ARCH_SET_GS, r10) by hand. It takes rax, rdi and rsi, and the kernel overwrites rcx
 * and r11. Where the kernel refuses, nothing may run with the view of before: ud2. */
    .macro set_base
    movl $ARCH_SET_GS, %edi
    movq %r10, %rsi
    movl $SYS_ARCH_PRCTL, %eax
    syscall
    testl %eax, %eax
    je 773f
    ud2
773:
    .endm

/* Arguments in registers that it overwrites wait in others that are free then. */
TEXT view_text_call_entering
    movq %rdi, %r12
    movq %rsi, %r13
    movq %rcx, %rbx
    set_base
    movq %r12, %rdi
    movq %r13, %rsi
    movq %rbx, %rcx
END view_text_call_entering

/* The result and the return address wait so. */
TEXT view_text_call_returning
    movq %rax, %r8
    movq %r11, %rdx
    set_base
    movq %r8, %rax
    movq %rdx, %r11
END view_text_call_returning

    .section .note.GNU-stack, "", @progbits
