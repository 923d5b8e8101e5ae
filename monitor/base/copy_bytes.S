/*
 * int copy_bytes_*(void *to, const void *from, size_t size)     rdi, rsi, rdx -> eax
 * int64_t string_size(const void *from, size_t max)            rdi, rsi -> rax
 *
 * All of [copy_begin, copy_end) may fault; the handler then continues at copy_fault with
 * the stack as it was on entry: nothing here pushes.
 */
    .text
    .globl copy_begin, copy_end, copy_fault, copy_bytes_sse, copy_bytes_avx, string_size
    .balign 64
copy_begin:

/* Up to 32 bytes: two loads that may overlap, then two stores. */
copy_small:
    cmpq $16, %rdx
    jae 3f
    cmpl $8, %edx
    jae 2f
    cmpl $4, %edx
    jae 1f
    testl %edx, %edx
    jz copy_done
    movzbl (%rsi), %eax
    movzbl -1(%rsi,%rdx), %ecx
    shrl $1, %edx               /* size 1: byte 0; sizes 2, 3: byte 1 is the middle */
    movzbl (%rsi,%rdx), %r8d
    movb %al, (%rdi)
    movb %r8b, (%rdi,%rdx)
    adcq %rdx, %rdx             /* size again: the shift left its low bit in carry */
    movb %cl, -1(%rdi,%rdx)
    jmp copy_done
1:  movl (%rsi), %eax
    movl -4(%rsi,%rdx), %ecx
    movl %eax, (%rdi)
    movl %ecx, -4(%rdi,%rdx)
    jmp copy_done
2:  movq (%rsi), %rax
    movq -8(%rsi,%rdx), %rcx
    movq %rax, (%rdi)
    movq %rcx, -8(%rdi,%rdx)
    jmp copy_done
3:  movups (%rsi), %xmm0
    movups -16(%rsi,%rdx), %xmm1
    movups %xmm0, (%rdi)
    movups %xmm1, -16(%rdi,%rdx)
copy_done:
    xorl %eax, %eax
    ret

    .balign 32
copy_bytes_sse:
    cmpq $32, %rdx
    jbe copy_small
    movups -16(%rsi,%rdx), %xmm4    /* the tail, stored last */
    movups -32(%rsi,%rdx), %xmm5
    leaq -32(%rdi,%rdx), %rcx
    subq %rdi, %rsi
    .balign 16
1:  movups (%rdi,%rsi), %xmm0
    movups 16(%rdi,%rsi), %xmm1
    movups %xmm0, (%rdi)
    movups %xmm1, 16(%rdi)
    addq $32, %rdi
    cmpq %rcx, %rdi
    jb 1b
    movups %xmm5, (%rcx)
    movups %xmm4, 16(%rcx)
    xorl %eax, %eax
    ret

    .balign 32
copy_bytes_avx:
    cmpq $32, %rdx
    jbe copy_small
    vmovdqu -32(%rsi,%rdx), %ymm4
    leaq -32(%rdi,%rdx), %rcx
    subq %rdi, %rsi
    leaq -96(%rcx), %rax
    cmpq %rax, %rdi
    jae 2f
    .balign 32
1:  vmovdqu (%rdi,%rsi), %ymm0
    vmovdqu 32(%rdi,%rsi), %ymm1
    vmovdqu 64(%rdi,%rsi), %ymm2
    vmovdqu 96(%rdi,%rsi), %ymm3
    vmovdqu %ymm0, (%rdi)
    vmovdqu %ymm1, 32(%rdi)
    vmovdqu %ymm2, 64(%rdi)
    vmovdqu %ymm3, 96(%rdi)
    subq $-128, %rdi
    cmpq %rax, %rdi
    jb 1b
2:  cmpq %rcx, %rdi
    jae 3f
    vmovdqu (%rdi,%rsi), %ymm0
    vmovdqu %ymm0, (%rdi)
    addq $32, %rdi
    jmp 2b
3:  vmovdqu %ymm4, (%rcx)
    vzeroupper
    xorl %eax, %eax
    ret

/* 16 bytes at a time; near the end of a page, behind which may lie nothing, one. */
    .balign 32
string_size:
    xorl %eax, %eax
    pxor %xmm1, %xmm1
1:  cmpq %rsi, %rax
    jae 4f
    leaq (%rdi,%rax), %rcx
    movl %ecx, %edx
    andl $4095, %edx
    cmpl $4080, %edx
    ja 2f
    movdqu (%rcx), %xmm0
    pcmpeqb %xmm1, %xmm0
    pmovmskb %xmm0, %edx
    testl %edx, %edx
    jnz 3f
    addq $16, %rax
    jmp 1b
2:  cmpb $0, (%rcx)
    leaq 1(%rax), %rax
    jne 1b
    ret
3:  bsfl %edx, %edx
    leaq 1(%rax,%rdx), %rax
    cmpq %rsi, %rax
    ja 4f
    ret
4:  movq $-36, %rax             /* -ENAMETOOLONG */
    ret
copy_end:

copy_fault:
    movq $-14, %rax             /* -EFAULT */
    ret
    .section .note.GNU-stack, "", @progbits
