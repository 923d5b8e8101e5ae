/* jmp_buf: rbx rbp r12-r15, rsp, return address. The rewriter keeps rsp inside the view
   when longjmp loads it, and the return address on a bundle start, whatever the buffer
   holds. */
.text
.global __setjmp
.global _setjmp
.global setjmp
.type __setjmp,@function
.type _setjmp,@function
.type setjmp,@function
.balign 32
__setjmp:
_setjmp:
setjmp:
	movq %rbx,(%rdi)
	movq %rbp,8(%rdi)
	movq %r12,16(%rdi)
	movq %r13,24(%rdi)
	movq %r14,32(%rdi)
	movq %r15,40(%rdi)
	leaq 8(%rsp),%rdx
	movq %rdx,48(%rdi)
	movq (%rsp),%rdx
	movq %rdx,56(%rdi)
	xorl %eax,%eax
	ret
.size setjmp,.-setjmp
.section .note.GNU-stack,"",@progbits
