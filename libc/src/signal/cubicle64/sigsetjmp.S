/* As musl's for x86-64, without `pop` to memory: the buffer keeps the return address at
   64 and the caller's rbx at 80 while setjmp may return twice. */
.text
.global sigsetjmp
.global __sigsetjmp
.type sigsetjmp,@function
.type __sigsetjmp,@function
.hidden __sigsetjmp_tail
.balign 32
sigsetjmp:
__sigsetjmp:
	testl %esi,%esi
	jz 1f
	popq %rdx
	movq %rdx,64(%rdi)
	movq %rbx,80(%rdi)
	movq %rdi,%rbx
	call setjmp
	movq 64(%rbx),%rdx
	pushq %rdx
	movq %rbx,%rdi
	movl %eax,%esi
	movq 80(%rbx),%rbx
	jmp __sigsetjmp_tail
1:	jmp setjmp
.size sigsetjmp,.-sigsetjmp
.section .note.GNU-stack,"",@progbits
