/* Registers of which verified code knows nothing: filled with a secret, and looked into. */
#ifndef TEST_LEFTOVERS_H
#define TEST_LEFTOVERS_H

#ifdef PLAIN_CODE
#include <cpuid.h>
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

/* CPU and kernel: opmasks and all parts of the 32 vectors. */
static inline int have_avx512(void)
{
    unsigned a, b, c, d;
    if (__get_cpuid(1, &a, &b, &c, &d) == 0 || (c & bit_OSXSAVE) == 0 ||
        __get_cpuid_count(7, 0, &a, &b, &c, &d) == 0 || (b & bit_AVX512F) == 0) {
        return 0;
    }
    __asm__("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
    return (a & 0xe6) == 0xe6;
}

#define LEFT_EACH_16(X) X(16) X(17) X(18) X(19) X(20) X(21) X(22) X(23)
#define LEFT_EACH_24(X) X(24) X(25) X(26) X(27) X(28) X(29) X(30) X(31)
#define LEFT_EACH(X) LEFT_EACH_16(X) LEFT_EACH_24(X)
#define LEFT_EACH_MASK(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7)
#define LEFT_FILL(n) "vpbroadcastq %%rax, %%zmm" #n "\n\t"
#define LEFT_FILL_MASK(n) "kmovw %%eax, %%k" #n "\n\t"
#define LEFT_STORE(n) "vmovdqu64 %%zmm" #n ", 64*(" #n "-16)(%0)\n\t"
#define LEFT_STORE_MASK(n) "kmovw %%k" #n ", 1024+2*" #n "(%0)\n\t"

static inline void leave_avx512(void)
{
    __asm__ volatile(LEFT_EACH(LEFT_FILL) LEFT_EACH_MASK(LEFT_FILL_MASK)
                     :
                     : "a"(LEFT_SECRET));
}

static inline int left_avx512(void)
{
    uint16_t words[512 + 8];
    int found = 0;
    __asm__ volatile(LEFT_EACH(LEFT_STORE) LEFT_EACH_MASK(LEFT_STORE_MASK)
                     :
                     : "r"(words)
                     : "memory");
    for (int i = 0; i < 512 + 8; i++) {
        found += words[i] != 0;
    }
    return found;
}
#endif

#endif
