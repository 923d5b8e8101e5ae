/*
 * Much that goes through the base of the view, one after the other: string instructions,
 * stacks of variable size, calls through tables, thread-local and heap memory, and calls to
 * another cubicle between them. The sum at the end tells whether one access went wrong.
 */
#include "check.h"

#include <peer.h>

#define SIZE 600u

static uint8_t from[SIZE], to[SIZE];

static void copy_string(void *target, const void *source, size_t n)
{
    __asm__ volatile("rep movsb" : "+D"(target), "+S"(source), "+c"(n) : : "memory");
}

static void fill_string(void *target, uint8_t value, size_t n)
{
    __asm__ volatile("rep stosb" : "+D"(target), "+c"(n) : "a"(value) : "memory");
}

/* A new stack pointer for each call, and one level deeper each time. */
static __attribute__((noinline)) uint32_t nest(uint32_t seed, unsigned depth)
{
    volatile uint8_t *local = __builtin_alloca(1 + seed % 97);
    local[seed % 97] = (uint8_t)seed;
    return depth == 0
               ? local[seed % 97]
               : nest(seed * 1664525u + 1013904223u, depth - 1) * 31 + local[seed % 97];
}

static uint32_t round_sum(uint32_t seed)
{
    const size_t n = 1 + seed % (SIZE - 1);
    uint32_t sum = 0;
    fill_string(from, (uint8_t)seed, n);
    copy_string(to + SIZE - n, from, n);
    for (size_t i = 0; i < SIZE; i++) {
        sum = sum * 31 + to[i];
    }
    uint8_t *heap = malloc(n);
    copy_string(heap, to, n);
    sum += heap[n - 1] + nest(seed, seed % 7);
    free(heap);
    return seed % 8 == 0 ? sum + (uint32_t)peer_sum(to, SIZE) : sum;
}

void test_dense(const char *rounds)
{
    const unsigned n = (unsigned)atoi(rounds);
    uint32_t sum = 0;
    printf("# %u rounds\n", n);
    fflush(stdout);
    for (unsigned i = 0; i < n; i++) {
        sum = sum * 31 + round_sum(i * 2654435761u);
    }
    printf("# sum %08x\n", sum);
    CHECK(n > 0);
    fflush(stdout);
}
