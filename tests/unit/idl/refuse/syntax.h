#include <cubicle/interface.h>

CUBICLE_INTERFACE(syntax);

int syntax_missing_type(size_t count);
int syntax_missing_semicolon(int a)
