/*
 * What trampolines do with registers that are not integers: vectors, x87, and the words that
 * control both. Each function writes instructions; r11 is the frame where they run.
 */
#ifndef MONITOR_TRAMPOLINE_FLOAT_H
#define MONITOR_TRAMPOLINE_FLOAT_H

#include "base/emit.h"
#include "base/thread.h"

#include <stddef.h>

/** Displacement of a field of the frame at r11. */
#define FRAME(field) ((int32_t)offsetof(struct call_frame, field))

/** Clears xmm/ymm/zmm registers but those of @keep, and opmasks where code can name them. */
void emit_clear_simd(struct emitter *e, unsigned keep);

/** The x87 stack is empty again; plain code could also read what is in empty registers. */
void emit_empty_x87(struct emitter *e);

/** Saves the floating-point environment in the frame and sets the default. */
void emit_fenv_default(struct emitter *e);

/** The way back. */
void emit_fenv_restore(struct emitter *e);

/** movq %xmmN,disp(%r11), @store, or back. */
void emit_xmm_frame(struct emitter *e, unsigned n, int32_t disp, bool store);

#endif
