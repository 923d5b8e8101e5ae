/* What --strict makes an error. */
#include <cubicle/interface.h>
#include <stddef.h>

CUBICLE_INTERFACE(warnings);

int warnings_bare(void *p);
int warnings_in_not_const(CUBICLE_IN(len) void *p, size_t len);
int warnings_string_not_const(CUBICLE_STRING(64) char *s);
int warnings_unnamed(const char *);
