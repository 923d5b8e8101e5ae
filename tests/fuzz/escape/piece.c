/*
 * Pieces of code, and what is in registers: from the unit tests' tables, the groups, the
 * system's own modules, with memory operands, displacements and registers at random.
 */
#include "piece.h"
#include "escape.h"
#include "verify_case.h"

#include <Zydis/Zydis.h>
#include <string.h>

#define ADDR32 0x67
#define GS 0x65

static const struct verify_case_set *const case_sets[] = {
    VERIFY_CASE_SETS,
};
static const struct verify_form_set *const form_sets[] = {
    VERIFY_FORM_SETS,
};

/* ---- chance ---- */

static uint64_t state;

void chance_start(uint64_t seed)
{
    state = seed;
    (void)any();
}

uint64_t any(void) /* splitmix64 */
{
    uint64_t z = (state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

uint32_t below(uint32_t limit)
{
    return (uint32_t)((any() >> 32) * limit >> 32);
}

bool one_in(uint32_t n)
{
    return below(n) == 0;
}

/* ---- values ---- */

static uint64_t any_hot(void)
{
    return stage.hot[below(stage.nhot)] + below(PAGE / 8) * 8;
}

/* Constants at which an answer of the verifier or an address changes sides. */
static int32_t any_constant(void)
{
    static const int32_t some[] = {
        0,        8,         -8,      32,         64,          -128,       0x1000,
        -0x1000,  0xffff,    0x10000, -0xffff,    -0x10000,    0x7fffffff, INT32_MIN,
        -0x7fff0, 0x7ffffff, 0x20000, 0x7ffffff0, -0x7ffffff0, 0x40000000,
    };
    if (one_in(3)) {
        return (int32_t)below(64);
    }
    return one_in(8) ? (int32_t)any()
                     : some[below(LENGTH(some))] + (one_in(4) ? (int32_t)below(64) : 0);
}

static uint32_t any_offset(void)
{
    switch (below(8)) {
    case 0:
        return UINT32_C(0xffffffff) - below(64);
    case 1:
        return below(0x10040);
    case 2:
        return stage.slot + below(STAGE_SLOT);
    case 3:
        return (uint32_t)(stage.rsp - stage.view) + below(PAGE) - PAGE / 2;
    case 4:
        return (uint32_t)any();
    default:
        return stage.arena + below(STAGE_ARENA);
    }
}

/* What a register may hold: an address in the view, or one outside that is worth reaching, as
 * it is or as a distance from the view, in all bits or with others above. */
uint64_t any_value(void)
{
    switch (below(12)) {
    case 0:
    case 10:
        return any_hot();
    case 1:
    case 11:
        return any_hot() - stage.view;
    case 2:
        return any_offset();
    case 3:
        return stage.view + any_offset();
    case 4:
        return below(256);
    case 5:
        return any();
    case 6:
        return stage.slot + below(CODE_MAX / 32) * 32;
    case 7:
        return (any_hot() & ~UINT64_C(0xffffffff)) | any_offset();
    case 8:
        return UINT64_C(0x0000070000000000) | any_offset();
    default:
        return stage.view + stage.arena + below(PAGE);
    }
}

/* ---- pieces ---- */

static void add(struct piece *piece, const void *bytes, size_t length)
{
    if (piece->length + length <= PIECE_MAX) {
        memcpy(piece->bytes + piece->length, bytes, length);
        piece->length += (uint32_t)length;
    }
}

static void add_byte(struct piece *piece, unsigned byte)
{
    add(piece, &(uint8_t){(uint8_t)byte}, 1);
}

static void add_constant(struct piece *piece)
{
    add(piece, &(int32_t){any_constant()}, 4);
}

/* ModRM, SIB and displacement of any address. */
static void add_address(struct piece *piece, unsigned reg)
{
    const unsigned mod = below(3), rm = below(8), sib = below(256);
    add_byte(piece, mod << 6 | (reg & 7) << 3 | rm);
    if (rm == 4) {
        add_byte(piece, sib);
    }
    if (mod == 1) {
        add_byte(piece, (unsigned)any_constant());
    } else if (mod == 2 || (rm == 4 ? sib & 7 : rm) == 5) {
        add_constant(piece);
    }
}

/* disp(%rsp), near enough to be a probe or not. */
static void add_stack_address(struct piece *piece, unsigned reg)
{
    const unsigned mod = below(3);
    add_byte(piece, mod << 6 | (reg & 7) << 3 | 4);
    add_byte(piece, 0x24);
    if (mod == 1) {
        add_byte(piece, (unsigned)any_constant());
    } else if (mod == 2) {
        add_constant(piece);
    }
}

static void add_view(struct piece *piece)
{
    add(piece, "\x64\x4c\x8b\x1c\x25", 5);
    add(piece, &stage.view_disp, 4);
}

/* The row's memory is (%eax): the same with other memory. */
static void add_memory_form(struct piece *piece, const struct verify_form *form,
                            bool stack)
{
    ZydisDecoder decoder;
    ZydisDecodedInstruction instruction;

    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    if (!ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(&decoder, NULL, form->memory,
                                                    form->nmemory, &instruction)) ||
        (instruction.attributes & ZYDIS_ATTRIB_HAS_MODRM) == 0) {
        add(piece, form->memory, form->nmemory);
        return;
    }
    const unsigned at = instruction.raw.modrm.offset;
    const unsigned reg = instruction.raw.modrm.reg;
    if (!stack) {
        add_byte(piece, GS);
        add_byte(piece, ADDR32);
    }
    add(piece, form->memory, at);
    if (stack) {
        add_stack_address(piece, reg);
    } else {
        add_address(piece, reg);
    }
    add(piece, form->memory + at + 1, form->nmemory - at - 1);
}

static void piece_form(struct piece *piece)
{
    const struct verify_form_set *set = form_sets[below(LENGTH(form_sets))];
    const struct verify_form *form = &set->forms[below(set->count)];

    if (form->nmemory != 0 && below(3) != 0) {
        add_memory_form(piece, form, one_in(4));
    } else {
        add(piece, form->registers, form->nregisters);
    }
}

/* The tables' FS slots become those of the monitor. */
static void piece_case(struct piece *piece)
{
    const struct verify_case_set *set = case_sets[below(LENGTH(case_sets))];
    const struct verify_case *row = &set->cases[below(set->count)];
    const int32_t from[] = {CASE_TP, CASE_VIEW};
    const int32_t to[] = {stage.tp_disp, stage.view_disp};

    add(piece, row->bytes, row->length);
    for (uint32_t i = 5; i + 4 <= piece->length; i++) {
        for (unsigned k = 0; k < 2; k++) {
            if (piece->bytes[i - 1] == 0x25 &&
                memcmp(piece->bytes + i, &from[k], 4) == 0) {
                memcpy(piece->bytes + i, &to[k], 4);
            }
        }
    }
}

static void piece_stack_move(struct piece *piece)
{
    static const char *const moves[] = {"\x48\x81\xec", "\x48\x81\xc4",
                                        "\x48\x8d\xa4\x24"};
    const char *move = moves[below(LENGTH(moves))];

    add(piece, move, strlen(move));
    add_constant(piece);
}

/* An access to disp(%rsp): by any listed instruction that names memory, or a push or pop. */
static void piece_probe(struct piece *piece)
{
    if (one_in(4)) {
        add_byte(piece, 0x50 + below(16));
        return;
    }
    for (unsigned tries = 0; tries < 8; tries++) {
        const struct verify_form_set *set = form_sets[below(LENGTH(form_sets))];
        const struct verify_form *form = &set->forms[below(set->count)];
        if (form->nmemory != 0) {
            add_memory_form(piece, form, true);
            return;
        }
    }
}

static void piece_rebase(struct piece *piece)
{
    static const uint8_t opcodes[] = {0x89, 0x8b, 0x01, 0x03, 0x29,
                                      0x2b, 0x21, 0x23, 0x8d, 0x31};
    const unsigned reg = below(8);
    const uint8_t opcode = opcodes[below(LENGTH(opcodes))];

    if (one_in(4)) {
        add(piece, one_in(2) ? "\x81\xe4" : "\x81\xec", 2); /* and, sub $...,%esp */
        add_constant(piece);
    } else if (opcode == 0x8d || (one_in(3) && (opcode & 2) != 0)) {
        add(piece, "\x65\x67", opcode == 0x8d ? 0 : 2);
        add_byte(piece, opcode);
        add_address(piece, 4);
    } else {
        add_byte(piece, opcode);
        add_byte(piece, (opcode & 2) ? 0xe0 | reg : 0xc4 | reg << 3);
    }
    add_view(piece);
    add(piece, "\x4a\x8d\x24\x1c", 4);
}

static void piece_string(struct piece *piece)
{
    const bool moves = one_in(2);
    add_view(piece);
    add(piece, "\x89\xff\x4a\x8d\x3c\x1f", 6);
    if (moves) {
        add(piece, "\x89\xf6\x4a\x8d\x34\x1e", 6);
    }
    add(piece, "\xf3", one_in(2));
    add(piece, one_in(2) ? "\x48" : "\x66", one_in(3));
    add_byte(piece, (moves ? 0xa4 : 0xaa) | below(2));
}

static void piece_indirect(struct piece *piece)
{
    const unsigned reg = below(8), extended = below(2);
    add(piece, "\x41", extended);
    add_byte(piece, 0x83);
    add_byte(piece, 0xe0 | reg);
    add_byte(piece, 0xe0);
    add(piece, "\x41", extended);
    add_byte(piece, 0xff);
    add_byte(piece, (one_in(2) ? 0xe0 : 0xd0) | reg);
}

static void piece_return(struct piece *piece)
{
    add(piece, "\x48\x81\x24\x24\xe0\xff\xff\x7f\xc3", 9);
}

static void piece_branch(struct piece *piece)
{
    if (one_in(2)) {
        add_byte(piece, one_in(3) ? 0xeb : 0x70 | below(16));
        add_byte(piece, below(64) - (one_in(4) ? 32 : 0));
        return;
    }
    add_byte(piece, 0x0f);
    add_byte(piece, 0x80 | below(16));
    add(piece, &(int32_t){(int32_t)below(CODE_MAX) - (one_in(4) ? 128 : 0)}, 4);
}

/* Loads a register with a value that is worth it. */
static void piece_load(struct piece *piece)
{
    add_byte(piece, 0x48 | below(2));
    add_byte(piece, 0xb8 | below(8));
    add(piece, &(uint64_t){any_value()}, 8);
}

/* A few instructions of a module, from the start of a bundle on. */
static void piece_module(struct piece *piece)
{
    ZydisDecoder decoder;
    ZydisDecodedInstruction instruction;
    const uint32_t bundle = below((uint32_t)(stage.ncorpus / 32)) * 32;
    const uint8_t *code = stage.corpus + bundle;
    uint32_t length = 0;

    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    for (unsigned count = 1 + below(8); count > 0 && length < 32; count--) {
        if (!ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(&decoder, NULL, code + length,
                                                        32 - length, &instruction)) ||
            instruction.mnemonic == ZYDIS_MNEMONIC_CALL) {
            break;
        }
        length += instruction.length;
    }
    add(piece, code, length);
}

