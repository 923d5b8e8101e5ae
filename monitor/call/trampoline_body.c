/*
 * What a trampoline executes, top to bottom:
 *
 *   entry   1 check that the caller is running                                 (R1)
 *           2 save what must survive in a frame of the control stack           (R3)
 *           3 copy annotated ranges and stacked arguments (C: marshal_enter)
 *           4 make the callee current: running, thread pointer, stack, rights
 *           5 clear every register that is not an argument                     (R4)
 *           6 call
 *   return  7 check that the top frame is ours                                 (R2)
 *           8 copy ranges back (C: marshal_leave)
 *   leave   9 make the caller current again; pop the frame
 *          10 restore its registers, clear the rest but the result, return     (R3, R4)
 *
 * A dead cubicle's stack lies in a guard, and one that is being set up is entered with a stack
 * pointer of 0 (R7), so that a call into either traps at 6 and is unwound; the hot path has
 * no check for it.
 *
 * Between 2 and 9 r11 or rbx holds the frame. A fault at any of these instructions is one
 * of `running`: nothing here touches a cubicle's memory but the stack of the running one.
 */
#include "trampoline_body.h"
#include "backend/backend.h"
#include "marshal.h"
#include "trace.h"
#include "trampoline_float.h"

#include <string.h>

#define FRAME_SIZE ((int32_t)sizeof(struct call_frame))
#define THREAD_CUBICLE(id, field)                                            \
    (THREAD_DISP(cubicle) + (int32_t)((id) * sizeof(struct thread_cubicle) + \
                                      offsetof(struct thread_cubicle, field)))

static const enum emit_register integer_registers[6] = {RDI, RSI, RDX, RCX, R8, R9};
static const struct {
    enum emit_register reg;
    int32_t field;
} saved_registers[] = {
    {RBX, FRAME(rbx)}, {RBP, FRAME(rbp)}, {R12, FRAME(r12)},
    {R13, FRAME(r13)}, {R14, FRAME(r14)}, {R15, FRAME(r15)},
};
#define NSAVED (sizeof(saved_registers) / sizeof(saved_registers[0]))

/* How a function's arguments lie in registers. */
struct shape {
    unsigned nintegers, ndoubles; /* in registers */
    size_t integer_size[6];
    int caller_register; /* index of the integer that is the caller's id, or -1 */
};

static struct shape trampoline_shape(const struct descriptor_function *function)
{
    struct shape shape = {.caller_register = -1};
    for (unsigned i = 0; i < function->nargs; i++) {
        const struct descriptor_arg *arg = &function->args[i];
        if (arg->type == DESCRIPTOR_F64) {
            shape.ndoubles += shape.ndoubles < 8;
        } else if (shape.nintegers < 6) {
            if (arg->kind == DESCRIPTOR_CALLER) {
                shape.caller_register = (int)shape.nintegers;
            }
            /* An opaque pointer is its offset; a checked one has been converted already. */
            shape.integer_size[shape.nintegers++] =
                arg->kind == DESCRIPTOR_OPAQUE ? 4 : descriptor_type_size(arg->type);
        }
    }
    return shape;
}

static void emit_call_monitor(struct emitter *e, uint64_t function)
{
    emit_mov_imm64_reg(e, function, RAX);
    emit_call_reg(e, RAX);
}

/* r10d = the trampoline's id, then to where the fault is reported. */
static void emit_refuse(struct emitter *e, const struct trampoline *t,
                        void (*where)(void))
{
    emit_mov_imm32_reg(e, t->id, R10);
    emit_mov_imm64_reg(e, (uint64_t)(uintptr_t)where, R11);
    emit_jmp_reg(e, R11);
}

/* 2: r11 = a new frame that holds the caller. The first store hits the guard when the
 * control stack is full, before anything has changed. */
