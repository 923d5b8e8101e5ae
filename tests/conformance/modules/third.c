/* The third cubicle of the conformance tests. */
#include <errno.h>
#include <stddef.h>
#include <sys/mman.h>
#include <third.h>

int third_read(uint64_t address)
{
    return *(volatile uint8_t *)address;
}

int third_write(uint64_t address, int value)
{
    *(volatile uint8_t *)address = (uint8_t)value;
    return 0;
}

int third_die(void)
{
    __builtin_trap();
}

int64_t third_fresh(uint64_t count)
{
    uint8_t *base =
        mmap(NULL, count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED) {
        return -errno;
    }
    int64_t sum = 0;
    for (uint64_t i = 0; i < count; i++) {
        sum += base[i];
        base[i] = 0x33;
    }
    munmap(base, count);
    return sum;
}
