/* A second object with initialised variables, of a weaker alignment, and one of another's. */
#include "variables.h"

#if DATA_ALIGN > 0
extern __thread unsigned char tls_exported[5];
static __thread unsigned char pair[2] = {21, 24};
static __thread uint64_t number = UINT64_C(0x2b2825221f1c1916);
#endif

size_t tls_more_data(struct tls_variable *list)
{
    size_t n = 0;
#if DATA_ALIGN > 0
    list[n++] = (struct tls_variable){"exported", tls_exported, 5, 1, 15};
    list[n++] = (struct tls_variable){"pair", pair, 2, 1, 21};
    list[n++] = (struct tls_variable){"number", (unsigned char *)&number, 8, 8, 22};
#else
    (void)list;
#endif
    return n;
}
