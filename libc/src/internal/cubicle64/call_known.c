#include "call_known.h"

/* The loader's: an absolute symbol, 1 where no other module is in the cubicle. */
extern const char __cubicle_alone[];

unsigned char __call_known_table[CALL_KNOWN_MAX];

void __call_know(int fd, unsigned what)
{
    if (call_symbol(__cubicle_alone) && (unsigned)fd < CALL_KNOWN_MAX) {
        __call_known_table[fd] |= what;
    }
}
