/* Registers of which verified code knows nothing: filled with a secret, and looked into. */
#ifndef TEST_LEFTOVERS_H
#define TEST_LEFTOVERS_H

#ifdef PLAIN_CODE
#include <stdint.h>
#include <string.h>

#define LEFT_SECRET UINT64_C(0x5ec2e75ec2e75ec2)

/* All eight; with @exceptions a division of 0 by 0 has raised its flag. */
static inline void leave_x87(int exceptions)
{
    const int64_t secret = (int64_t)LEFT_SECRET;
    if (exceptions) {
        __asm__ volatile("fninit\n\tfldz\n\tfldz\n\tfdivp" : : : "memory");
    }
    __asm__ volatile("emms\n\t.rept 8\n\tfildll %0\n\t.endr"
                     :
                     : "m"(secret)
                     : "memory");
}

/* Words that are not zero: the status, and what the registers have, empty or not. */
static inline int left_x87(void)
{
    uint16_t words[54]; /* 14 of environment, 8 times 5 */
    int found = 0;
    __asm__ volatile("fnsave %0" : "=m"(words) : : "memory");
    found += words[2] != 0; /* status */
    for (int i = 14; i < 54; i++) {
        found += words[i] != 0;
    }
    return found;
}
#endif

#endif
