/* The called side of the micro-benchmarks. */
#include <bench.h>

int bench_null(void)
{
    return 0;
}

int64_t bench_sum6(int64_t a, int64_t b, int64_t c, int64_t d, int64_t e, int64_t f)
{
    return a + b + c + d + e + f;
}

int bench_in(const uint8_t *buf, size_t len)
{
    return buf[0] + buf[len - 1];
}

int bench_out(uint8_t *buf, size_t len)
{
    buf[0] = buf[len - 1] = 1;
    return 0;
}

int bench_inout(uint8_t *buf, size_t len)
{
    buf[0]++;
    buf[len - 1]++;
    return 0;
}

int bench_string(const char *text)
{
    return text[0];
}

int bench_touch(uint64_t address)
{
    return *(volatile uint8_t *)address;
}
