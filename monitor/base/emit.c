#include "emit.h"

#include <string.h>

/* What a hole can hold. */
enum emit_kind {
    EMIT_NONE,         /* there is no such hole */
    EMIT_JUMP,         /* a distance, by emit_land() */
    EMIT_NUMBER,       /* 0 to INT32_MAX */
    EMIT_DISPLACEMENT, /* a multiple of 4 in 32 bits, with sign */
    EMIT_BITS,         /* 32 bits */
    EMIT_DISTANCE,     /* 32 bits, with sign */
    EMIT_ADDRESS,      /* 64 bits, not 0, loaded into a register */
    EMIT_WORD,         /* the same, and may be 0 */
};

static const enum emit_kind kinds[HOLES] = {
    [EMIT_HOLE(CALLER)] = EMIT_NUMBER,
    [EMIT_HOLE(CALLEE)] = EMIT_NUMBER,
    [EMIT_HOLE(ID)] = EMIT_NUMBER,
    [EMIT_HOLE(CALLER_STACK)] = EMIT_DISPLACEMENT,
    [EMIT_HOLE(CALLER_TP)] = EMIT_DISPLACEMENT,
    [EMIT_HOLE(CALLEE_STACK)] = EMIT_DISPLACEMENT,
    [EMIT_HOLE(CALLEE_TP)] = EMIT_DISPLACEMENT,
    [EMIT_HOLE(CALLEE_ENTRY_MASK)] = EMIT_DISPLACEMENT,
    [EMIT_HOLE(RIGHTS)] = EMIT_DISPLACEMENT,
    [EMIT_HOLE(RIGHTS_MASK)] = EMIT_BITS,
    [EMIT_HOLE(FUNCTION)] = EMIT_DISTANCE,
    [EMIT_HOLE(NOT_CALLER)] = EMIT_JUMP,
    [EMIT_HOLE(NOT_OURS)] = EMIT_JUMP,
    [EMIT_HOLE(CHANGED)] = EMIT_JUMP,
    [EMIT_HOLE(FAILED)] = EMIT_JUMP,
    [EMIT_HOLE(RETURNED)] = EMIT_JUMP,
    [EMIT_HOLE(COUNT)] = EMIT_ADDRESS,
    [EMIT_HOLE(TRAMPOLINE)] = EMIT_ADDRESS,
    [EMIT_HOLE(ENTER)] = EMIT_ADDRESS,
    [EMIT_HOLE(LEAVE)] = EMIT_ADDRESS,
    [EMIT_HOLE(TARGET)] = EMIT_WORD,
    [EMIT_HOLE(REPORT)] = EMIT_ADDRESS,
    [EMIT_HOLE(CALL)] = EMIT_ADDRESS,
    [EMIT_HOLE(BODY)] = EMIT_ADDRESS,
    [EMIT_HOLE(RETURN)] = EMIT_ADDRESS,
    [EMIT_HOLE(VIEW)] = EMIT_WORD,
};

void emit_set(struct emitter *e, unsigned hole, uint64_t value)
{
    e->values[hole] = value;
    e->known[hole] = true;
}

bool emit_forget(struct emitter *e)
{
    bool landed = true;
    for (unsigned i = 0; i < HOLES; i++) {
        landed = landed && e->jumps[i] == NULL;
        e->jumps[i] = NULL;
        e->known[i] = false;
    }
    return landed && !e->full;
}

static void emit_bytes(struct emitter *e, const void *bytes, size_t n)
{
    if (e->full || (size_t)(e->end - e->at) < n) {
        e->full = true;
        return;
    }
    memcpy(e->at, bytes, n);
    e->at += n;
}

/* Does a placeholder begin at @at, with @n bytes to go? Then @number becomes its hole's. */
static bool emit_is_hole(const uint8_t *at, size_t n, unsigned *number)
{
    uint32_t placeholder;
    if (n < sizeof(placeholder)) {
        return false;
    }
    memcpy(&placeholder, at, sizeof(placeholder));
    *number = placeholder & 0xffff;
    return placeholder - *number == HOLE32(0);
}

