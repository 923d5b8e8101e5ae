/* 128-bit arithmetic, bits, bit-fields, overflow, division, unaligned words. */
#include "probe.h"

typedef unsigned __int128 u128;

struct fields {
    unsigned a : 3;
    int b : 11;
    uint64_t c : 40;
    unsigned d : 10;
};

static struct fields fields = {5, -300, 0x123456789a, 777};
static unsigned char bytes[] = {1,  2,  3,  4,  5,  6,  7,  8, 9,
                                10, 11, 12, 13, 14, 15, 16, 17};

static void show128(const char *name, u128 value)
{
    probe_int(name, (int64_t)(value >> 64));
    probe_int(name, (int64_t)value);
}

static void wide(uint64_t x, uint64_t y)
{
    u128 product = (u128)x * y;

    show128("mul", product);
    show128("add", product + ((u128)y << 64) + x);
    show128("sub", product - (u128)x * x);
    show128("shl", product << probe_hide(13));
    show128("shr", product >> probe_hide(70));
    probe_int("less", product < (u128)x * x);
}

static void bits(uint64_t x)
{
    probe_int("clz", __builtin_clzll(x));
    probe_int("ctz", __builtin_ctzll(x));
    probe_int("ctz32", __builtin_ctz((unsigned)x | 0x100));
    probe_int("parity", __builtin_parityll(x));
    probe_int("bswap", (int64_t)__builtin_bswap64(x));
    probe_int("rotate", (int64_t)((x << 13) | (x >> 51)));
    probe_int("bit", (x >> probe_hide(17)) & 1);
    x |= 1ull << probe_hide(40);
    x &= ~(1ull << probe_hide(3));
    probe_int("set", (int64_t)x);
}

static void overflow(int64_t a, int64_t b)
{
    int64_t result;
    int32_t small;

    probe_int("mulo", __builtin_mul_overflow(a, b, &result));
    probe_int("mulo", result);
    probe_int("addo", __builtin_add_overflow((int32_t)a, (int32_t)b, &small));
    probe_int("addo", small);
    probe_int("subo", __builtin_sub_overflow(a, b, &result));
    probe_int("div", a / b);
    probe_int("mod", a % b);
    probe_int("udiv", (int64_t)((uint64_t)a / (uint64_t)b));
    probe_int("div7", a / 7);
    probe_int("mod10", (int64_t)((uint64_t)a % 10));
}

void program(void)
{
    uint64_t word;

    wide(0xfedcba9876543210, (uint64_t)probe_hide(0x123456789abcdef));
    bits((uint64_t)probe_hide(0x00f0c0a080402010));
    overflow(probe_hide(0x123456789abc), probe_hide(-77777));
    overflow(probe_hide(INT64_MIN), probe_hide(3));
    fields.b += (int)probe_hide(5);
    fields.c <<= 3;
    fields.d ^= fields.a;
    probe_int("fields", fields.a + fields.b * 3 + (int64_t)fields.c + fields.d);
    __builtin_memcpy(&word, bytes + probe_hide(3), 8);
    probe_int("unaligned", (int64_t)word);
    for (int i = 0; i < 17; i++) {
        bytes[i] = (unsigned char)((bytes[i] * 57) >> (i & 3));
        probe_int("byte", (signed char)bytes[i]);
    }
}
