/* Strings without a fixed bound, or of something else. */
#include <cubicle/interface.h>
#include <stddef.h>
#include <wchar.h>

CUBICLE_INTERFACE(strings);

int strings_wide(CUBICLE_STRING(64) const wchar_t *s);
int strings_void(CUBICLE_STRING(64) const void *s);
int strings_no_bound(CUBICLE_STRING() const char *s);
int strings_parameter(CUBICLE_STRING(len) const char *s, size_t len);
int strings_long(CUBICLE_STRING(65537) const char *s);
int strings_most(CUBICLE_STRING(65536) const char *s);
int strings_zero(CUBICLE_STRING(0) const char *s);