/* What is loaded into a register: @hole is behind REX and opcode of a movabs. */
static void emit_address(struct emitter *e, const uint8_t *hole, uint64_t value)
{
    const bool avoid =
        e->spells != NULL && e->spells((const uint8_t *)&value, sizeof(value));
    const uint64_t written = avoid ? ~value : value;
    /* not, of the same register: leaves the flags as they are. */
    const uint8_t invert[] = {hole[-2], 0xf7, (uint8_t)(0xd0 | (hole[-1] & 7))};
    emit_bytes(e, &written, sizeof(written));
    if (avoid) {
        emit_bytes(e, invert, sizeof(invert));
    }
}

static bool emit_fits(enum emit_kind kind, uint64_t value)
{
    const bool fits = (uint64_t)(int32_t)value == value;
    switch (kind) {
    case EMIT_NUMBER:
        return value <= INT32_MAX;
    case EMIT_DISPLACEMENT:
        return fits && value % 4 == 0;
    case EMIT_BITS:
        return value <= UINT32_MAX;
    case EMIT_DISTANCE:
        return fits;
    case EMIT_ADDRESS:
        return value != 0;
    case EMIT_WORD:
        return true;
    default:
        return false;
    }
}

/* Does movabs load the placeholder of @number, of which there are @n bytes? */
static bool emit_is_movabs(const uint8_t *hole, size_t n, unsigned number)
{
    const uint64_t placeholder = HOLE64(number);
    return n >= sizeof(placeholder) &&
           memcmp(hole, &placeholder, sizeof(placeholder)) == 0 &&
           (hole[-2] & 0xfe) == 0x48 && (hole[-1] & 0xf8) == 0xb8;
}

/* Can hole @number be filled, whose placeholder begins at @hole and has @n bytes to the end? */
static bool emit_can_fill(const struct emitter *e, unsigned number, const uint8_t *hole,
                          size_t n)
{
    const enum emit_kind kind = number < HOLES ? kinds[number] : EMIT_NONE;
    switch (kind) {
    case EMIT_NONE:
        return false;
    case EMIT_JUMP:
        return e->jumps[number] == NULL;
    case EMIT_ADDRESS:
    case EMIT_WORD:
        if (!emit_is_movabs(hole, n, number)) {
            return false;
        }
        break;
    default:
        break;
    }
    return e->known[number] && emit_fits(kind, e->values[number]);
}

/* Fills it. Returns the first byte behind the placeholder. */
static const uint8_t *emit_fill(struct emitter *e, unsigned number, const uint8_t *hole,
                                size_t n)
{
    if (!emit_can_fill(e, number, hole, n)) {
        e->full = true;
        return hole + n;
    }
    const uint64_t value = e->values[number];
    switch (kinds[number]) {
    case EMIT_ADDRESS:
    case EMIT_WORD:
        emit_address(e, hole, value);
        return hole + 8;
    case EMIT_JUMP:
        emit_bytes(e, hole, 4);
        e->jumps[number] = e->at;
        return hole + 4;
    default:
        emit_bytes(e, &value, 4);
        return hole + 4;
    }
}

void emit_steps(struct emitter *e, const struct emit_text *text, unsigned first,
                unsigned end)
{
    if (first > end || end > text->nsteps) {
        e->full = true;
        return;
    }
    const uint8_t *code = (const uint8_t *)text + text->code;
    const uint8_t *const stop = code + text->marks[end];
    const uint8_t *copied = code + text->marks[first];
    for (const uint8_t *at = copied; at < stop;) {
        unsigned number;
        if (!emit_is_hole(at, (size_t)(stop - at), &number)) {
            at++;
            continue;
        }
        emit_bytes(e, copied, (size_t)(at - copied));
        copied = at = emit_fill(e, number, at, (size_t)(stop - at));
    }
    emit_bytes(e, copied, (size_t)(stop - copied));
}

void emit_text(struct emitter *e, const struct emit_text *text)
{
    emit_steps(e, text, 0, text->nsteps);
}

void emit_land(struct emitter *e, unsigned hole)
{
    uint8_t *jump = e->jumps[hole];
    if (e->full || jump == NULL) {
        e->full = true;
        return;
    }
    const int32_t distance = (int32_t)(e->at - jump);
    memcpy(jump - 4, &distance, sizeof(distance));
    e->jumps[hole] = NULL;
}
