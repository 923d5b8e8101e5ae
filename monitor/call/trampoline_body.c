/*
 * Puts a trampoline together from the texts of trampoline_text.S, which says what they do and
 * in which order. Here are the choices: which texts this trampoline needs, and what is in
 * their holes.
 */
#include "trampoline_body.h"
#include "backend/backend.h"
#include "marshal.h"
#include "tracer.h"

#include <string.h>

#define THREAD_CUBICLE(id, field)                                            \
    (THREAD_DISP(cubicle) + (int32_t)((id) * sizeof(struct thread_cubicle) + \
                                      offsetof(struct thread_cubicle, field)))

/* The numbers of emit_text.h and trampoline_text.h. */
#define SAME(number, type, field) \
    _Static_assert((number) == offsetof(type, field), #field)
SAME(TEXT_TP, struct thread, tp);
SAME(TEXT_RUNNING, struct thread, running);
SAME(TEXT_CONTROL, struct thread, control);
SAME(TEXT_MONITOR_STACK, struct thread, monitor_stack);
SAME(FRAME_TRAMPOLINE, struct call_frame, trampoline);
SAME(FRAME_MXCSR, struct call_frame, mxcsr);
SAME(FRAME_RSP, struct call_frame, rsp);
SAME(FRAME_RET, struct call_frame, ret);
SAME(FRAME_RBX, struct call_frame, rbx);
SAME(FRAME_RBP, struct call_frame, rbp);
SAME(FRAME_R12, struct call_frame, r12);
SAME(FRAME_R13, struct call_frame, r13);
SAME(FRAME_R14, struct call_frame, r14);
SAME(FRAME_R15, struct call_frame, r15);
SAME(FRAME_CALLER_STACK, struct call_frame, caller_stack);
SAME(FRAME_CALLEE_RSP, struct call_frame, callee_rsp);
SAME(FRAME_RESULT, struct call_frame, result);
SAME(FRAME_ARGS, struct call_frame, args);
SAME(FRAME_VECTOR_ARGS, struct call_frame, vector_args);
SAME(FRAME_VECTOR_RESULT, struct call_frame, vector_result);
SAME(FRAME_X87_CONTROL, struct call_frame, x87_control);
SAME(FRAME_CALLEE_MXCSR, struct call_frame, callee_mxcsr);
SAME(FRAME_CALLEE_X87_CONTROL, struct call_frame, callee_x87_control);
_Static_assert(FRAME_SIZE == sizeof(struct call_frame), "a frame");
_Static_assert(offsetof(struct call_frame, ticks) == FRAME_TRAMPOLINE + 4,
               "set to 0 with the trampoline's id");
_Static_assert(TEXT_RETURN_MASK == RETURN_MASK, "of return addresses");
_Static_assert(TEXT_BUNDLE_SIZE == BUNDLE_SIZE, "a bundle");
_Static_assert(STACK_MASK == (uint64_t)-16, "of text_callee_stack");

#define INTEGERS 6 /* registers for arguments */
#define DOUBLES 8
#define VECTORS 16

/* How a function's arguments lie in registers. */
struct shape {
    unsigned nintegers, ndoubles; /* in registers */
    size_t integer_size[INTEGERS];
    int caller_register; /* index of the integer that is the caller's id, or -1 */
};

static struct shape trampoline_shape(const struct descriptor_function *function)
{
    struct shape shape = {.caller_register = -1};
    for (unsigned i = 0; i < function->nargs; i++) {
        const struct descriptor_arg *arg = &function->args[i];
        if (arg->type == DESCRIPTOR_F64) {
            shape.ndoubles += shape.ndoubles < DOUBLES;
        } else if (shape.nintegers < INTEGERS) {
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

/* xmm/ymm/zmm registers but the low halves of the first @ndoubles, and opmasks where code can
 * name them. */
static void emit_clear_simd(struct emitter *e, unsigned ndoubles)
{
    const bool avx = __builtin_cpu_supports("avx") != 0;
    emit_steps(e, avx ? &text_keep_low_avx : &text_keep_low_sse, 0, ndoubles);
    emit_steps(e, avx ? &text_clear_vectors_avx : &text_clear_vectors_sse, ndoubles,
               VECTORS);
    if (backend->plain_fenv && __builtin_cpu_supports("avx512f") != 0) {
        emit_text(e, &text_clear_avx512);
    }
}

/* The x87 stack is empty again; plain code could also read what is in empty registers. */
static void emit_empty_x87(struct emitter *e)
{
    emit_text(e, backend->plain_fenv ? &text_clear_x87 : &text_empty_x87);
}

/* Where the fault is reported. */
static void emit_refuse(struct emitter *e, void (*where)(void))
{
    emit_set(e, EMIT_HOLE(REPORT), (uint64_t)(uintptr_t)where);
    emit_text(e, &text_report);
}

/* 2 */
static void emit_save_caller(struct emitter *e, const struct trampoline *t)
{
    const bool masked = backend->masks_returns && t->caller != CUBICLE_MONITOR;
    emit_steps(e, &text_save_caller, 0, 1);
    emit_steps(e, &text_save_caller, masked ? 1 : 2, 3);
    if (t->fenv) {
        emit_text(e, &text_set_fenv);
    }
}

/* What carries arguments there, and results back. */
static uint64_t trampoline_enter_function(const struct trampoline *t)
{
    int (*enter)(struct call_frame *, const struct trampoline *) = marshal_enter;
    if (t->message) {
        enter = backend->processes->enter;
    } else if (tracer != NULL) {
        enter = tracer->enter;
    }
    return (uint64_t)(uintptr_t)enter;
}

static uint64_t trampoline_leave_function(const struct trampoline *t)
{
    void (*leave)(struct call_frame *, struct trampoline *) =
        tracer != NULL ? tracer->leave : marshal_leave;
    return (uint64_t)(uintptr_t)(t->message ? backend->processes->leave : leave);
}

/* 3 */
static void emit_marshal_enter(struct emitter *e, const struct shape *shape)
{
    emit_steps(e, &text_store_integers, 0, shape->nintegers);
    emit_steps(e, &text_store_doubles, 0, shape->ndoubles);
    emit_text(e, &text_monitor_stack);
    emit_text(e, &text_marshal_enter);
    emit_steps(e, &text_load_integers, 0, shape->nintegers);
    emit_steps(e, &text_load_doubles, 0, shape->ndoubles);
}

/* 4 */
static void emit_enter_callee(struct emitter *e, const struct trampoline *t)
{
    emit_text(e, &text_enter_callee);
    if (t->marshal) {
        emit_text(e, &text_frame_stack);
    } else if (t->caller == CUBICLE_MONITOR) {
        emit_steps(e, &text_callee_stack, 0, 2);
    } else {
        emit_steps(e, &text_callee_stack, 0, 1);
        emit_steps(e, &text_callee_stack, 2, 3);
    }
    backend->emit_switch(e, t->callee, false);
}

/* Integer argument @i, as wide as it is declared, or the caller's id. */
static void emit_argument(struct emitter *e, const struct trampoline *t,
                          const struct shape *shape, unsigned i)
{
    static const struct emit_text *const keep[8] = {
        [1] = &text_keep_1, [2] = &text_keep_2, [4] = &text_keep_4};
    const size_t size = shape->integer_size[i];
    if ((int)i == shape->caller_register && !t->message) {
        emit_steps(e, &text_number_of_caller, i, i + 1);
    } else if (size < 8) {
        emit_steps(e, keep[size], i, i + 1);
    }
}

/* 5 */
static void emit_clear_for_callee(struct emitter *e, const struct trampoline *t,
                                  const struct shape *shape)
{
    for (unsigned i = 0; i < shape->nintegers; i++) {
        emit_argument(e, t, shape, i);
    }
    emit_steps(e, &text_zero_integers, shape->nintegers, INTEGERS);
    if (t->callee != CUBICLE_MONITOR) {
        emit_text(e, &text_clear_for_callee);
        emit_clear_simd(e, shape->ndoubles);
        emit_empty_x87(e);
    }
}

/* 4 to 6 */
static void emit_call(struct emitter *e, const struct trampoline *t,
                      const struct shape *shape)
{
    if (t->callee == CUBICLE_MONITOR) {
        if (!t->marshal) {
            emit_text(e, &text_monitor_stack);
        }
        emit_clear_for_callee(e, t, shape);
        emit_text(e, &text_call_monitor);
    } else {
        emit_enter_callee(e, t);
        emit_clear_for_callee(e, t, shape);
        emit_text(e, &text_call_callee);
    }
}

/* 7 and 8 */
static void emit_return(struct emitter *e, const struct trampoline *t, bool is_double)
{
    const unsigned results = is_double ? 2 : 1;
    emit_text(e, &text_check_frame);
    if (t->callee == CUBICLE_MONITOR) {
        emit_land(e, EMIT_HOLE(RETURNED));
    }
    if (t->marshal) {
        emit_steps(e, &text_save_result, 0, results);
        emit_text(e, &text_monitor_stack);
        emit_text(e, &text_marshal_leave);
        emit_land(e, EMIT_HOLE(FAILED));
        emit_steps(e, &text_load_result, 0, results);
    }
}

/* What of the result is kept. */
static void emit_result(struct emitter *e, enum descriptor_type returns)
{
    const size_t size = returns == DESCRIPTOR_F64 ? 0 : descriptor_type_size(returns);
    if (size < 8) {
        const unsigned step = size == 4 ? 3 : (unsigned)size;
        emit_steps(e, &text_keep_result, step, step + 1);
    }
}

/* A gate of `cubicle` is too short to pay for the base of GS, but for the one that waits. */
static bool trampoline_may_sleep(const struct trampoline *t)
{
    return strcmp(t->interface, "cubicle") != 0 ||
           strcmp(t->function->name, "cubicle_signal_wait") == 0;
}

/* 9 and 10 */
static void emit_leave(struct emitter *e, const struct trampoline *t, bool is_double)
{
    emit_text(e, &text_leave);
    if (t->callee != CUBICLE_MONITOR) {
        emit_empty_x87(e);
    }
    if (t->fenv) {
        emit_text(e, &text_restore_fenv);
    }
    emit_text(e, &text_restore_caller);
    if (t->callee != CUBICLE_MONITOR || backend->checks_copies) {
        backend->emit_switch(e, t->caller, true);
    } else if (trampoline_may_sleep(t)) {
        backend->emit_after_sleep(e, t->caller);
    }
    emit_text(e, &text_check_return);
    emit_result(e, t->function->returns);
    emit_text(e, &text_clear_for_caller);
    emit_clear_simd(e, is_double ? 1 : 0);
    emit_text(e, &text_return);
}

/* What is in the holes of all texts of the body. */
static void trampoline_fill(struct emitter *e, const struct trampoline *t)
{
    emit_set(e, EMIT_HOLE(CALLER), t->caller);
    emit_set(e, EMIT_HOLE(CALLEE), t->callee);
    emit_set(e, EMIT_HOLE(ID), t->id);
    emit_set(e, EMIT_HOLE(CALLER_STACK), (uint64_t)THREAD_CUBICLE(t->caller, stack));
    emit_set(e, EMIT_HOLE(CALLER_TP), (uint64_t)THREAD_CUBICLE(t->caller, tp));
    emit_set(e, EMIT_HOLE(CALLEE_STACK), (uint64_t)THREAD_CUBICLE(t->callee, stack));
    emit_set(e, EMIT_HOLE(CALLEE_TP), (uint64_t)THREAD_CUBICLE(t->callee, tp));
    emit_set(e, EMIT_HOLE(CALLEE_ENTRY_MASK),
             (uint64_t)THREAD_CUBICLE(t->callee, entry_mask));
    emit_set(e, EMIT_HOLE(COUNT), (uint64_t)(uintptr_t)&t->count->calls);
    emit_set(e, EMIT_HOLE(TRAMPOLINE), (uint64_t)(uintptr_t)t);
    emit_set(e, EMIT_HOLE(ENTER), trampoline_enter_function(t));
    emit_set(e, EMIT_HOLE(LEAVE), trampoline_leave_function(t));
    emit_set(e, EMIT_HOLE(TARGET), t->target);
    emit_set(e, EMIT_HOLE(CALL), t->entry + 2 * BUNDLE_SIZE - TEXT_CALL_SIZE);
}

bool trampoline_write_body(struct emitter *e, struct trampoline *t,
                           const struct trampoline_refusals *refuse, uint64_t *ret)
{
    const struct shape shape = trampoline_shape(t->function);
    const bool is_double = t->function->returns == DESCRIPTOR_F64;

    trampoline_fill(e, t);
    t->body = (uint64_t)(uintptr_t)e->at;
    backend->emit_open(e, false);
    emit_text(e, &text_check_caller);
    emit_save_caller(e, t);
    if (t->marshal) {
        emit_marshal_enter(e, &shape);
    }
    emit_call(e, t, &shape);

    *ret = (uint64_t)(uintptr_t)e->at;
    backend->emit_open(e, true);
    emit_return(e, t, is_double);
    t->leave = (uint64_t)(uintptr_t)e->at;
    emit_leave(e, t, is_double);

    emit_land(e, EMIT_HOLE(NOT_CALLER));
    emit_refuse(e, refuse->not_caller);
    emit_land(e, EMIT_HOLE(NOT_OURS));
    emit_refuse(e, refuse->not_ours);
    emit_land(e, EMIT_HOLE(CHANGED));
    backend->emit_open(e, true);
    emit_refuse(e, refuse->changed);
    return emit_forget(e);
}

bool trampoline_write_stub(const struct trampoline *t, uint64_t ret)
{
    uint8_t *stub = (uint8_t *)(uintptr_t)t->entry;
    struct emitter e = {
        .at = stub, .end = stub + BUNDLE_SIZE, .spells = backend->spells};
    emit_set(&e, EMIT_HOLE(BODY), t->body);
    emit_text(&e, &text_stub_entry);
    if (t->callee == CUBICLE_MONITOR) {
        return emit_forget(&e); /* the rest stays int3 */
    }
    e.at = stub + BUNDLE_SIZE;
    e.end = stub + STUB_SIZE;
    emit_set(&e, EMIT_HOLE(FUNCTION), t->target - (t->entry + 2 * BUNDLE_SIZE));
    emit_text(&e, &text_stub_call);
    emit_set(&e, EMIT_HOLE(RETURN), ret);
    emit_text(&e, &text_stub_return);
    return emit_forget(&e);
}
