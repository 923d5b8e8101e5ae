/*
 * The floating-point environment through the monitor: module code may read the x87
 * status word but not load a control register, because its caller would inherit it.
 *
 * A word of cubicle_fenv_get(): MXCSR in bits 0-31, x87 control word 32-47, status word
 * 48-63. SSE does the arithmetic of float and double, x87 that of long double, so both
 * are kept alike. Exceptions are raised in either and kept in MXCSR: cubicle_fenv_set()
 * clears those of x87, so what is set has them all there (now()).
 */
#include <features.h>
#include <fenv.h>
#include <stdint.h>

#include "cubicle_calls.h"

#define EXCEPTIONS 0x3fUL
#define MXCSR_ROUNDING 0x6000UL
#define X87_ROUNDING 0xc00UL
#define CONTROL_SHIFT 32
#define STATUS_SHIFT 48
#define MXCSR_DEFAULT 0x1f80UL
#define CONTROL_DEFAULT 0x37fUL

/* The environment, with the exceptions of both units in its MXCSR. */
static uint64_t now(void)
{
    const uint64_t fenv = cubicle_fenv_get();
    return fenv | (fenv >> STATUS_SHIFT & EXCEPTIONS);
}

int feclearexcept(int mask)
{
    const uint64_t before = now();
    return before & mask & EXCEPTIONS
               ? -(cubicle_fenv_set(before & ~(mask & EXCEPTIONS)) != 0)
               : 0;
}

int feraiseexcept(int mask)
{
    const uint64_t before = now();
    return ~before & mask & EXCEPTIONS
               ? -(cubicle_fenv_set(before | (mask & EXCEPTIONS)) != 0)
               : 0;
}

int fetestexcept(int mask)
{
    return now() & mask & EXCEPTIONS;
}

int fegetround(void)
{
    return (cubicle_fenv_get() & MXCSR_ROUNDING) >> 3;
}

/* fesetround() has checked the mode. */
hidden int __fesetround(int mode)
{
    const uint64_t fenv = now() & ~(MXCSR_ROUNDING | X87_ROUNDING << CONTROL_SHIFT);
    return -(cubicle_fenv_set(fenv | (uint64_t)mode << 3 |
                              (uint64_t)mode << CONTROL_SHIFT) != 0);
}

int fegetenv(fenv_t *env)
{
    const uint64_t fenv = now();
    *env = (fenv_t){
        .__control_word = fenv >> CONTROL_SHIFT,
        .__status_word = fenv >> STATUS_SHIFT,
        .__tags = 0xffff,
        .__mxcsr = fenv,
    };
    return 0;
}

int fesetenv(const fenv_t *env)
{
    const uint64_t fenv = env == FE_DFL_ENV
                              ? MXCSR_DEFAULT | CONTROL_DEFAULT << CONTROL_SHIFT
                              : env->__mxcsr | (env->__status_word & EXCEPTIONS) |
                                    (uint64_t)env->__control_word << CONTROL_SHIFT;
    return -(cubicle_fenv_set(fenv) != 0);
}
