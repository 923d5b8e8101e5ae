/*
 * Ways between trampolines and C that no calling convention covers.
 */
#include "unwind_offsets.h"
    .text
    .globl unwind_not_caller, unwind_not_ours, unwind_changed, unwind_resume
    .balign 32
/* A trampoline found another cubicle running than its caller. r10d: its id. */
unwind_not_caller:
    movl $UNWIND_NOT_CALLER, %esi
    jmp 1f
/* A return stub was reached without a matching call. */
unwind_not_ours:
    movl $UNWIND_NOT_OURS, %esi
    jmp 1f
/* The caller's return address on its stack is not what it was at the call. */
unwind_changed:
    movl $UNWIND_CHANGED, %esi
1:  movl %r10d, %edi
    movq thread_self@gottpoff(%rip), %rax
    movq %fs:THREAD_MONITOR_STACK(%rax), %rsp
    call fault_refuse
    ud2

/* A cubicle begins anew, and then what restart_on_the_way() found goes on. */
    .globl restart_enter
    .balign 32
restart_enter:
    movq thread_self@gottpoff(%rip), %rax
    movq %fs:THREAD_MONITOR_STACK(%rax), %rsp
    call restart_run
    ud2

/* void unwind_resume(const struct unwind_target *target) */
    .balign 32
unwind_resume:
    movq UNWIND_FRAME(%rdi), %r11
    movq UNWIND_RESULT(%rdi), %rax
    movq UNWIND_LEAVE(%rdi), %r10
    movq %rax, %xmm0            /* where the function returns a double */
    jmp *%r10
    .section .note.GNU-stack, "", @progbits
