/*
 * Allowed x87 instructions. Not here: whatever loads, stores or resets the control word
 * or the whole state (fldcw, fnstcw, fldenv, fnstenv, fninit, fnclex, frstor, fnsave,
 * fxsave).
 */
#include "internal.h"

/* clang-format off */
#define ALLOW(name) {ZYDIS_MNEMONIC_##name, RULE_X87, RULE_PLAIN}

static const struct rule_row rows[] = {
    /* moves */
    ALLOW(FLD), ALLOW(FST), ALLOW(FSTP), ALLOW(FILD), ALLOW(FIST), ALLOW(FISTP),
    ALLOW(FISTTP), ALLOW(FXCH), ALLOW(FLD1), ALLOW(FLDL2E), ALLOW(FLDL2T),
    ALLOW(FLDLG2), ALLOW(FLDLN2), ALLOW(FLDPI), ALLOW(FLDZ), ALLOW(FCMOVB),
    ALLOW(FCMOVBE), ALLOW(FCMOVE), ALLOW(FCMOVNB), ALLOW(FCMOVNBE), ALLOW(FCMOVNE),
    ALLOW(FCMOVNU), ALLOW(FCMOVU), ALLOW(FFREE), ALLOW(FINCSTP), ALLOW(FDECSTP),
    /* arithmetic */
    ALLOW(FADD), ALLOW(FADDP), ALLOW(FIADD), ALLOW(FSUB), ALLOW(FSUBP), ALLOW(FSUBR),
    ALLOW(FSUBRP), ALLOW(FISUB), ALLOW(FISUBR), ALLOW(FMUL), ALLOW(FMULP), ALLOW(FIMUL),
    ALLOW(FDIV), ALLOW(FDIVP), ALLOW(FDIVR), ALLOW(FDIVRP), ALLOW(FIDIV), ALLOW(FIDIVR),
    ALLOW(FABS), ALLOW(FCHS), ALLOW(FSQRT), ALLOW(FSCALE), ALLOW(FRNDINT),
    ALLOW(FXTRACT), ALLOW(FPREM), ALLOW(FPREM1),
    /* functions */
    ALLOW(F2XM1), ALLOW(FYL2X), ALLOW(FYL2XP1), ALLOW(FPTAN), ALLOW(FPATAN),
    ALLOW(FSIN), ALLOW(FCOS), ALLOW(FSINCOS),
    /* comparison and status */
    ALLOW(FCOM), ALLOW(FCOMP), ALLOW(FCOMPP), ALLOW(FCOMI), ALLOW(FCOMIP), ALLOW(FUCOM),
    ALLOW(FUCOMP), ALLOW(FUCOMPP), ALLOW(FUCOMI), ALLOW(FUCOMIP), ALLOW(FICOM),
    ALLOW(FICOMP), ALLOW(FTST), ALLOW(FXAM), ALLOW(FNSTSW),
};
/* clang-format on */

const struct rule_set rules_x87 = {rows, sizeof(rows) / sizeof(rows[0])};
