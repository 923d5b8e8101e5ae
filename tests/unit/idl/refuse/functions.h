/* Functions that cannot be entry points. */
#include <cubicle/interface.h>
#include <stddef.h>

CUBICLE_INTERFACE(functions);

int functions_varargs(const char *format CUBICLE_STRING(64), ...);
int functions_no_prototype();
int functions_thirteen(int a, int b, int c, int d, int e, int f, int g, int h, int i,
                       int j, int k, int l, int m);
int functions_renamed(int a) __asm__("other");
int functions_convention(int a) __attribute__((ms_abi));
int functions_twice(int a);
int functions_twice(int a);
CUBICLE_OUT(16) void *functions_returned_range(void);
CUBICLE_OPAQUE int functions_returned_opaque(void);
extern int functions_variable;
static inline int functions_inline(float f)
{
    return f > 0;
}
