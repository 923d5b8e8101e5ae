/* Sizes that are not sizes. */
#include <cubicle/interface.h>
#include <stddef.h>
#include <stdint.h>

CUBICLE_INTERFACE(sizes);

struct incomplete;

int sizes_unknown(CUBICLE_IN(cuont) const void *p, size_t count);
int sizes_computed(CUBICLE_IN(count * 4) const int *p, size_t count);
int sizes_of_parameter(CUBICLE_OUT(sizeof(*p)) int *p);
int sizes_not_integer(CUBICLE_IN(count) const void *p, double count);
int sizes_pointer(CUBICLE_IN(count) const void *p, CUBICLE_IN(8) const size_t *count);
int sizes_pointer_to_struct(CUBICLE_IN(s) const void *p, CUBICLE_OPAQUE struct incomplete *s);
int sizes_caller(CUBICLE_IN(caller) const void *p, CUBICLE_CALLER int caller);
int sizes_itself(CUBICLE_IN(p) const char *p);
int sizes_negative(CUBICLE_IN(-4) const void *p);
int sizes_zero(CUBICLE_IN(0) const void *p);
int sizes_large(CUBICLE_IN(1L << 31) const void *p);
int sizes_huge(CUBICLE_IN(UINT64_MAX) const void *p);
int sizes_floating(CUBICLE_IN(4.0) const void *p);
int sizes_of_incomplete(CUBICLE_IN(sizeof(struct incomplete)) const void *p);
int sizes_undefined(CUBICLE_IN(PATH_MAX) const void *p);
int sizes_syntax(CUBICLE_IN(4 +) const void *p);
int sizes_deref_unknown(CUBICLE_OUT(*len) void *p, size_t length);
int sizes_deref_integer(CUBICLE_OUT(*len) void *p, size_t len);
int sizes_deref_bare(CUBICLE_OUT(*len) void *p, CUBICLE_OPAQUE size_t *len);
int sizes_deref_out(CUBICLE_OUT(*len) void *p, CUBICLE_OUT(8) size_t *len);
int sizes_deref_narrow(CUBICLE_OUT(*len) void *p, CUBICLE_INOUT(4) size_t *len);
int sizes_deref_struct(CUBICLE_OUT(*s) void *p, CUBICLE_OPAQUE struct incomplete *s);
int sizes_good_after_bad(CUBICLE_OUT(*len) void *p, CUBICLE_INOUT(sizeof(size_t)) size_t *len);
