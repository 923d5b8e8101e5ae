/* Annotations that do not fit their parameter. */
#include <cubicle/interface.h>
#include <stddef.h>
#include <sys/types.h>

CUBICLE_INTERFACE(ranges);

int ranges_not_pointer(CUBICLE_IN(4) int x);
int ranges_const_out(CUBICLE_OUT(len) const void *p, size_t len);
int ranges_two(CUBICLE_IN(len) CUBICLE_OUT(len) void *p, size_t len);
int ranges_no_size(CUBICLE_IN() const void *p);
int ranges_ret_only(CUBICLE_OUT(ret) void *p, size_t len);
int ranges_ret_in(CUBICLE_ANNOTATE("in:len, ret") const void *p, size_t len);
int ranges_flag(CUBICLE_OUT(len, exact) void *p, size_t len);
void ranges_ret_void(CUBICLE_OUT(len, ret) void *p, size_t len);
void *ranges_ret_pointer(CUBICLE_OUT(len, ret) void *p, size_t len);
double ranges_ret_double(CUBICLE_OUT(len, ret) void *p, size_t len);
void ranges_noreturn(CUBICLE_OUT(len) void *p, size_t len) __attribute__((noreturn));
_Noreturn void ranges_noreturn2(CUBICLE_INOUT(len) void *p, size_t len);
int ranges_null_alone(CUBICLE_OR_NULL void *p);
int ranges_unknown(CUBICLE_ANNOTATE("borrowed") void *p);
int ranges_caller_long(CUBICLE_CALLER long caller);
int ranges_caller_pointer(CUBICLE_CALLER int *caller);
int ranges_caller_two(CUBICLE_CALLER int a, CUBICLE_CALLER int b);
int ranges_opaque_integer(CUBICLE_OPAQUE long value);
int ranges_seven(CUBICLE_IN(1) const void *a, CUBICLE_IN(1) const void *b,
                 CUBICLE_OUT(1) void *c, CUBICLE_OUT(1) void *d,
                 CUBICLE_INOUT(1) void *e, CUBICLE_STRING(8) const char *s,
                 CUBICLE_IN(1) const void *f, CUBICLE_IN(1) const void *g);
int ranges_demand_alone(CUBICLE_ON_DEMAND const void *p);
int ranges_demand_out(CUBICLE_OUT(4) CUBICLE_ON_DEMAND void *p);
int ranges_demand_string(CUBICLE_STRING(4) CUBICLE_ON_DEMAND const char *p);
int ranges_demand_two(CUBICLE_IN(4) CUBICLE_ON_DEMAND const void *p,
                      CUBICLE_IN(4) CUBICLE_ON_DEMAND const void *q);
int ranges_demand_size(CUBICLE_OUT(*n) void *p,
                       CUBICLE_IN(8) CUBICLE_ON_DEMAND const size_t *n);
