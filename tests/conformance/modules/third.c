/* The third cubicle of the conformance tests. */
#include <cubicle/component.h>
#include <cubicle/in.h>
#include <errno.h>
#include <peer.h>
#include <stddef.h>
#include <string.h>
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

/* R7: peer comes later in the manifest. */
static int64_t early[2];

int component_init(void)
{
    const uint8_t bytes[4] = {1, 2, 3, 4};
    early[0] = peer_null();
    early[1] = (int64_t)peer_sum(bytes, sizeof bytes);
    return 0;
}

int64_t third_early(int with_range)
{
    return early[with_range != 0];
}

int third_die(void)
{
    __builtin_trap();
}

int64_t third_sum(const uint8_t *buf, size_t len)
{
    int64_t sum = 0;
    for (size_t i = 0; i < len; i++) {
        sum += buf[i];
    }
    return sum;
}

int64_t third_take(const uint8_t *buf, size_t len)
{
    static uint8_t own[200000];
    const int error = len <= sizeof own ? cubicle_in_copy(own, buf, len) : -E2BIG;
    return error != 0 ? error : third_sum(own, len);
}

int third_fill(uint8_t *buf, size_t len)
{
    memset(buf, 1, len);
    return 0;
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
