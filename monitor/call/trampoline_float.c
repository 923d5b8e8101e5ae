#include "trampoline_float.h"
#include "backend/backend.h"
#include "base/emit_plain.h"
#include "trampoline_body.h"

static bool trampoline_has_avx(void)
{
    return __builtin_cpu_supports("avx") != 0;
}

void emit_clear_simd(struct emitter *e, unsigned keep)
{
    emit_clear_vectors(e, keep, trampoline_has_avx());
    if (backend->plain_fenv && __builtin_cpu_supports("avx512f") != 0) {
        emit_clear_avx512(e);
    }
}

void emit_empty_x87(struct emitter *e)
{
    static const uint8_t emms[] = {0x0f, 0x77};
    if (backend->plain_fenv) {
        emit_clear_x87(e);
    } else {
        emit_bytes(e, emms, sizeof(emms));
    }
}

/* stmxcsr, fnstcw, ldmxcsr or fldcw on disp(%r11). */
static void emit_fenv_op(struct emitter *e, bool x87, unsigned op, int32_t disp)
{
    emit_u8(e, 0x41);
    if (x87) {
        emit_u8(e, 0xd9);
    } else {
        emit_u8(e, 0x0f);
        emit_u8(e, 0xae);
    }
    emit_u8(e, (uint8_t)(0x80 | op << 3 | 3));
    emit_u32(e, (uint32_t)disp);
}

void emit_fenv_default(struct emitter *e)
{
    emit_fenv_op(e, false, 3, FRAME(mxcsr));
    emit_fenv_op(e, true, 7, FRAME(x87_control));
    emit_movl_imm_mem(e, FENV_MXCSR, FRAME(callee_mxcsr), R11);
    emit_movl_imm_mem(e, FENV_X87_CONTROL, FRAME(callee_x87_control), R11);
    emit_fenv_op(e, false, 2, FRAME(callee_mxcsr));
    emit_fenv_op(e, true, 5, FRAME(callee_x87_control));
}

void emit_fenv_restore(struct emitter *e)
{
    emit_fenv_op(e, false, 2, FRAME(mxcsr));
    emit_fenv_op(e, true, 5, FRAME(x87_control));
}

void emit_xmm_frame(struct emitter *e, unsigned n, int32_t disp, bool store)
{
    emit_u8(e, store ? 0x66 : 0xf3);
    emit_u8(e, 0x41);
    emit_u8(e, 0x0f);
    emit_u8(e, store ? 0xd6 : 0x7e);
    emit_u8(e, (uint8_t)(0x80 | n << 3 | 3));
    emit_u32(e, (uint32_t)disp);
}
