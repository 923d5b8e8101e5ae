/* Initialised variables: .tdata, seen through pointers and by name from outside. */
#include "variables.h"

#define B(n, i) (unsigned char)((n) + 3 * (i))
#define FOUR(n, i) B(n, i), B(n, (i) + 1), B(n, (i) + 2), B(n, (i) + 3)

#if DATA_ALIGN > 0
static __thread unsigned char small __attribute__((aligned(DATA_ALIGN))) = B(11, 0);
static __thread unsigned char three[3]
    __attribute__((aligned(DATA_ALIGN))) = {B(12, 0), B(12, 1), B(12, 2)};
static __thread unsigned char sixteen[16] __attribute__((aligned(DATA_ALIGN))) = {
    FOUR(13, 0), FOUR(13, 4), FOUR(13, 8), FOUR(13, 12)};
static __thread unsigned char plain = B(14, 0);
__thread unsigned char tls_exported[5] = {B(15, 0), B(15, 1), B(15, 2), B(15, 3),
                                          B(15, 4)};
#endif

size_t tls_data(struct tls_variable *list)
{
    size_t n = 0;
#if DATA_ALIGN > 0
    list[n++] = (struct tls_variable){"small", &small, 1, DATA_ALIGN, 11};
    list[n++] = (struct tls_variable){"three", three, 3, DATA_ALIGN, 12};
    list[n++] = (struct tls_variable){"sixteen", sixteen, 16, DATA_ALIGN, 13};
    list[n++] = (struct tls_variable){"plain", &plain, 1, 1, 14};
#else
    (void)list;
#endif
    return n;
}
