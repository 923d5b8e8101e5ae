/*
 * The places of the monitor that write PKRU or FS, besides trampolines. Code of cubicles
 * can jump to any byte here, with registers of its choice: after each such instruction
 * stands a check that it cannot pass without having the rights already (B2 in notes.md).
 * In struct thread: 8 running, 16 host_calls, 20 rights (signal.c checks the numbers).
 */
    .text
    .globl mpk_entry_begin, mpk_entry_end, mpk_signal_entry, mpk_resume
    .balign 64
mpk_entry_begin:

/* Signals arrive here. rdi number, rsi siginfo, rdx ucontext, on the signal stack; the kernel
 * has set PKRU so that only the monitor's key is open. Uses no stack until it is the
 * monitor's: the signal stack's key is closed. */
mpk_signal_entry:
    movq $1, mpk_entered(%rip)      /* with a cubicle's rights this traps */
    movq %rdx, %r8
1:  xorl %eax, %eax
    xorl %ecx, %ecx
    xorl %edx, %edx
    wrpkru
    testl %eax, %eax
    jnz 1b
    cmpq $1, mpk_entered(%rip)      /* who came by a jump has not been above */
    jne 9f
    movq $0, mpk_entered(%rip)
    movq mpk_fs_base(%rip), %rax    /* it may have been changed by loading a segment */
    wrfsbase %rax
    rdfsbase %rcx
    cmpq %rcx, mpk_fs_base(%rip)    /* with a cubicle's rights this traps */
    jne 9f
    movq %r8, %rdx
    movq mpk_stack(%rip), %rsp
    pushq $2                        /* flags: the kernel leaves AC as it was */
    popfq
    call mpk_signal
    movq %rax, %rsp                 /* the frame to return from */
    movl $15, %eax                  /* rt_sigreturn */
    syscall
8:  xorl %eax, %eax
    xorl %ecx, %ecx
    xorl %edx, %edx
    wrpkru
    testl %eax, %eax
    jnz 8b
9:  ud2

/* The end of a signal's way back to a cubicle: its rights, then what is on its stack: rax,
 * rcx, rdx, flags, the address to go on at, and 128 bytes that belong to leaf functions. */
mpk_resume:
    movb $1, %fs:thread_self@tpoff+16       /* with a cubicle's rights this traps */
7:  movq %fs:thread_self@tpoff+8, %rax
    movl %fs:thread_self@tpoff+20(,%rax,4), %eax
    xorl %ecx, %ecx
    xorl %edx, %edx
    wrpkru
    testl $0x34, %eax               /* the shared keys, 1 and 2: without them no signal */
    jnz 8b
    movq %fs:thread_self@tpoff+8, %rcx
    cmpl %fs:thread_self@tpoff+20(,%rcx,4), %eax
    jne 7b                          /* a key may have come meanwhile */
    popq %rax
    popq %rcx
    popq %rdx
    popfq
    ret $128
mpk_entry_end:
    .section .note.GNU-stack, "", @progbits
