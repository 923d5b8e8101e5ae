/* Variables that begin as zero: .tbss. */
#include "variables.h"

#if BSS_ALIGN > 0
#define DEFINE(name, size) \
    static __thread unsigned char name[size] __attribute__((aligned(BSS_ALIGN)));
TLS_SIZES(DEFINE)
#endif

size_t tls_bss(struct tls_variable *list)
{
    size_t n = 0;
#if BSS_ALIGN > 0
#define ADD(name, size) \
    list[n++] = (struct tls_variable){#name, name, size, BSS_ALIGN, 0};
    TLS_SIZES(ADD)
#else
    (void)list;
#endif
    return n;
}
