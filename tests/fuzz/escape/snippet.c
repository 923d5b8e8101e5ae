/*
 * Makes code that the verifier is likely to accept, and that would leave if a rule had a hole:
 * pieces in bundles, some of them spoiled before they are laid out: a prefix put in, a byte
 * taken out or changed. What the verifier refuses is replaced by nops, or int3, one bundle
 * after the other, so that the rest runs.
 */
#include "escape.h"
#include "piece.h"
#include "verify.h"

#include <string.h>

#define REPAIRS 12
#define SPOILED 4 /* one piece of so many */

/* ---- code ---- */

static void lay_out(struct snippet *snippet, const struct piece *piece, bool at_end)
{
    const uint32_t room = 32 - snippet->length % 32;
    uint32_t nops = piece->length > room ? room : 0;

    if (at_end && piece->length <= 32) { /* calls */
        nops = (room - piece->length) % 32;
    }
    if (snippet->length + nops + piece->length > CODE_MAX) {
        return;
    }
    memset(snippet->code + snippet->length, 0x90, nops);
    snippet->length += nops;
    memcpy(snippet->code + snippet->length, piece->bytes, piece->length);
    snippet->length += piece->length;
}

static void make_piece(struct snippet *snippet)
{
    struct piece piece = {.length = 0};

    if (one_in(4)) { /* what must be told apart from what belongs together */
        piece_make_stack_move(&piece);
        lay_out(snippet, &piece, false);
        piece.length = 0;
        piece_make_behind_move(&piece);
    } else {
        piece_make(&piece);
    }
    if (one_in(SPOILED) && piece.length > 0) {
        piece_spoil(&piece);
    }
    const bool call = piece.length >= 2 && (piece.bytes[piece.length - 2] == 0xff ||
                                            piece.bytes[piece.length - 1] >= 0xd0);
    lay_out(snippet, &piece, call && one_in(2));
}

/* Nops instead of the bundle that @offset is in. */
static void repair(struct snippet *snippet, uint32_t offset)
{
    const uint32_t bundle = offset / 32 * 32;
    memset(snippet->code + bundle, offset % 2 == 0 ? 0x90 : 0xcc, 32);
}

bool snippet_target_allowed(void *context, uint32_t target)
{
    (void)context;
    (void)target;
    return true;
}

static void make_code(struct snippet *snippet)
{
    const struct verify_policy policy = {.tp_disp = stage.tp_disp,
                                         .view_disp = stage.view_disp,
                                         .target_allowed = snippet_target_allowed};
    struct verify_result result;

    memset(snippet->code, 0xcc, sizeof(snippet->code));
    snippet->length = 0;
    for (unsigned count = 2 + below(10); count > 0; count--) {
        make_piece(snippet);
    }
    snippet->length = (snippet->length / 32 + 1) * 32;
    for (unsigned i = 0; i < REPAIRS; i++) {
        if (verify_code(snippet->code, snippet->length, stage.slot, &policy, &result)) {
            return;
        }
        repair(snippet, result.offset);
    }
    snippet->length = 0;
}

/* ---- registers and memory ---- */

static uint64_t any_rsp(void)
{
    const uint64_t edges[] = {
        stage.stack_from,
        stage.stack_from + 8,
        stage.stack_to,
        stage.stack_to - 8,
        stage.view,
        stage.view + 8,
        stage.view + 4 * GIB,
        stage.view + 4 * GIB - 8,
        stage.view + 0x10000,
        stage.view + below(0x10000),
        stage.view + stage.arena + 64,
    };
    return one_in(6) ? edges[below(LENGTH(edges))] : stage.rsp + below(16) * 8;
}

static void make_registers(struct snippet *snippet)
{
    struct user_regs_struct *regs = &snippet->regs;
    unsigned long long *const general[] = {
        &regs->rax, &regs->rbx, &regs->rcx, &regs->rdx, &regs->rsi,
        &regs->rdi, &regs->rbp, &regs->r8,  &regs->r9,  &regs->r10,
        &regs->r11, &regs->r12, &regs->r13, &regs->r14, &regs->r15,
    };

    memset(regs, 0, sizeof(*regs));
    for (size_t i = 0; i < LENGTH(general); i++) {
        *general[i] = any_value();
    }
    if (one_in(2)) {
        regs->rcx = below(64);
    }
    regs->rsp = any_rsp();
    regs->rip = stage.slot + below(snippet->length / 32) * 32;
    regs->eflags = 0x202 | (any() & 0x8d5); /* CF PF AF ZF SF OF */
    regs->cs = 0x33;
    regs->ss = 0x2b;
    regs->fs_base = stage.fs;
    regs->gs_base = snippet->lost ? stage.park : stage.view;
    regs->orig_rax = UINT64_MAX;
}

void snippet_make(struct snippet *snippet, uint64_t seed, uint64_t number)
{
    chance_start(seed * UINT64_C(0xd1342543de82ef95) + number);
    do {
        make_code(snippet);
    } while (snippet->length == 0);
    snippet->lost = one_in(16);
    make_registers(snippet);
    for (size_t i = 0; i < LENGTH(snippet->memory); i++) {
        snippet->memory[i] =
            i < 64 ? any_value() : snippet->memory[i - 64]; /* the same eight times */
    }
}
