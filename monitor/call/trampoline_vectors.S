/*
 * What trampolines do with registers of vectors and of the x87, at 5 and at 10 of
 * trampoline_text.S.
 */
#include "base/emit_macros.S"
#include "trampoline_text.h"

/* The low 64 bits of a double stay, the rest is cleared. */
TEXT text_keep_low_avx
    vmovq %xmm0, %xmm0
    .irp n, 1, 2, 3, 4, 5, 6, 7
STEP
    vmovq %xmm\n, %xmm\n
    .endr
END text_keep_low_avx

TEXT text_keep_low_sse
    movq %xmm0, %xmm0
    .irp n, 1, 2, 3, 4, 5, 6, 7
STEP
    movq %xmm\n, %xmm\n
    .endr
END text_keep_low_sse

/* The whole ymm register. */
TEXT text_clear_vectors_avx
    vpxor %xmm0, %xmm0, %xmm0
    .irp n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
STEP
    vpxor %xmm\n, %xmm\n, %xmm\n
    .endr
END text_clear_vectors_avx

TEXT text_clear_vectors_sse
    pxor %xmm0, %xmm0
    .irp n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
STEP
    pxor %xmm\n, %xmm\n
    .endr
END text_clear_vectors_sse

/* What verified code cannot name: zmm16-31 and all 64 bits of k0-7. */
TEXT text_clear_avx512
    .irp n, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    vpxord %zmm\n, %zmm\n, %zmm\n
    .endr
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7
    kxorw %k\n, %k\n, %k\n
    .endr
END text_clear_avx512

/* The stack is empty again. */
TEXT text_empty_x87
    emms
END text_empty_x87

/* The same where plain code could look into the empty registers: contents zero, status word 0,
 * whatever the control word and status were; where the status was not 0 the control word
 * becomes the default. An exception may be pending, for which the first instruction that looks
 * would trap; fnstsw and fninit do not look. With status 0 nothing can be pending, and what
 * follows raises nothing, so that the control word does not matter. fninit alone would take
 * three times as long. */
TEXT text_clear_x87
    movq %rax, %r10
    fnstsw %ax
    testw %ax, %ax
    je 1f
    fninit
1:  movq %r10, %rax
    emms                /* room for 8 */
    .rept 8
    fldz
    .endr
    emms
END text_clear_x87
    .section .note.GNU-stack, "", @progbits
