/* Included by files of texts: how emit_text.h says that one is written. */
#include "emit_text.h"

/* A field of the calling thread's state. */
#define THREAD(field) %fs:thread_self@tpoff + field

/* struct emit_text, whose code follows in a section of its own. */
    .macro TEXT name
    .section .rodata.texts, "a", @progbits
    .balign 4
    .globl \name
    .type \name, @object
\name:
    .long .Lcode_\name - \name
    .long .Lsteps_\name
    .long 0
    .section .rodata.text_code, "a", @progbits
    .set steps, 0
.Lcode_\name:
771:
    .endm

    .macro STEP
772:
    .pushsection .rodata.texts, "a", @progbits
    .long 772b - 771b
    .popsection
    .set steps, steps + 1
    .endm

    .macro END name
    STEP
    .set .Lsteps_\name, steps
    .endm

    .macro jne_to hole
    .byte 0x0f, 0x85
    .long \hole
    .endm

    .macro jmp_to hole
    .byte 0xe9
    .long \hole
    .endm

    .macro call_to hole
    .byte 0xe8
    .long \hole
    .endm
