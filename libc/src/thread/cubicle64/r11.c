/*
 * Where assembly written by hand keeps %r11 of isolated code: the rewriter uses the
 * register itself (toolchain/rewrite/r11.c). [0] its value; [1] room for another
 * register while one instruction runs.
 */
#include <features.h>

#ifdef __CUBICLE_SFI__
extern hidden _Thread_local unsigned long __libc_r11[2];

_Thread_local unsigned long __libc_r11[2] __attribute__((aligned(16)));
#endif
