/* Everything that an interface header can say. */
#include <cubicle/interface.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "neighbour.h"

CUBICLE_INTERFACE_MANY(every);

#define EVERY_NAME_MAX 64
enum every_colour { EVERY_RED, EVERY_BLUE };
enum every_signed { EVERY_MINUS = -1, EVERY_PLUS };
struct every_record {
    int64_t a;
    char b[3];
};

/* Values. */
void every_nothing(void);
int8_t every_i8(signed char a, char b);
uint8_t every_u8(unsigned char a, bool b);
int16_t every_i16(int16_t a);
uint16_t every_u16(uint16_t a);
int every_i32(int a, enum every_signed b);
unsigned every_u32(unsigned a, enum every_colour b, wchar_t c);
long every_i64(long a, long long b, ssize_t c, off_t d);
unsigned long every_u64(unsigned long a, unsigned long long b, size_t c, uintptr_t d);
double every_f64(double a);
int every_twelve(int a, int b, int c, int d, int e, int f, int g, int h, int i, int j,
                 int k, int l);
int every_unnamed(int, CUBICLE_IN(8) const void *, long);
void every_stop(int status) __attribute__((noreturn));
_Noreturn void every_stop_too(CUBICLE_STRING(16) const char *reason);
int every_caller(int a, CUBICLE_CALLER int caller);

/* Pointers as values. */
CUBICLE_OPAQUE void *every_opaque(CUBICLE_OPAQUE struct every_record *p);
char *every_returned(CUBICLE_OPAQUE CUBICLE_OR_NULL void *p);
int every_callback(CUBICLE_OPAQUE int (*callback)(int));

/* Ranges. */
int every_in(CUBICLE_IN(count) const void *p, size_t count);
int every_out(size_t count, CUBICLE_OUT(count) void *p);
int every_inout(CUBICLE_INOUT(count) void *p, uint16_t count);
ssize_t every_ret(CUBICLE_OUT(count, ret) char *p, size_t count);
int every_inout_ret(CUBICLE_INOUT( count , ret ) char *p, size_t count);
int every_deref(CUBICLE_OUT(*len) CUBICLE_OR_NULL void *p,
                CUBICLE_INOUT(sizeof(unsigned)) CUBICLE_OR_NULL unsigned *len);
int every_deref_in(CUBICLE_IN(* len) const void *p, CUBICLE_IN(8) const uint64_t *len);
int every_array(CUBICLE_OUT(2 * sizeof(int)) int fds[2]);
int every_or_null(CUBICLE_OR_NULL CUBICLE_IN(1) const char *p);
int every_on_demand(CUBICLE_IN(n) CUBICLE_ON_DEMAND const void *p, size_t n);
int every_on_demand_null(CUBICLE_ON_DEMAND CUBICLE_OR_NULL CUBICLE_IN(n) const void *p, size_t n);
int every_suffix(void *p CUBICLE_OUT(4), int q);
int every_pointers(CUBICLE_OUT(sizeof(void *)) void **p);
int every_const_pointer(CUBICLE_OUT(8) void *const p);
int every_six(CUBICLE_IN(1) const void *a, CUBICLE_IN(1) const void *b,
              CUBICLE_OUT(1) void *c, CUBICLE_OUT(1) void *d, CUBICLE_INOUT(1) void *e,
              CUBICLE_INOUT(1) void *f, CUBICLE_STRING(8) const char *s);

/* Constants. */
int every_struct(CUBICLE_OUT(sizeof(struct every_record)) struct every_record *record);
int every_macro(CUBICLE_STRING(EVERY_NAME_MAX) const char *name,
                CUBICLE_STRING(PATH_MAX) const char *path);
int every_expression(CUBICLE_IN((EVERY_BLUE + 1) << 4) const void *p,
                     CUBICLE_IN(sizeof(int[3])) const int *q,
                     CUBICLE_IN(offsetof(struct every_record, b)) const void *r);
int every_largest(CUBICLE_IN(INT_MAX) const void *p, CUBICLE_STRING(65536) const char *s);

/* Not entry points. */
static inline float every_inline(float a)
{
    return a + 1;
}
