/*
 * Clears registers that verified code cannot name, or finds empty: what only plain code can
 * look into. As in emit.h, what these write is compared with the assembler.
 */
#ifndef MONITOR_EMIT_PLAIN_H
#define MONITOR_EMIT_PLAIN_H

#include "emit.h"

/** x87 and MMX: contents zero, empty, status word 0, whatever the control word and status
 *  were; where the status was not 0 the control word becomes the default. Changes R10. */
void emit_clear_x87(struct emitter *e);

/** zmm16-31 and k0-7. The CPU must have AVX-512F. */
void emit_clear_avx512(struct emitter *e);

#endif