static void emit_save_caller(struct emitter *e, const struct trampoline *t)
{
    emit_mov_fs_reg(e, THREAD_DISP(control), R11);
    emit_mov_reg_mem(e, RBX, FRAME(rbx), R11);
    static const uint8_t load_return[] = {0x4c, 0x8b, 0x14, 0x24}; /* mov (%rsp),%r10 */
    emit_bytes(e, load_return, sizeof(load_return));
    if (backend->masks_returns && t->caller != CUBICLE_MONITOR) {
        static const uint8_t mask[] = {0x41, 0x81, 0xe2}; /* and $...,%r10d */
        emit_bytes(e, mask, sizeof(mask));
        emit_u32(e, RETURN_MASK);
    }
    emit_mov_reg_mem(e, R10, FRAME(ret), R11);
    for (size_t i = 1; i < NSAVED; i++) {
        emit_mov_reg_mem(e, saved_registers[i].reg, saved_registers[i].field, R11);
    }
    emit_mov_reg_mem(e, RSP, FRAME(rsp), R11);
    emit_movl_imm_mem(e, t->id, FRAME(trampoline), R11);
    emit_mov_fs_reg(e, THREAD_CUBICLE(t->caller, stack), R10);
    emit_mov_reg_mem(e, R10, FRAME(caller_stack), R11);
    emit_mov_reg_fs(e, RSP, THREAD_CUBICLE(t->caller, stack));
    emit_lea(e, FRAME_SIZE, R11, R10);
    emit_mov_reg_fs(e, R10, THREAD_DISP(control));
    emit_mov_imm64_reg(e, (uint64_t)(uintptr_t)&t->count->calls, R10);
    static const uint8_t increment[] = {0x49, 0xff, 0x02}; /* incq (%r10) */
    emit_bytes(e, increment, sizeof(increment));
}

/* What carries arguments there, and results back. */
static uint64_t trampoline_enter_function(const struct trampoline *t)
{
    int (*enter)(struct call_frame *, const struct trampoline *) =
        t->simple ? marshal_enter_simple : marshal_enter;
    if (t->message) {
        enter = backend->processes->enter;
    } else if (trace_is_on()) {
        enter = trace_enter;
    }
    return (uint64_t)(uintptr_t)enter;
}

static uint64_t trampoline_leave_function(const struct trampoline *t)
{
    void (*leave)(struct call_frame *, struct trampoline *) =
        trace_is_on() ? trace_leave : marshal_leave;
    return (uint64_t)(uintptr_t)(t->message ? backend->processes->leave : leave);
}

/* 3: on the monitor's stack; returns the jump taken when marshalling failed. */
static uint8_t *emit_marshal_enter(struct emitter *e, const struct trampoline *t,
                                   const struct shape *shape)
{
    for (unsigned i = 0; i < shape->nintegers; i++) {
        emit_mov_reg_mem(e, integer_registers[i], FRAME(args) + 8 * (int32_t)i, R11);
    }
    for (unsigned i = 0; i < shape->ndoubles; i++) {
        emit_xmm_frame(e, i, FRAME(vector_args) + 8 * (int32_t)i, true);
    }
    emit_mov_fs_reg(e, THREAD_DISP(monitor_stack), RSP);
    emit_mov_reg_reg(e, R11, RBX);
    emit_mov_reg_reg(e, R11, RDI);
    emit_mov_imm64_reg(e, (uint64_t)(uintptr_t)t, RSI);
    emit_call_monitor(e, trampoline_enter_function(t));
    emit_mov_reg_reg(e, RBX, R11);
    static const uint8_t test[] = {0x85, 0xc0}; /* test %eax,%eax */
    emit_bytes(e, test, sizeof(test));
    uint8_t *failed = emit_jne(e);
    for (unsigned i = 0; i < shape->nintegers; i++) {
        emit_mov_mem_reg(e, FRAME(args) + 8 * (int32_t)i, R11, integer_registers[i]);
    }
    for (unsigned i = 0; i < shape->ndoubles; i++) {
        emit_xmm_frame(e, i, FRAME(vector_args) + 8 * (int32_t)i, false);
    }
    return failed;
}

/* Aligns the stack pointer; where the callee may not be entered it becomes 0 (R7). */
static void emit_align_stack(struct emitter *e, const struct trampoline *t)
{
    static const uint8_t align[] = {0x48, 0x83, 0xe4, 0xf0};      /* and $-16,%rsp */
    static const uint8_t mask[] = {0x64, 0x48, 0x23, 0x24, 0x25}; /* and %fs:...,%rsp */
    if (t->caller == CUBICLE_MONITOR) {
        emit_bytes(e, align, sizeof(align));
        return;
    }
    emit_bytes(e, mask, sizeof(mask));
    emit_u32(e, (uint32_t)THREAD_CUBICLE(t->callee, entry_mask));
}

