/* The rewriter replaces the instructions cpuid and xgetbv by calls of these functions, which take
 * and return the same registers and keep all others. They do not keep the flags. */
	.text

	.globl	__libc_cpuid
	.type	__libc_cpuid,@function
__libc_cpuid:
	pushq	%rsi
	pushq	%rdi
	pushq	%r8
	pushq	%r9
	pushq	%r10
	subq	$16,%rsp
	movl	%eax,%edi
	movl	%ecx,%esi
	movq	%rsp,%rdx
	call	__libc_cpuid_words
	movl	(%rsp),%eax
	movl	4(%rsp),%ebx
	movl	8(%rsp),%ecx
	movl	12(%rsp),%edx
	addq	$16,%rsp
	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rdi
	popq	%rsi
	ret
	.size	__libc_cpuid,.-__libc_cpuid

	.globl	__libc_xgetbv
	.type	__libc_xgetbv,@function
__libc_xgetbv:
	xorl	%eax,%eax
	xorl	%edx,%edx
	testl	%ecx,%ecx
	jne	1f
	movl	__libc_xcr0(%rip),%eax
	andl	$7,%eax		/* x87, SSE, AVX */
1:	ret
	.size	__libc_xgetbv,.-__libc_xgetbv

	.section .note.GNU-stack,"",@progbits
