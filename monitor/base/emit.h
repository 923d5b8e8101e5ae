/*
 * The few machine instructions that trampolines are made of. Each function writes one
 * instruction; its name is the AT&T mnemonic with operands in AT&T order.
 */
#ifndef MONITOR_EMIT_H
#define MONITOR_EMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum emit_register {
    RAX,
    RCX,
    RDX,
    RBX,
    RSP,
    RBP,
    RSI,
    RDI,
    R8,
    R9,
    R10,
    R11,
    R12,
    R13,
    R14,
    R15
};

struct emitter {
    uint8_t *at, *end;
    bool full; /* something did not fit; nothing more is written */
    /* Bytes that must not be; emit_mov_imm64_reg() avoids them. NULL: all may be. */
    bool (*spells)(const uint8_t *bytes, size_t n);
};

void emit_bytes(struct emitter *e, const void *bytes, size_t n);
void emit_u8(struct emitter *e, uint8_t byte);
void emit_u32(struct emitter *e, uint32_t value);

/** Where the bytes of @value must not be: those of its complement, and not. */
void emit_mov_imm64_reg(struct emitter *e, uint64_t value, enum emit_register reg);
void emit_mov_imm32_reg(struct emitter *e, uint32_t value, enum emit_register reg);
void emit_mov_reg_reg(struct emitter *e, enum emit_register from,
                      enum emit_register to);
/** mov disp(%base),%to; base must not be RSP or R12. */
void emit_mov_mem_reg(struct emitter *e, int32_t disp, enum emit_register base,
                      enum emit_register to);
void emit_mov_reg_mem(struct emitter *e, enum emit_register from, int32_t disp,
                      enum emit_register base);
void emit_movl_imm_mem(struct emitter *e, uint32_t value, int32_t disp,
                       enum emit_register base);
void emit_mov_fs_reg(struct emitter *e, int32_t disp, enum emit_register to);
void emit_mov_reg_fs(struct emitter *e, enum emit_register from, int32_t disp);
/** movq $value,%fs:disp (sign-extended). */
void emit_mov_imm_fs(struct emitter *e, uint32_t value, int32_t disp);
/** cmpq $value,%fs:disp. */
void emit_cmp_imm_fs(struct emitter *e, uint32_t value, int32_t disp);
/** cmpl $value,disp(%base). */
void emit_cmpl_imm_mem(struct emitter *e, uint32_t value, int32_t disp,
                       enum emit_register base);
void emit_lea(struct emitter *e, int32_t disp, enum emit_register base,
              enum emit_register to);
void emit_zero(struct emitter *e, enum emit_register reg);
/** Zero-extends the low @size bytes (1, 2, 4) of @reg; 8 is nothing. */
void emit_truncate(struct emitter *e, enum emit_register reg, size_t size);
void emit_jmp_reg(struct emitter *e, enum emit_register reg);
void emit_call_reg(struct emitter *e, enum emit_register reg);
void emit_wrgsbase(struct emitter *e, enum emit_register reg);

/** jne to a place not yet known; returns what emit_patch() needs. */
uint8_t *emit_jne(struct emitter *e);
/** jmp, likewise. */
uint8_t *emit_jmp(struct emitter *e);
/** Makes a jump written by emit_jne() or emit_jmp() land here. */
void emit_patch(struct emitter *e, uint8_t *jump);

/** Clears xmm/ymm registers 0-15 but those of @keep (a bit each), whose upper bits above
 *  the low 64 are cleared. @avx: the CPU has ymm registers. */
void emit_clear_vectors(struct emitter *e, unsigned keep, bool avx);

#endif
