/* Copies and fills: by the compiler, by library functions, by string instructions. */
#include "probe.h"

void *memmove(void *to, const void *from, size_t size);
int memcmp(const void *a, const void *b, size_t size);
size_t strlen(const char *text);

struct sizes {
    char a[7];
    long b[9];
    char c[300];
};

static struct sizes first;
static struct sizes second;
static char area[512];

static long checksum(const void *bytes, size_t size)
{
    const unsigned char *at = bytes;
    long sum = 1;

    for (size_t i = 0; i < size; i++) {
        sum = sum * 31 + at[i];
    }
    return sum;
}

static void *copy_words(void *to, const void *from, size_t count)
{
    void *end = to;

    __asm__ volatile("rep movsq" : "+D"(end), "+S"(from), "+c"(count) : : "memory");
    return end;
}

static void *copy_bytes_one_by_one(void *to, const void *from)
{
    __asm__ volatile("movsb\n\tmovsw; movsl\n movsq"
                     : "+D"(to), "+S"(from)
                     :
                     : "memory");
    return to;
}

static void *fill_words(void *to, unsigned value, size_t count)
{
    __asm__ volatile("1: stosl\n\tsub $1,%1\n\tjnz 1b\n\trep ; stosb"
                     : "+D"(to), "+r"(count)
                     : "a"(value), "c"(3)
                     : "memory", "cc");
    return to;
}

void program(void)
{
    struct sizes *volatile p = &first;
    char local[100];

    for (size_t i = 0; i < sizeof(area); i++) {
        area[i] = (char)(i * 7);
    }
    for (size_t i = 0; i < sizeof(first); i++) {
        ((char *)&first)[i] = (char)i;
    }
    second = *p;
    probe_int("struct", checksum(&second, sizeof(second)));
    for (size_t n = 0; n < 70; n += 3) {
        __builtin_memset(local, 0x5a, sizeof(local));
        __builtin_memcpy(local + 5, area + n, (size_t)probe_hide((int64_t)n));
        probe_int("memcpy", checksum(local, sizeof(local)));
    }
    __builtin_memset(&second, 0, sizeof(second));
    probe_int("memset", checksum(&second, sizeof(second)));
    memmove(area + 10, area, 300);
    memmove(area, area + 5, 200);
    probe_int("memmove", checksum(area, sizeof(area)));
    probe_int("words", (char *)copy_words(area + 256, area, 20) - area);
    probe_int("words", checksum(area, sizeof(area)));
    probe_int("bytes", (char *)copy_bytes_one_by_one(area + 100, area + 3) - area);
    probe_int("bytes", checksum(area, sizeof(area)));
    probe_int("fill", (char *)fill_words(area + 40, 0x01020304, 9) - area);
    probe_int("fill", checksum(area, sizeof(area)));
    probe_int("memcmp", memcmp(area, area + 1, (size_t)probe_hide(20)) < 0);
    probe_int("strlen", (int64_t)strlen("hello"));
}
