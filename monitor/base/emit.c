#include "emit.h"

#include <string.h>

void emit_bytes(struct emitter *e, const void *bytes, size_t n)
{
    if (e->full || (size_t)(e->end - e->at) < n) {
        e->full = true;
        return;
    }
    memcpy(e->at, bytes, n);
    e->at += n;
}

void emit_u8(struct emitter *e, uint8_t byte)
{
    if (e->full || e->at == e->end) {
        e->full = true;
        return;
    }
    *e->at++ = byte;
}

void emit_u32(struct emitter *e, uint32_t value)
{
    emit_bytes(e, &value, 4);
}

/* REX prefix: W, and the high bits of the reg and rm (or base) fields. */
static uint8_t emit_rex(bool w, unsigned reg, unsigned rm)
{
    return (uint8_t)(0x40 | (w ? 8 : 0) | (reg >> 3 << 2) | (rm >> 3));
}

static uint8_t emit_modrm(unsigned mod, unsigned reg, unsigned rm)
{
    return (uint8_t)(mod << 6 | (reg & 7) << 3 | (rm & 7));
}

/* opcode with operands reg and disp32(%base), 64-bit. */
static void emit_memory(struct emitter *e, uint8_t opcode, unsigned reg, int32_t disp,
                        enum emit_register base)
{
    emit_u8(e, emit_rex(true, reg, base));
    emit_u8(e, opcode);
    emit_u8(e, emit_modrm(2, reg, base));
    emit_u32(e, (uint32_t)disp);
}

/* opcode with operands reg and %fs:disp32, 64-bit. */
static void emit_fs(struct emitter *e, uint8_t opcode, unsigned reg, int32_t disp)
{
    emit_u8(e, 0x64);
    emit_u8(e, emit_rex(true, reg, 0));
    emit_u8(e, opcode);
    emit_u8(e, emit_modrm(0, reg, 4));
    emit_u8(e, 0x25);
    emit_u32(e, (uint32_t)disp);
}

void emit_mov_imm64_reg(struct emitter *e, uint64_t value, enum emit_register reg)
{
    const bool avoid =
        e->spells != NULL && e->spells((const uint8_t *)&value, sizeof(value));
    const uint64_t written = avoid ? ~value : value;
    emit_u8(e, emit_rex(true, 0, reg));
    emit_u8(e, (uint8_t)(0xb8 | (reg & 7)));
    emit_bytes(e, &written, sizeof(written));
    if (avoid) { /* not: leaves the flags as they are */
        emit_u8(e, emit_rex(true, 0, reg));
        emit_u8(e, 0xf7);
        emit_u8(e, emit_modrm(3, 2, reg));
    }
}

void emit_mov_imm32_reg(struct emitter *e, uint32_t value, enum emit_register reg)
{
    if (reg >= R8) {
        emit_u8(e, 0x41);
    }
    emit_u8(e, (uint8_t)(0xb8 | (reg & 7)));
    emit_u32(e, value);
}

void emit_mov_reg_reg(struct emitter *e, enum emit_register from, enum emit_register to)
{
    emit_u8(e, emit_rex(true, from, to));
    emit_u8(e, 0x89);
    emit_u8(e, emit_modrm(3, from, to));
}

void emit_mov_mem_reg(struct emitter *e, int32_t disp, enum emit_register base,
                      enum emit_register to)
{
    emit_memory(e, 0x8b, to, disp, base);
}

void emit_mov_reg_mem(struct emitter *e, enum emit_register from, int32_t disp,
                      enum emit_register base)
{
    emit_memory(e, 0x89, from, disp, base);
}

void emit_movl_imm_mem(struct emitter *e, uint32_t value, int32_t disp,
                       enum emit_register base)
{
    emit_u8(e, emit_rex(false, 0, base));
    emit_u8(e, 0xc7);
    emit_u8(e, emit_modrm(2, 0, base));
    emit_u32(e, (uint32_t)disp);
    emit_u32(e, value);
}

void emit_mov_fs_reg(struct emitter *e, int32_t disp, enum emit_register to)
{
    emit_fs(e, 0x8b, to, disp);
}

void emit_mov_reg_fs(struct emitter *e, enum emit_register from, int32_t disp)
{
    emit_fs(e, 0x89, from, disp);
}

