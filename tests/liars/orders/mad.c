#define _GNU_SOURCE /* memmem */
#include "mad.h"

#include "../modules/front.h"

#include <cubicle.h>
#include <plat.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_ 200
#define SECRET "Bearer launch code"
#define PEERS 16

void mad_say(const char *format, ...)
{
    char line[LINE_MAX_];
    va_list arguments;
    va_start(arguments, format);
    const int n = vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    (void)plat_console_write(2, line, n < LINE_MAX_ ? (size_t)n : sizeof(line) - 1);
}

static __attribute__((noinline)) void mad_read(const volatile char *at)
{
    mad_say("mad: got %d\n", *at);
}

static __attribute__((noinline)) void mad_write(volatile char *at)
{
    *at = 'M';
    mad_say("mad: wrote\n");
}

static __attribute__((noinline)) void mad_search(const char *at, size_t size)
{
    for (size_t i = 0; i + 64 < size; i++) {
        if (at[i] == SECRET[0] && memcmp(at + i, SECRET, sizeof(SECRET) - 1) == 0) {
            mad_say("mad: stole '%.23s'\n", at + i);
            return;
        }
    }
    mad_say("mad: nothing found\n");
}

static void mad_lend(uint64_t address)
{
    const int window = cubicle_window_init();
    int lent = 0;
    for (int peer = 0; peer < PEERS; peer++) {
        lent += cubicle_window_add(window, (void *)(uintptr_t)address, 64,
                                   CUBICLE_READ) == 0 &&
                cubicle_window_open(window, peer) == 0;
    }
    (void)cubicle_window_destroy(window);
    mad_say("mad: lent to %d\n", lent);
}

/* A word of [*@at, @end), and where it ends. */
static void mad_word(const char **at, const char *end, char *word, size_t room)
{
    size_t n = 0;
    while (*at < end && **at == ' ') {
        ++*at;
    }
    while (*at<end &&* * at> ' ' && n + 1 < room) {
        word[n++] = *(*at)++;
    }
    word[n] = '\0';
}

static void mad_carry_out(const struct mad_order *order,
                          void (*more)(const struct mad_order *))
{
    const uint64_t address = order->numbers[0], size = order->numbers[1];

    mad_say("mad: %s 0x%08lx\n", order->word, (unsigned long)address);
    if (strcmp(order->word, "read") == 0) {
        mad_read((const char *)(uintptr_t)address);
    } else if (strcmp(order->word, "write") == 0) {
        mad_write((char *)(uintptr_t)address);
    } else if (strcmp(order->word, "search") == 0) {
        mad_search((const char *)(uintptr_t)address, size);
    } else if (strcmp(order->word, "lend") == 0) {
        mad_lend(address);
    } else if (liar_tell(order->word, (int)address, size,
                         (unsigned)order->numbers[2]) != 0) {
        more(order);
    }
}

void mad_obey(const char *name, const void *bytes, size_t size,
              void (*more)(const struct mad_order *order))
{
    static const char key[] = "X-Mad: ";
    const char *at = bytes, *const end = at + size;
    char word[64];

    while ((at = memmem(at, (size_t)(end - at), key, sizeof(key) - 1)) != NULL) {
        struct mad_order order = {.word = ""};
        at += sizeof(key) - 1;
        mad_word(&at, end, word, sizeof(word));
        if (strcmp(word, name) != 0) {
            continue;
        }
        mad_word(&at, end, order.word, sizeof(order.word));
        for (unsigned i = 0; i < MAD_NUMBERS; i++) {
            mad_word(&at, end, word, sizeof(word));
            order.numbers[i] = strtoull(word, NULL, 0);
        }
        mad_carry_out(&order, more);
    }
}
