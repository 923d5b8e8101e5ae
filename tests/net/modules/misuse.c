/* What a device must refuse of a stack: senseless numbers, and memory that it is not lent. */
#include "frames.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE 4096u

static struct netif_frame frames[NETIF_FRAMES_MAX + 1];
static struct cubicle_slice slices[NETIF_SLICES_MAX + 1];

static int64_t call(size_t nsend, size_t nreceive, size_t nslices)
{
    return device.netif_exchange(frames, nsend * sizeof(frames[0]), frames,
                                 nreceive * sizeof(frames[0]), slices,
                                 nslices * sizeof(slices[0]), 0, 0);
}

/* A frame of one slice, to be sent or received. */
static int64_t send_one(const void *base, uint64_t size)
{
    frames[0] = (struct netif_frame){.nslices = 1};
    slices[0] = (struct cubicle_slice){(uintptr_t)base, size};
    return call(1, 0, 1);
}

static int64_t receive_one(const void *base, uint64_t size)
{
    frames[0] = (struct netif_frame){.nslices = 1};
    slices[0] = (struct cubicle_slice){(uintptr_t)base, size};
    return call(0, 1, 1);
}

static void test_numbers(void)
{
    struct netif_info info;
    CHECK_EQUAL(device.netif_open("nonsense", &info), -EINVAL);
    CHECK_EQUAL(send_one(rooms, 0), -EINVAL);
    CHECK_EQUAL(send_one(rooms, FRAME_MAX + 1), -EINVAL);
    CHECK_EQUAL(send_one(rooms, UINT64_MAX), -EINVAL);
    CHECK_EQUAL(send_one(rooms, UINT64_C(1) << 32), -EINVAL);
    frames[0] = (struct netif_frame){.nslices = UINT32_MAX};
    CHECK_EQUAL(call(1, 0, 1), -EINVAL);
    frames[0] = (struct netif_frame){.nslices = 2};
    CHECK_EQUAL(call(1, 0, 1), -EINVAL); /* more than there are */
    CHECK_EQUAL(call(1, 0, 3), -EINVAL); /* fewer */
    CHECK_EQUAL(call(0, 1, 1), -EINVAL);
    frames[0] = (struct netif_frame){.nslices = 0};
    CHECK_EQUAL(call(1, 0, 0), -EINVAL);
    CHECK_EQUAL(call(0, 1, 0), -EINVAL);
    for (unsigned i = 0; i <= NETIF_FRAMES_MAX; i++) {
        frames[i] = (struct netif_frame){.nslices = 1};
        slices[i] = (struct cubicle_slice){(uintptr_t)rooms, 60};
    }
    CHECK_EQUAL(call(NETIF_FRAMES_MAX + 1, 0, NETIF_FRAMES_MAX + 1), -EINVAL);
    for (unsigned i = 0; i <= NETIF_SLICES_MAX; i++) {
        slices[i] = (struct cubicle_slice){(uintptr_t)rooms, 1};
    }
    frames[0] = (struct netif_frame){.nslices = NETIF_FRAME_SLICES_MAX + 1};
    CHECK_EQUAL(call(1, 0, NETIF_FRAME_SLICES_MAX + 1), -EINVAL);
    CHECK_EQUAL(device.netif_exchange(frames, 1, NULL, 0, slices, 16, 0, 0), -EINVAL);
    CHECK_EQUAL(
        device.netif_exchange(frames, sizeof(frames[0]), NULL, 0, slices, 17, 0, 0),
        -EINVAL);
    CHECK_EQUAL(device.netif_exchange(NULL, 0, NULL, 0, NULL, 0, -2, 0), -EINVAL);
    CHECK_EQUAL(device.netif_exchange(NULL, 0, NULL, 0, NULL, 0, 0, 0), 0);
}

static void test_fields(void)
{
    slices[0] = (struct cubicle_slice){(uintptr_t)rooms, 60};
    frames[0] = (struct netif_frame){.nslices = 1, .gso_type = 2};
    CHECK_EQUAL(call(1, 0, 1), -EINVAL);
    frames[0] = (struct netif_frame){.nslices = 1, .flags = 4};
    CHECK_EQUAL(call(1, 0, 1), -EINVAL);
    if ((device_info.offloads & NETIF_CHECKSUM) == 0) {
        frames[0] =
            (struct netif_frame){.nslices = 1, .flags = NETIF_FRAME_NEEDS_CHECKSUM};
        CHECK_EQUAL(call(1, 0, 1), -EINVAL);
        frames[0] = (struct netif_frame){.nslices = 1, .gso_type = NETIF_GSO_TCP4};
        CHECK_EQUAL(call(1, 0, 1), -EINVAL);
    }
}

/* Memory: not lent, read-only, of others, out of reach, given back. */
static void test_memory(void)
{
    static uint8_t not_lent[PAGE] __attribute__((aligned(PAGE)));
    static uint8_t read_only[PAGE] __attribute__((aligned(PAGE)));
    uint8_t *later =
        mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uint8_t *closed =
        mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK_EQUAL(send_one(rooms, 60),
                1); /* from loopback there is something to receive then */
    CHECK_EQUAL(send_one(not_lent, 60), -EFAULT);
    CHECK_EQUAL(receive_one(not_lent, 60), -EFAULT);
    (void)lend(read_only, PAGE, CUBICLE_READ);
    CHECK_EQUAL(send_one(read_only, 60), 1);
    CHECK_EQUAL(receive_one(read_only, 60), -EFAULT);
    CHECK_EQUAL(send_one(read_only + PAGE - 30, 60), -EFAULT);
    CHECK_EQUAL(send_one(&slices, 60), -EFAULT);
    CHECK_EQUAL(send_one((void *)16, 60), -EFAULT);
    CHECK_EQUAL(send_one((void *)0xfffffff0, 60), -EFAULT);
    CHECK_EQUAL(send_one((void *)0x80000000, 60), -EFAULT); /* of whoever it is */

    const int window = lend(closed, PAGE, CUBICLE_WRITE);
    CHECK_EQUAL(send_one(closed, 60), 1);
    CHECK_EQUAL(cubicle_window_destroy(window), 0);
    CHECK_EQUAL(send_one(closed, 60), -EFAULT);
    (void)lend(later, PAGE, CUBICLE_WRITE);
    CHECK_EQUAL(send_one(later, 60), 1);
    CHECK_EQUAL(mprotect(later, PAGE, PROT_NONE), 0);
    CHECK_EQUAL(send_one(later, 60), -EFAULT);
    CHECK_EQUAL(mprotect(later, PAGE, PROT_READ | PROT_WRITE), 0);
    CHECK_EQUAL(send_one(later, 60), 1);
    CHECK_EQUAL(munmap(later, PAGE), 0);
    CHECK_EQUAL(send_one(later, 60), -EFAULT);
}

int test_misuse(void)
{
    test_numbers();
    test_fields();
    test_memory();
    return 0;
}

/* Nobody sends: how long it waits. */
int test_wait(void)
{
    uint32_t sizes[1];
    CHECK_EQUAL(exchange(0, 1, sizes, 0), 0);
    CHECK_EQUAL(exchange(0, 1, sizes, 20000000), 0);
    CHECK_EQUAL(exchange(0, 0, sizes, 20000000), 0);
    return 0;
}