void emit_mov_imm_fs(struct emitter *e, uint32_t value, int32_t disp)
{
    emit_fs(e, 0xc7, 0, disp);
    emit_u32(e, value);
}

void emit_cmp_imm_fs(struct emitter *e, uint32_t value, int32_t disp)
{
    emit_fs(e, 0x81, 7, disp);
    emit_u32(e, value);
}

void emit_cmpl_imm_mem(struct emitter *e, uint32_t value, int32_t disp,
                       enum emit_register base)
{
    emit_u8(e, emit_rex(false, 7, base));
    emit_u8(e, 0x81);
    emit_u8(e, emit_modrm(2, 7, base));
    emit_u32(e, (uint32_t)disp);
    emit_u32(e, value);
}

void emit_lea(struct emitter *e, int32_t disp, enum emit_register base,
              enum emit_register to)
{
    emit_memory(e, 0x8d, to, disp, base);
}

void emit_zero(struct emitter *e, enum emit_register reg)
{
    if (reg >= R8) {
        emit_u8(e, emit_rex(false, reg, reg));
    }
    emit_u8(e, 0x31);
    emit_u8(e, emit_modrm(3, reg, reg));
}

void emit_truncate(struct emitter *e, enum emit_register reg, size_t size)
{
    if (size == 8) {
        return;
    }
    emit_u8(e, emit_rex(false, reg, reg));
    if (size == 4) {
        emit_u8(e, 0x89); /* mov %reg32,%reg32 */
    } else {
        emit_u8(e, 0x0f); /* movzbl, movzwl */
        emit_u8(e, size == 1 ? 0xb6 : 0xb7);
    }
    emit_u8(e, emit_modrm(3, reg, reg));
}

void emit_jmp_reg(struct emitter *e, enum emit_register reg)
{
    emit_u8(e, emit_rex(false, 0, reg));
    emit_u8(e, 0xff);
    emit_u8(e, emit_modrm(3, 4, reg));
}

void emit_call_reg(struct emitter *e, enum emit_register reg)
{
    emit_u8(e, emit_rex(false, 0, reg));
    emit_u8(e, 0xff);
    emit_u8(e, emit_modrm(3, 2, reg));
}

void emit_wrgsbase(struct emitter *e, enum emit_register reg)
{
    emit_u8(e, 0xf3);
    emit_u8(e, emit_rex(true, 0, reg));
    emit_u8(e, 0x0f);
    emit_u8(e, 0xae);
    emit_u8(e, emit_modrm(3, 3, reg));
}

uint8_t *emit_jne(struct emitter *e)
{
    emit_u8(e, 0x0f);
    emit_u8(e, 0x85);
    emit_u32(e, 0);
    return e->at;
}

uint8_t *emit_jmp(struct emitter *e)
{
    emit_u8(e, 0xe9);
    emit_u32(e, 0);
    return e->at;
}

void emit_patch(struct emitter *e, uint8_t *jump)
{
    if (!e->full) {
        const int32_t distance = (int32_t)(e->at - jump);
        memcpy(jump - 4, &distance, 4);
    }
}

void emit_clear_vectors(struct emitter *e, unsigned keep, bool avx)
{
    for (unsigned n = 0; n < 16; n++) {
        const uint8_t high = n >= 8;
        const uint8_t modrm = emit_modrm(3, n, n);
        if (keep >> n & 1) {
            /* (v)movq %xmmN,%xmmN: the low 64 bits stay, the rest is cleared. keep < 8. */
            const uint8_t vex[] = {0xc5, 0xfa, 0x7e, modrm};
            const uint8_t sse[] = {0xf3, 0x0f, 0x7e, modrm};
            emit_bytes(e, avx ? vex : sse, 4);
        } else if (avx) {
            /* vpxor %xmmN,%xmmN,%xmmN clears the whole ymmN. */
            const uint8_t vex[] = {0xc4, high ? 0x41 : 0xe1,
                                   (uint8_t)((~n & 15) << 3 | 1), 0xef, modrm};
            emit_bytes(e, vex, 5);
        } else {
            const uint8_t sse[] = {0x66, high ? 0x45 : 0x40, 0x0f, 0xef, modrm};
            emit_bytes(e, sse, 5);
        }
    }
}
