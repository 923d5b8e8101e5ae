/* See setjmp.S. */
.text
.global _longjmp
.global longjmp
.type _longjmp,@function
.type longjmp,@function
.balign 32
_longjmp:
longjmp:
	xorl %eax,%eax
	cmpl $1,%esi
	adcl %esi,%eax
	movq (%rdi),%rbx
	movq 8(%rdi),%rbp
	movq 16(%rdi),%r12
	movq 24(%rdi),%r13
	movq 32(%rdi),%r14
	movq 40(%rdi),%r15
	movq 56(%rdi),%rdx
	movq 48(%rdi),%rsp
	jmp *%rdx
.size longjmp,.-longjmp
.section .note.GNU-stack,"",@progbits
