/*
 * The instructions of trampolines. trampoline_body.c copies them, with the holes filled, and
 * chooses among those that only some trampolines need:
 *
 *   entry   1 check that the caller is running                                 (R1)
 *           2 save what must survive in a frame of the control stack           (R3)
 *           3 copy annotated ranges and stacked arguments (C: marshal_enter)
 *           4 make the callee current: running, thread pointer, stack, rights
 *           5 clear every register that is not an argument                     (R4)
 *           6 call
 *   return  7 check that the top frame is ours                                 (R2)
 *           8 copy ranges back (C: marshal_leave)
 *   leave   9 make the caller current again; pop the frame
 *          10 restore its registers, clear the rest but the result, return     (R3, R4)
 *
 * A dead cubicle's stack lies in a guard, and one that is being set up is entered with a stack
 * pointer of 0 (R7), so that a call into either traps at 6 and is unwound; the hot path has
 * no check for it.
 *
 * Between 2 and 9 r11 or rbx holds the frame. A fault at any of these instructions is one
 * of `running`: nothing here touches a cubicle's memory but the stack of the running one.
 */
#include "base/emit_macros.S"
#include "trampoline_text.h"

/* ---- entry ---- */

/* 1 */
TEXT text_check_caller
    cmpq $HOLE_CALLER, THREAD(TEXT_RUNNING)
    jne_to HOLE_NOT_CALLER
END text_check_caller

/* 2: r11 = a new frame that holds the caller. The first store hits the guard when the control
 * stack is full, before anything has changed. */
TEXT text_save_caller
    movq THREAD(TEXT_CONTROL), %r11
    movq %rbx, FRAME_RBX(%r11)
    movq (%rsp), %r10
STEP /* where the caller's code masks its return addresses */
    andl $TEXT_RETURN_MASK, %r10d
STEP
    movq %r10, FRAME_RET(%r11)
    movq %rbp, FRAME_RBP(%r11)
    movq %r12, FRAME_R12(%r11)
    movq %r13, FRAME_R13(%r11)
    movq %r14, FRAME_R14(%r11)
    movq %r15, FRAME_R15(%r11)
    movq %rsp, FRAME_RSP(%r11)
    movq $HOLE_ID, FRAME_TRAMPOLINE(%r11) /* the upper half: no ticks yet */
    movq %fs:HOLE_CALLER_STACK, %r10
    movq %r10, FRAME_CALLER_STACK(%r11)
    movq %rsp, %fs:HOLE_CALLER_STACK
    leaq FRAME_SIZE(%r11), %r10
    movq %r10, THREAD(TEXT_CONTROL)
    movabsq $HOLE_COUNT, %r10
    incq (%r10)
END text_save_caller

/* Saves the floating-point environment in the frame, and sets the default. */
TEXT text_set_fenv
    stmxcsr FRAME_MXCSR(%r11)
    fnstcw FRAME_X87_CONTROL(%r11)
    movl $FENV_MXCSR, FRAME_CALLEE_MXCSR(%r11)
    movl $FENV_X87_CONTROL, FRAME_CALLEE_X87_CONTROL(%r11)
    ldmxcsr FRAME_CALLEE_MXCSR(%r11)
    fldcw FRAME_CALLEE_X87_CONTROL(%r11)
END text_set_fenv

/* 3: as many as there are. */
TEXT text_store_integers
    movq %rdi, FRAME_ARGS(%r11)
STEP
    movq %rsi, FRAME_ARGS + 8(%r11)
STEP
    movq %rdx, FRAME_ARGS + 16(%r11)
STEP
    movq %rcx, FRAME_ARGS + 24(%r11)
STEP
    movq %r8, FRAME_ARGS + 32(%r11)
STEP
    movq %r9, FRAME_ARGS + 40(%r11)
END text_store_integers

TEXT text_store_doubles
    movq %xmm0, FRAME_VECTOR_ARGS(%r11)
STEP
    movq %xmm1, FRAME_VECTOR_ARGS + 8(%r11)
STEP
    movq %xmm2, FRAME_VECTOR_ARGS + 16(%r11)
STEP
    movq %xmm3, FRAME_VECTOR_ARGS + 24(%r11)
STEP
    movq %xmm4, FRAME_VECTOR_ARGS + 32(%r11)
STEP
    movq %xmm5, FRAME_VECTOR_ARGS + 40(%r11)
STEP
    movq %xmm6, FRAME_VECTOR_ARGS + 48(%r11)
STEP
    movq %xmm7, FRAME_VECTOR_ARGS + 56(%r11)
