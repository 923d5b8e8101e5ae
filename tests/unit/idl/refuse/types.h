/* Types that cannot cross. */
#include <complex.h>
#include <cubicle/interface.h>
#include <stdarg.h>

CUBICLE_INTERFACE(types);

struct point {
    int x, y;
};
union either {
    int i;
    float f;
};
typedef int vector __attribute__((vector_size(16)));

int types_struct(struct point p);
int types_union(int before, union either u);
int types_float(float f);
int types_long_double(long double d);
int types_int128(__int128 i);
int types_complex(double _Complex c);
int types_vector(vector v);
int types_va_list(const char *format, va_list args);
int types_callback(int (*compare)(const void *, const void *));
int types_callback_range(CUBICLE_IN(8) int (*compare)(int));
struct point types_returns_struct(void);
float types_returns_float(void);
void (*types_returns_function(int signal))(int);
int types_two_wrong(float f, struct point p);
