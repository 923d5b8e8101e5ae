/* The attacker as a callee that is given a long buffer: what lies next to the buffer in the
 * victim's memory, above all where its functions return to, must be out of reach. */
#include "attacker.h"

#include <cubicle.h>
#include <errno.h>
#include <giver.h>
#include <greedy.h>
#include <stdio.h>

/* Long enough that no cheap copy of it could be meant, and not a number of pages. */
#define LONG_SIZE 70000

/* Writes where the victim should go on to over the rest of the buffer's last page. */
static int overwrite_behind(void)
{
    const uint64_t end = giver_buffer() + LONG_SIZE;
    volatile uint64_t *word = (volatile uint64_t *)target((end + 7) & ~UINT64_C(7));
    do {
        *word++ = giver_private();
    } while (((uintptr_t)word & 4095) != 0);
    return 0;
}

/* The same in front of the buffer, where an allocator keeps its books. */
static int overwrite_before(void)
{
    *(volatile uint64_t *)target(giver_buffer() - 8) = 0;
    return 0;
}

/* And inside it, but not through the pointer that was given. */
static int overwrite_inside(void)
{
    *(volatile char *)target(giver_buffer() + 2 * 4096) = 1;
    return 0;
}

static int nothing(void)
{
    return 0;
}

static int (*deed)(void) = nothing;

ssize_t greedy_fill(char *buf, size_t size)
{
    deed();
    for (size_t i = 0; i < size; i++) {
        buf[i] = 'f';
    }
    return (ssize_t)size;
}

ssize_t greedy_take(const char *buf, size_t size)
{
    deed();
    return size > 0 && buf[0] == 'v' && buf[size - 1] == 'v' ? (ssize_t)size : -EINVAL;
}

static int during(int where, int (*what)(void))
{
    deed = what;
    const int result = giver_hand_over(where, LONG_SIZE);
    printf("result %d, intact %d\n", result, giver_intact());
    return survived();
}

static int hijack_stack(void)
{
    return during(GIVER_STACK, overwrite_behind);
}
static int hijack_before(void)
{
    return during(GIVER_STACK, overwrite_before);
}
static int lent_heap_before(void)
{
    return during(GIVER_HEAP, overwrite_before);
}
static int lent_heap_behind(void)
{
    return during(GIVER_HEAP, overwrite_behind);
}
static int lent_heap_inside(void)
{
    return during(GIVER_HEAP, overwrite_inside);
}
static int lent_data_behind(void)
{
    return during(GIVER_DATA, overwrite_behind);
}

/* Whatever the length, the victim gets its result or an error, and goes on where it should. */
static int every_length(void)
{
    static const int where[] = {GIVER_STACK, GIVER_HEAP, GIVER_DATA};
    int good = 1;
    for (size_t w = 0; w < sizeof where / sizeof where[0]; w++) {
        for (size_t size = 1; size <= (size_t)1 << 20; size = size * 3 + 1) {
            const int result = giver_hand_over(where[w], size);
            good &= result == 1 || result == -ENOBUFS;
        }
        good &= giver_hand_over(where[w], 65536) == 1;
        good &= giver_hand_over(where[w], 65537) == 1;
    }
    printf("%s\n", good && giver_intact() == 1 ? "intact" : "BROKEN");
    return !good;
}

#define ROW(x) \
    {          \
#x, x  \
    }
const struct attack callee_attacks[] = {
    ROW(hijack_stack),     ROW(hijack_before),
    ROW(lent_heap_before), ROW(lent_heap_behind),
    ROW(lent_heap_inside), ROW(lent_data_behind),
    ROW(every_length),     {0},
};
