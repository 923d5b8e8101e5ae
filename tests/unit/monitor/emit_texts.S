/* Texts for test_emit.c, and what the assembler makes of the same instructions with values in
 * the place of holes. */
#include "base/emit_macros.S"

#define VALUE32 0x12345678
#define VALUE64 0x1122334455667788

    .macro EXPECT name
    .section .rodata.expected, "a", @progbits
    .globl \name, \name\()_end
\name:
    .endm

/* Every hole, in an instruction that it can be in. */
TEXT test_all
    cmpq $HOLE_CALLER, %fs:8
    movl $HOLE_CALLEE, %r9d
    movl $HOLE_ID, 16(%r11)
    movq %rsp, %fs:HOLE_CALLER_STACK
    movq %fs:HOLE_CALLER_TP, %r10
    movq %fs:HOLE_CALLEE_STACK, %rsp
    movq %fs:HOLE_CALLEE_TP, %rax
    andq %fs:HOLE_CALLEE_ENTRY_MASK, %rsp
    cmpl %fs:HOLE_RIGHTS, %eax
    testl $HOLE_RIGHTS_MASK, %eax
    call_to HOLE_FUNCTION
    movabsq $HOLE_COUNT, %r10
    movabsq $HOLE_TRAMPOLINE, %rsi
    movabsq $HOLE_ENTER, %rax
    movabsq $HOLE_LEAVE, %rax
    movabsq $HOLE_TARGET, %rax
    movabsq $HOLE_REPORT, %r11
    movabsq $HOLE_CALL, %r11
    movabsq $HOLE_BODY, %r11
    movabsq $HOLE_RETURN, %r11
    movabsq $HOLE_VIEW, %r10
    ret
END test_all

EXPECT expect_all
    cmpq $VALUE32, %fs:8
    movl $VALUE32, %r9d
    movl $VALUE32, 16(%r11)
    movq %rsp, %fs:VALUE32
    movq %fs:VALUE32, %r10
    movq %fs:VALUE32, %rsp
    movq %fs:VALUE32, %rax
    andq %fs:VALUE32, %rsp
    cmpl %fs:VALUE32, %eax
    testl $VALUE32, %eax
    .byte 0xe8
    .long VALUE32
    movabsq $VALUE64, %r10
    movabsq $VALUE64, %rsi
    .rept 3
    movabsq $VALUE64, %rax
    .endr
    .rept 4
    movabsq $VALUE64, %r11
    .endr
    movabsq $VALUE64, %r10
    ret
expect_all_end:

/* Addresses that may not be spelled: in each register. */

TEXT test_registers
    .irp r, rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15
    movabsq $HOLE_VIEW, %\r
    .endr
END test_registers

EXPECT expect_plain
    .irp r, rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15
    movabsq $VALUE64, %\r
    .endr
expect_plain_end:

EXPECT expect_inverted
    .irp r, rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15
    movabsq $~VALUE64, %\r
    notq %\r
    .endr
expect_inverted_end:

/* One by one. */
TEXT test_steps
    movb $1, %al
STEP
    movl $HOLE_ID, %ecx
STEP
STEP
    movb $3, %al
END test_steps

EXPECT expect_steps
    movb $1, %al
    movl $VALUE32, %ecx
    movb $3, %al
expect_steps_end:

/* Jumps, 200 bytes on and to the next instruction. */
TEXT test_jumps
    jne_to HOLE_CHANGED
    jmp_to HOLE_FAILED
    jne_to HOLE_NOT_OURS
    jmp_to HOLE_NOT_CALLER
    jmp_to HOLE_RETURNED
STEP
    .rept 200
    nop
    .endr
STEP
    ret
END test_jumps

EXPECT expect_jumps
    jne 1f
    jmp 1f
    jne 1f
    jmp 1f
    .byte 0xe9
    .long 0
    .rept 200
    nop
    .endr
1:  ret
expect_jumps_end:

/* What is no hole, and what is none of a 64-bit instruction. */
TEXT test_none
    movl $HOLE32(0), %eax
END test_none

TEXT test_unknown
    movl $HOLE32(HOLES), %eax
END test_unknown

TEXT test_half
    movl $HOLE32(26), %eax
    nop
    nop
    nop
    nop
END test_half

TEXT test_end
    movl $HOLE32(26), %eax
END test_end

TEXT test_not_loaded
    addl $1, %eax
    .quad HOLE_VIEW
END test_not_loaded

    .section .note.GNU-stack, "", @progbits
