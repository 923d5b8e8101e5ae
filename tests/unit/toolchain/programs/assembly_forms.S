/* Hand-written instruction forms, for the rewriter and for the host alike. */
#define FUNCTION(name) .globl name; .type name, @function; name
#define COUNTER %rcx

        .text

/* push and pop of memory, of the stack itself, of an immediate */
FUNCTION(forms_push_pop):
        push    (%rdi)                  # 11
        pushq   8(%rdi)
        push    $1000
        pushq   8(%rsp)                 /* 22 again */
        popq    (%rdi)
        pop     %rax
        popq    16(%rdi)                # 22
        addq    (%rsp), %rax            # 1011
        popq    -8(%rsp)
        ret

FUNCTION(forms_call_memory):
        subq    $8, %rsp
        movq    %rdi, %rax
        movq    %rsi, %rdi
        call    *(%rax)
        addq    $8, %rsp
        ret

FUNCTION(forms_jump_table):
        cmp     $2, %edi
        ja      .Lelse
        jmp     *.Ltable(, %rdi, 8)
.Lzero: movl    $100, %eax; ret
.Lone:  movl    $200, %eax
        repz; ret
.Ltwo:  lea     .Lelse(%rip), %rax
        jmp     *%rax
.Lelse: movl    $400, %eax
        ret

        .section .rodata
        .balign 8
.Ltable:
        .quad   .Lzero, .Lone
        .quad   .Ltwo
        .text

/* frame pointer, leave, an index next to %rsp, alignment of %rsp, large constants */
FUNCTION(forms_frame):
        push    %rbp
        mov     %rsp, %rbp
        sub     $100000, %rsp
        and     $-64, %rsp
        movl    $5, %eax
        mov     %rdi, (%rsp, %rax, 8)
        mov     %rsi, 8(%rsp, %rax, 8)
        lea     (%rsp, %rax, 8), %rcx
        mov     (%rcx), %rax
        imul    8(%rcx), %rax
        lea     -16(%rsp), %rsp
        mov     %rax, (%rsp)
        addq    $1, (%rsp)
        mov     (%rsp), %rax
        leave
        ret

/* %rsp as a plain operand: copies compare equal however they were made */
FUNCTION(forms_stack_pointer):
        mov     %rsp, %rax
        lea     (%rsp), %rcx
        xor     %edx, %edx
        cmp     %rsp, %rax
        sete    %dl
        push    %rsp
        pop     %rax
        cmp     %rax, %rcx
        jne     1f
        add     $2, %edx
1:      mov     %rsp, -8(%rsp)
        cmp     %rcx, -8(%rsp)
        jne     1f
        add     $4, %edx
1:      mov     %rcx, %rsp
        sub     %rsp, %rcx
        lea     (%rdx, %rcx), %rax
        ret

FUNCTION(forms_numeric_labels):
        xor     %eax, %eax
1:      test    %rdi, %rdi
        jz      2f
        add     %rdi, %rax
        dec     %rdi
        jmp     1b
2:      cmp     $55, %rax
        jne     1f
        add     $1000, %rax
1:      ret

FUNCTION(forms_macro_registers):
        mov     %rdi, COUNTER
        xor     %eax, %eax
        .p2align 4,,10
0:      add     COUNTER, %rax
        sub     $1, COUNTER
        jne     0b
        movq    value(%rip), %rdx
        add     value + 8 - 4 * 2, %rax
        addl    $3, value(%rip)
        movslq  value(, COUNTER, 4), %rsi
        add     %rsi, %rax
        add     %rdx, %rax
        ret

        .data
        .balign 8
value:  .quad   1000
        .section .note.GNU-stack, "", @progbits