static void piece_bytes(struct piece *piece)
{
    static const uint8_t prefixes[] = {0x66, 0xf2, 0xf3, 0x65, 0x67, 0x48,
                                       0x41, 0x4c, 0xf0, 0x0f, 0xc4, 0xc5};
    for (unsigned count = below(4); count > 0; count--) {
        add_byte(piece, prefixes[below(LENGTH(prefixes))]);
    }
    for (unsigned count = 1 + below(8); count > 0; count--) {
        add_byte(piece, below(256));
    }
}

/* ---- spoiling ---- */

void piece_spoil(struct piece *piece)
{
    static const uint8_t prefixes[] = {0x66, 0xf2, 0xf3, 0x65, 0x67, 0x64,
                                       0x48, 0x41, 0x40, 0xf0, 0x2e, 0x36};
    const uint32_t at = below(one_in(2) ? 3 : piece->length) % piece->length;

    switch (below(4)) {
    case 0: /* take a byte out */
        memmove(piece->bytes + at, piece->bytes + at + 1, piece->length - at - 1);
        piece->length--;
        break;
    case 1: /* put a prefix in */
        if (piece->length < PIECE_MAX) {
            memmove(piece->bytes + at + 1, piece->bytes + at, piece->length - at);
            piece->bytes[at] = prefixes[below(LENGTH(prefixes))];
            piece->length++;
        }
        break;
    case 2:
        piece->bytes[at] ^= (uint8_t)(1u << below(8));
        break;
    default:
        piece->bytes[at] = (uint8_t)any();
        break;
    }
}

/* ---- which ---- */

void piece_make_stack_move(struct piece *piece)
{
    piece_stack_move(piece);
}

void piece_make_behind_move(struct piece *piece)
{
    static void (*const makers[])(struct piece *) = {piece_probe, piece_stack_move,
                                                     piece_branch, piece_return};
    makers[below(LENGTH(makers))](piece);
}

void piece_make(struct piece *piece)
{
    static void (*const makers[])(struct piece *) = {
        piece_form,   piece_form,     piece_form,   piece_form,
        piece_case,   piece_case,     piece_rebase, piece_rebase,
        piece_string, piece_indirect, piece_return, piece_branch,
        piece_load,   piece_module,   piece_module, piece_bytes,
    };
    makers[below(LENGTH(makers))](piece);
}
