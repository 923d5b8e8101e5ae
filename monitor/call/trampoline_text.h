/* The texts of trampoline_text.S and trampoline_vectors.S, and numbers that these have in common
 * with C; trampoline_body.c checks the numbers. */
#ifndef MONITOR_TRAMPOLINE_TEXT_H
#define MONITOR_TRAMPOLINE_TEXT_H

#include "base/emit_text.h"

/** What the default floating-point environment looks like in registers. */
#define FENV_MXCSR 0x1f80
#define FENV_X87_CONTROL 0x037f

#define TEXT_BUNDLE_SIZE 32
#define TEXT_RETURN_MASK 0x7fffffe0
#define TEXT_CALL_SIZE 5 /* bytes of a call instruction */

/* struct call_frame. */
#define FRAME_TRAMPOLINE 0
#define FRAME_RSP 8
#define FRAME_RET 16
#define FRAME_RBX 24
#define FRAME_RBP 32
#define FRAME_R12 40
#define FRAME_R13 48
#define FRAME_R14 56
#define FRAME_R15 64
#define FRAME_CALLER_STACK 72
#define FRAME_CALLEE_RSP 80
#define FRAME_RESULT 88
#define FRAME_ARGS 96
#define FRAME_VECTOR_ARGS 192
#define FRAME_VECTOR_RESULT 256
#define FRAME_X87_CONTROL 264
#define FRAME_CALLEE_MXCSR 268
#define FRAME_CALLEE_X87_CONTROL 272
#define FRAME_MXCSR 480
#define FRAME_SIZE 512

#ifndef __ASSEMBLER__

#include "base/emit.h"

/* Steps are one for each register, in the order of the calling convention: rdi, rsi, rdx, rcx,
 * r8, r9; xmm0 on. */
extern const struct emit_text text_store_integers, text_load_integers,
    text_store_doubles, text_load_doubles, text_number_of_caller, text_zero_integers;
/* 1, 2 or 4 bytes are kept. */
extern const struct emit_text text_keep_1, text_keep_2, text_keep_4;
/* Steps: xmm0 to xmm7, or xmm15. */
extern const struct emit_text text_keep_low_avx, text_keep_low_sse,
    text_clear_vectors_avx, text_clear_vectors_sse, text_clear_avx512;

/* In the order in which they are executed; trampoline_text.S and trampoline_vectors.S say what each does. */
extern const struct emit_text text_check_caller, text_save_caller, text_set_fenv,
    text_monitor_stack, text_marshal_enter, text_enter_callee, text_frame_stack,
    text_callee_stack, text_clear_for_callee, text_call_monitor, text_call_callee,
    text_check_frame, text_save_result, text_marshal_leave, text_load_result,
    text_leave, text_restore_fenv, text_restore_caller, text_check_return,
    text_keep_result, text_clear_for_caller, text_return, text_report;
extern const struct emit_text text_clear_x87, text_empty_x87;

/* The stub. */
extern const struct emit_text text_stub_entry, text_stub_call, text_stub_return;

#endif
#endif
