/* A bit of everything that programs do: sorting, hashing, compression, lists. */
#include "probe.h"

static uint32_t random_state = 12345;

static uint32_t random_next(void)
{
    random_state = random_state * 1664525 + 1013904223;
    return random_state >> 8;
}

static int by_value(const void *a, const void *b)
{
    int x = *(const int *)a;
    int y = *(const int *)b;

    return (x > y) - (x < y);
}

static void heap_sort(char *base, size_t count, size_t size,
                      int (*order)(const void *, const void *))
{
    char temporary[64];

    for (size_t step = 2 * count; step > 1;) {
        step--;
        size_t root = step >= count ? step - count : 0;
        size_t end = step >= count ? count : step;

        if (step < count) {
            __builtin_memcpy(temporary, base, size);
            __builtin_memcpy(base, base + step * size, size);
            __builtin_memcpy(base + step * size, temporary, size);
        }
        while (root * 2 + 1 < end) {
            size_t child = root * 2 + 1;

            if (child + 1 < end &&
                order(base + child * size, base + (child + 1) * size) < 0) {
                child++;
            }
            if (order(base + root * size, base + child * size) >= 0) {
                break;
            }
            __builtin_memcpy(temporary, base + root * size, size);
            __builtin_memcpy(base + root * size, base + child * size, size);
            __builtin_memcpy(base + child * size, temporary, size);
            root = child;
        }
    }
}

static uint32_t crc(const unsigned char *at, size_t size)
{
    uint32_t sum = ~0u;

    while (size--) {
        sum ^= *at++;
        for (int i = 0; i < 8; i++) {
            sum = (sum >> 1) ^ (sum & 1 ? 0xedb88320 : 0);
        }
    }
    return ~sum;
}

static size_t compress(const unsigned char *in, size_t size, unsigned char *out)
{
    size_t made = 0;

    for (size_t i = 0; i < size;) {
        size_t best = 0;
        size_t where = 0;

        for (size_t k = i > 255 ? i - 255 : 0; k < i; k++) {
            size_t len = 0;

            while (i + len < size && in[k + len] == in[i + len] && len < 255) {
                len++;
            }
            if (len > best) {
                best = len;
                where = i - k;
            }
        }
        if (best > 3) {
            out[made++] = 0;
            out[made++] = (unsigned char)where;
            out[made++] = (unsigned char)best;
            i += best;
        } else {
            out[made++] = in[i++];
        }
    }
    return made;
}

void program(void)
{
    static int numbers[1000];
    static unsigned char text[4000];
    static unsigned char packed[8000];

    for (int i = 0; i < 1000; i++) {
        numbers[i] = (int)(random_next() % 100000) - 50000;
    }
    heap_sort((char *)numbers, 1000, sizeof(*numbers), by_value);
    probe_int("first", numbers[0]);
    probe_int("last", numbers[999]);
    probe_int("numbers", crc((unsigned char *)numbers, sizeof(numbers)));
    for (size_t i = 0; i < sizeof(text); i++) {
        text[i] =
            (unsigned char)(i < 500 ? random_next() % 7 + 'a' : text[i - 1 - i % 311]);
    }
    size_t made = compress(text, sizeof(text), packed);

    probe_int("made", (int64_t)made);
    probe_int("packed", crc(packed, made));
}
