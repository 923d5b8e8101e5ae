#include "emit_plain.h"

void emit_clear_x87(struct emitter *e)
{
    /* An exception may be pending, for which the first instruction that looks would trap;
     * fnstsw and fninit do not look. With status 0 nothing can be pending, and what follows
     * raises nothing, so that the control word does not matter. fninit alone would take
     * three times as long. */
    static const uint8_t code[] = {
        0x49, 0x89, 0xc2,                               /* mov %rax,%r10 */
        0xdf, 0xe0,                                     /* fnstsw %ax */
        0x66, 0x85, 0xc0,                               /* test %ax,%ax */
        0x74, 0x02,                                     /* je +2 */
        0xdb, 0xe3,                                     /* fninit */
        0x4c, 0x89, 0xd0,                               /* mov %r10,%rax */
        0x0f, 0x77,                                     /* emms: room for 8 */
        0xd9, 0xee, 0xd9, 0xee, 0xd9, 0xee, 0xd9, 0xee, /* fldz */
        0xd9, 0xee, 0xd9, 0xee, 0xd9, 0xee, 0xd9, 0xee, /* fldz */
        0x0f, 0x77,                                     /* emms: empty */
    };
    emit_bytes(e, code, sizeof(code));
}

void emit_clear_avx512(struct emitter *e)
{
    for (unsigned n = 16; n < 32; n++) {
        /* vpxord %zmmN,%zmmN,%zmmN */
        const uint8_t evex[] = {0x62,
                                n < 24 ? 0xa1 : 0x01,
                                (uint8_t)((~n & 15) << 3 | 5),
                                0x40,
                                0xef,
                                (uint8_t)(0xc0 | (n & 7) << 3 | (n & 7))};
        emit_bytes(e, evex, sizeof(evex));
    }
    for (unsigned k = 0; k < 8; k++) {
        /* kxorw %kN,%kN,%kN clears all 64 bits. */
        const uint8_t vex[] = {0xc5, (uint8_t)(0x80 | (~k & 15) << 3 | 4), 0x47,
                               (uint8_t)(0xc0 | k << 3 | k)};
        emit_bytes(e, vex, sizeof(vex));
    }
}