/* 4: rights last, since the stack is the callee's from here. */
static void emit_enter_callee(struct emitter *e, const struct trampoline *t)
{
    emit_mov_imm_fs(e, t->callee, THREAD_DISP(running));
    emit_mov_fs_reg(e, THREAD_CUBICLE(t->callee, tp), R10);
    emit_mov_reg_fs(e, R10, THREAD_DISP(tp));
    if (t->marshal) {
        emit_mov_mem_reg(e, FRAME(callee_rsp), R11, RSP);
    } else {
        emit_mov_fs_reg(e, THREAD_CUBICLE(t->callee, stack), RSP);
        emit_align_stack(e, t);
    }
    backend->emit_switch(e, t->callee, false);
}

/* 5 */
static void emit_clear_for_callee(struct emitter *e, const struct trampoline *t,
                                  const struct shape *shape)
{
    for (unsigned i = 0; i < 6; i++) {
        if (i >= shape->nintegers) {
            emit_zero(e, integer_registers[i]);
        } else if ((int)i == shape->caller_register && !t->message) {
            emit_mov_imm32_reg(e, t->caller, integer_registers[i]);
        } else {
            emit_truncate(e, integer_registers[i], shape->integer_size[i]);
        }
    }
    if (t->callee != CUBICLE_MONITOR) {
        static const enum emit_register others[] = {RAX, RBX, RBP, R10,
                                                    R12, R13, R14, R15};
        for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
            emit_zero(e, others[i]);
        }
        emit_clear_simd(e, (1u << shape->ndoubles) - 1);
        emit_empty_x87(e);
    }
}

/* 8 */
static void emit_marshal_leave(struct emitter *e, const struct trampoline *t,
                               bool is_double)
{
    emit_mov_reg_mem(e, RAX, FRAME(result), R11);
    if (is_double) {
        emit_xmm_frame(e, 0, FRAME(vector_result), true);
    }
    emit_mov_fs_reg(e, THREAD_DISP(monitor_stack), RSP);
    emit_mov_reg_reg(e, R11, RBX);
    emit_mov_reg_reg(e, R11, RDI);
    emit_mov_imm64_reg(e, (uint64_t)(uintptr_t)t, RSI);
    emit_call_monitor(e, trampoline_leave_function(t));
    emit_mov_reg_reg(e, RBX, R11);
}

/* 9 and 10; returns the jump taken when the caller's return address has changed. */
static uint8_t *emit_leave(struct emitter *e, const struct trampoline *t,
                           bool is_double)
{
    emit_mov_reg_fs(e, R11, THREAD_DISP(control));
    emit_mov_imm_fs(e, t->caller, THREAD_DISP(running));
    emit_mov_mem_reg(e, FRAME(caller_stack), R11, R10);
    emit_mov_reg_fs(e, R10, THREAD_CUBICLE(t->caller, stack));
    emit_mov_fs_reg(e, THREAD_CUBICLE(t->caller, tp), R10);
    emit_mov_reg_fs(e, R10, THREAD_DISP(tp));
    if (t->callee != CUBICLE_MONITOR) {
        emit_empty_x87(e);
    }
    if (t->fenv) {
        emit_fenv_restore(e);
    }
    for (size_t i = 0; i < NSAVED; i++) {
        emit_mov_mem_reg(e, saved_registers[i].field, R11, saved_registers[i].reg);
    }
    emit_mov_mem_reg(e, FRAME(rsp), R11, RSP);
    emit_mov_mem_reg(e, FRAME(ret), R11, R11);
    /* Rights last: the frame is the monitor's, the stack the caller's. */
    if (t->callee != CUBICLE_MONITOR || backend->checks_copies) {
        backend->emit_switch(e, t->caller, true);
    } else if (strcmp(t->interface, "cubicle") != 0) {
        backend->emit_after_sleep(e, t->caller);
    }
    /* Compared, not written back: a store here would cost 20 ns in the return. */
    static const uint8_t compare_return[] = {0x4c, 0x39, 0x1c,
                                             0x24}; /* cmp %r11,(%rsp) */
    emit_bytes(e, compare_return, sizeof(compare_return));
    uint8_t *changed = emit_jne(e);
    if (t->function->returns == DESCRIPTOR_VOID || is_double) {
        emit_zero(e, RAX);
    } else {
        emit_truncate(e, RAX, descriptor_type_size(t->function->returns));
    }
    static const enum emit_register others[] = {RCX, RDX, RSI, RDI, R8, R9, R10, R11};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        emit_zero(e, others[i]);
    }
    emit_clear_simd(e, is_double ? 1 : 0);
    emit_u8(e, 0xc3);
    return changed;
}

