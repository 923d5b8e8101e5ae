/* Length and hash of a path component, eight bytes at a time: paths are looked at more
 * often than anything else. */
#ifndef VFSCORE_SPAN_H
#define VFSCORE_SPAN_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define SPAN_ONES UINT64_C(0x0101010101010101)
#define SPAN_SLASHES (SPAN_ONES * '/')

/** The top bit of every zero byte of @word, exact up to the first one. */
static inline uint64_t span_zeros(uint64_t word)
{
    return (word - SPAN_ONES) & ~word & SPAN_ONES << 7;
}

/* Unaligned, of any type. */
typedef uint64_t span_word __attribute__((aligned(1), may_alias));

/** Eight bytes at @text, of which those behind the end of the component may be
 * anything. Never touches a page that the component does not. */
__attribute__((no_sanitize("address"))) static inline uint64_t span_load(
    const char *text)
{
    uint64_t word = 0;
    if (__builtin_expect(((uintptr_t)text & 4095) <= 4096 - sizeof(word), 1)) {
        return *(const span_word *)text;
    }
    for (unsigned i = 0; i < sizeof(word); i++) {
        const unsigned char c = (unsigned char)text[i];
        word |= (uint64_t)c << 8 * i;
        if (c == '\0' || c == '/') {
            break;
        }
    }
    return word;
}

static inline size_t span(const char *text, uint32_t *hash)
{
    uint64_t sum = 0;
    size_t len = 0;
    for (;;) {
        const uint64_t word = span_load(text + len);
        const uint64_t ends = span_zeros(word) | span_zeros(word ^ SPAN_SLASHES);
        sum = sum << 27 | sum >> 37;
        if (ends != 0) {
            const unsigned bytes = (unsigned)__builtin_ctzll(ends) / 8;
            sum ^= word & ((UINT64_C(1) << 8 * bytes) - 1);
            len += bytes;
            break;
        }
        sum ^= word;
        len += sizeof(word);
    }
    sum *= UINT64_C(0x9e3779b97f4a7c15);
    *hash = (uint32_t)(sum >> 32);
    return len;
}

#endif