END text_store_doubles

TEXT text_monitor_stack
    movq THREAD(TEXT_MONITOR_STACK), %rsp
END text_monitor_stack

/* enter(frame, trampoline), on the monitor's stack. */
TEXT text_marshal_enter
    movq %r11, %rbx
    movq %r11, %rdi
    movabsq $HOLE_TRAMPOLINE, %rsi
    movabsq $HOLE_ENTER, %rax
    call *%rax
    movq %rbx, %r11
    testl %eax, %eax
    jne_to HOLE_FAILED
END text_marshal_enter

TEXT text_load_integers
    movq FRAME_ARGS(%r11), %rdi
STEP
    movq FRAME_ARGS + 8(%r11), %rsi
STEP
    movq FRAME_ARGS + 16(%r11), %rdx
STEP
    movq FRAME_ARGS + 24(%r11), %rcx
STEP
    movq FRAME_ARGS + 32(%r11), %r8
STEP
    movq FRAME_ARGS + 40(%r11), %r9
END text_load_integers

TEXT text_load_doubles
    movq FRAME_VECTOR_ARGS(%r11), %xmm0
STEP
    movq FRAME_VECTOR_ARGS + 8(%r11), %xmm1
STEP
    movq FRAME_VECTOR_ARGS + 16(%r11), %xmm2
STEP
    movq FRAME_VECTOR_ARGS + 24(%r11), %xmm3
STEP
    movq FRAME_VECTOR_ARGS + 32(%r11), %xmm4
STEP
    movq FRAME_VECTOR_ARGS + 40(%r11), %xmm5
STEP
    movq FRAME_VECTOR_ARGS + 48(%r11), %xmm6
STEP
    movq FRAME_VECTOR_ARGS + 56(%r11), %xmm7
END text_load_doubles

/* 4: the backend gives the rights last, since the stack is the callee's from here. */
TEXT text_enter_callee
    movq $HOLE_CALLEE, THREAD(TEXT_RUNNING)
    movq %fs:HOLE_CALLEE_TP, %r10
    movq %r10, THREAD(TEXT_TP)
END text_enter_callee

/* Its stack: below what marshal_enter() has put there, */
TEXT text_frame_stack
    movq FRAME_CALLEE_RSP(%r11), %rsp
END text_frame_stack

/* or where it stands, aligned; */
TEXT text_callee_stack
    movq %fs:HOLE_CALLEE_STACK, %rsp
STEP /* for a call of the monitor's */
    andq $-16, %rsp
STEP /* for others, who get 0 where the callee may not be entered (R7) */
    andq %fs:HOLE_CALLEE_ENTRY_MASK, %rsp
END text_callee_stack

/* 5: of an argument that is narrower than its register, the low bytes. */
TEXT text_keep_1
    movzbl %dil, %edi
STEP
    movzbl %sil, %esi
STEP
    movzbl %dl, %edx
STEP
    movzbl %cl, %ecx
STEP
    movzbl %r8b, %r8d
STEP
    movzbl %r9b, %r9d
END text_keep_1

TEXT text_keep_2
    movzwl %di, %edi
STEP
    movzwl %si, %esi
STEP
    movzwl %dx, %edx
STEP
    movzwl %cx, %ecx
STEP
    movzwl %r8w, %r8d
STEP
    movzwl %r9w, %r9d
END text_keep_2

TEXT text_keep_4
    movl %edi, %edi
STEP
    movl %esi, %esi
STEP
    movl %edx, %edx
STEP
    movl %ecx, %ecx
STEP
    movl %r8d, %r8d
STEP
    movl %r9d, %r9d
END text_keep_4

TEXT text_number_of_caller
    movl $HOLE_CALLER, %edi
STEP
    movl $HOLE_CALLER, %esi
STEP
    movl $HOLE_CALLER, %edx
STEP
    movl $HOLE_CALLER, %ecx
STEP
    movl $HOLE_CALLER, %r8d
STEP
    movl $HOLE_CALLER, %r9d
END text_number_of_caller

TEXT text_zero_integers
    xorl %edi, %edi
STEP
    xorl %esi, %esi
STEP
    xorl %edx, %edx
STEP
    xorl %ecx, %ecx
STEP
    xorl %r8d, %r8d
STEP
    xorl %r9d, %r9d
END text_zero_integers

TEXT text_clear_for_callee
    xorl %eax, %eax
    xorl %ebx, %ebx
    xorl %ebp, %ebp
    xorl %r10d, %r10d
    xorl %r12d, %r12d
    xorl %r13d, %r13d
    xorl %r14d, %r14d
    xorl %r15d, %r15d