bool trampoline_write_body(struct emitter *e, struct trampoline *t,
                           const struct trampoline_refusals *refuse, uint64_t *ret)
{
    const struct shape shape = trampoline_shape(t->function);
    const bool is_double = t->function->returns == DESCRIPTOR_F64;
    uint8_t *failed = NULL;
    uint8_t *returned = NULL;

    t->body = (uint64_t)(uintptr_t)e->at;
    backend->emit_open(e, false);
    emit_cmp_imm_fs(e, t->caller, THREAD_DISP(running));
    uint8_t *not_caller = emit_jne(e);
    emit_save_caller(e, t);
    if (t->fenv) {
        emit_fenv_default(e);
    }
    if (t->marshal) {
        failed = emit_marshal_enter(e, t, &shape);
    }
    if (t->callee == CUBICLE_MONITOR) {
        if (!t->marshal) {
            emit_mov_fs_reg(e, THREAD_DISP(monitor_stack), RSP);
        }
        emit_clear_for_callee(e, t, &shape);
        emit_mov_reg_reg(e, R11, RBX);
        emit_call_monitor(e, t->target);
        emit_mov_reg_reg(e, RBX, R11);
        returned = emit_jmp(e);
    } else {
        emit_enter_callee(e, t);
        emit_clear_for_callee(e, t, &shape);
        /* The call itself is in the stub, so that its return address can be masked. */
        emit_mov_imm64_reg(e, t->entry + 2 * BUNDLE_SIZE - 5, R11);
        emit_jmp_reg(e, R11);
    }

    *ret = (uint64_t)(uintptr_t)e->at;
    backend->emit_open(e, true);
    emit_mov_fs_reg(e, THREAD_DISP(control), R11);
    emit_lea(e, -FRAME_SIZE, R11, R11);
    emit_cmpl_imm_mem(e, t->id, FRAME(trampoline), R11);
    uint8_t *not_ours = emit_jne(e);
    if (returned != NULL) {
        emit_patch(e, returned);
    }
    if (t->marshal) {
        emit_marshal_leave(e, t, is_double);
        if (failed != NULL) {
            emit_patch(e, failed);
        }
        emit_mov_mem_reg(e, FRAME(result), R11, RAX);
        if (is_double) {
            emit_xmm_frame(e, 0, FRAME(vector_result), false);
        }
    }
    t->leave = (uint64_t)(uintptr_t)e->at;
    uint8_t *changed = emit_leave(e, t, is_double);

    emit_patch(e, not_caller);
    emit_refuse(e, t, refuse->not_caller);
    emit_patch(e, not_ours);
    emit_refuse(e, t, refuse->not_ours);
    emit_patch(e, changed);
    backend->emit_open(e, true);
    emit_refuse(e, t, refuse->changed);
    return !e->full;
}

/* movabs $address,%r11; jmp *%r11 */
static void emit_jump_far(struct emitter *e, uint64_t address)
{
    emit_mov_imm64_reg(e, address, R11);
    emit_jmp_reg(e, R11);
}

void trampoline_write_stub(const struct trampoline *t, uint64_t ret)
{
    uint8_t *stub = (uint8_t *)(uintptr_t)t->entry;
    struct emitter e = {.at = stub, .end = stub + STUB_SIZE, .spells = backend->spells};
    emit_jump_far(&e, t->body);
    if (t->callee == CUBICLE_MONITOR) {
        return; /* the rest stays int3 */
    }
    /* The call ends its bundle; whoever jumps to the bundle's start runs into it. */
    memset(stub + BUNDLE_SIZE, 0x90, BUNDLE_SIZE - 5);
    e.at = stub + 2 * BUNDLE_SIZE - 5;
    emit_u8(&e, 0xe8);
    emit_u32(&e, (uint32_t)t->target - (t->entry + 2 * BUNDLE_SIZE));
    emit_jump_far(&e, ret);
}
