/* The cubicle that hands buffers to the attacker (callee.c). */
#include <giver.h>
#include <greedy.h>
#include <stdlib.h>
#include <string.h>

static uint64_t buffer;
static int ran;

static __attribute__((noinline, used, aligned(32))) void private_function(void)
{
    ran = 1;
}

uint64_t giver_private(void)
{
    return (uint32_t)(uintptr_t)private_function;
}

int giver_intact(void)
{
    return !ran;
}

uint64_t giver_buffer(void)
{
    return buffer;
}

#define EDGE 64
#define HANDED_MAX ((size_t)1 << 20)

static int all_are(const char *p, size_t n, char value)
{
    int good = 1;
    for (size_t i = 0; i < n; i++) {
        good &= p[i] == value;
    }
    return good;
}

static __attribute__((noinline)) int hand_over(char *memory, size_t size)
{
    memset(memory, 'e', EDGE + size + EDGE);
    buffer = (uint32_t)(uintptr_t)memory + EDGE;
    const ssize_t filled = greedy_fill(memory + EDGE, size);
    int good = filled == (ssize_t)size && all_are(memory + EDGE, size, 'f');
    memset(memory + EDGE, 'v', size);
    const ssize_t taken = greedy_take(memory + EDGE, size);
    good &= taken == (ssize_t)size && all_are(memory + EDGE, size, 'v');
    if (!all_are(memory, EDGE, 'e') || !all_are(memory + EDGE + size, EDGE, 'e')) {
        return 0;
    }
    return filled < 0 && taken == filled ? (int)filled : good;
}

static __attribute__((noinline)) int hand_over_stack(size_t size)
{
    char local[size + 2 * EDGE];
    return hand_over(local, size);
}

int giver_hand_over(int where, size_t size)
{
    static char global[HANDED_MAX + 2 * EDGE];
    if (size > HANDED_MAX) {
        return -22;
    }
    if (where == GIVER_STACK) {
        return hand_over_stack(size);
    }
    if (where == GIVER_DATA) {
        return hand_over(global, size);
    }
    char *memory = malloc(size + 2 * EDGE);
    const int result = memory != NULL ? hand_over(memory, size) : -12;
    free(memory);
    return result;
}