END text_clear_for_callee

/* 6: a function of the monitor, */
TEXT text_call_monitor
    movq %r11, %rbx
    movabsq $HOLE_TARGET, %rax
    call *%rax
    movq %rbx, %r11
    jmp_to HOLE_RETURNED
END text_call_monitor

/* or the callee's. The call itself is in the stub, so that its return address can be masked. */
TEXT text_call_callee
    movabsq $HOLE_CALL, %r11
    jmp *%r11
END text_call_callee

/* ---- return ---- */

/* 7: r11 = the top frame. */
TEXT text_check_frame
    movq THREAD(TEXT_CONTROL), %r11
    leaq -FRAME_SIZE(%r11), %r11
    cmpl $HOLE_ID, FRAME_TRAMPOLINE(%r11)
    jne_to HOLE_NOT_OURS
END text_check_frame

/* 8 */
TEXT text_save_result
    movq %rax, FRAME_RESULT(%r11)
STEP /* of a function that returns a double */
    movq %xmm0, FRAME_VECTOR_RESULT(%r11)
END text_save_result

/* leave(frame, trampoline), on the monitor's stack. */
TEXT text_marshal_leave
    movq %r11, %rbx
    movq %r11, %rdi
    movabsq $HOLE_TRAMPOLINE, %rsi
    movabsq $HOLE_LEAVE, %rax
    call *%rax
    movq %rbx, %r11
END text_marshal_leave

TEXT text_load_result
    movq FRAME_RESULT(%r11), %rax
STEP /* likewise */
    movq FRAME_VECTOR_RESULT(%r11), %xmm0
END text_load_result

/* ---- leave ---- */

/* 9 */
TEXT text_leave
    movq %r11, THREAD(TEXT_CONTROL)
    movq $HOLE_CALLER, THREAD(TEXT_RUNNING)
    movq FRAME_CALLER_STACK(%r11), %r10
    movq %r10, %fs:HOLE_CALLER_STACK
    movq %fs:HOLE_CALLER_TP, %r10
    movq %r10, THREAD(TEXT_TP)
END text_leave

TEXT text_restore_fenv
    ldmxcsr FRAME_MXCSR(%r11)
    fldcw FRAME_X87_CONTROL(%r11)
END text_restore_fenv

/* 10: then r11 is the return address. The backend gives the rights after it: the frame is the
 * monitor's, the stack the caller's. */
TEXT text_restore_caller
    movq FRAME_RBX(%r11), %rbx
    movq FRAME_RBP(%r11), %rbp
    movq FRAME_R12(%r11), %r12
    movq FRAME_R13(%r11), %r13
    movq FRAME_R14(%r11), %r14
    movq FRAME_R15(%r11), %r15
    movq FRAME_RSP(%r11), %rsp
    movq FRAME_RET(%r11), %r11
END text_restore_caller

/* Compared, not written back: a store here would cost 20 ns in the return. */
TEXT text_check_return
    cmpq %r11, (%rsp)
    jne_to HOLE_CHANGED
END text_check_return

/* Steps: 0, 1, 2, 4 bytes of the result. */
TEXT text_keep_result
    xorl %eax, %eax
STEP
    movzbl %al, %eax
STEP
    movzwl %ax, %eax
STEP
    movl %eax, %eax
END text_keep_result

TEXT text_clear_for_caller
    xorl %ecx, %ecx
    xorl %edx, %edx
    xorl %esi, %esi
    xorl %edi, %edi
    xorl %r8d, %r8d
    xorl %r9d, %r9d
    xorl %r10d, %r10d
    xorl %r11d, %r11d
END text_clear_for_caller

TEXT text_return
    ret
END text_return

/* Where 1, 7 and 10 go when something is wrong. */
TEXT text_report
    movl $HOLE_ID, %r10d
    movabsq $HOLE_REPORT, %r11
    jmp *%r11
END text_report

/* ---- the stub: one bundle each ---- */

TEXT text_stub_entry
    movabsq $HOLE_BODY, %r11
    jmp *%r11
END text_stub_entry

/* The call ends its bundle; whoever jumps to the bundle's start runs into it. */
TEXT text_stub_call
    .rept TEXT_BUNDLE_SIZE - TEXT_CALL_SIZE
    nop
    .endr
    call_to HOLE_FUNCTION
END text_stub_call

TEXT text_stub_return
    movabsq $HOLE_RETURN, %r11
    jmp *%r11
END text_stub_return

    .section .note.GNU-stack, "", @progbits
