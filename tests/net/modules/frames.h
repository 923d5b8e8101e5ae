/* What the tests of network devices share: a device, and memory that it is lent. */
#ifndef TEST_FRAMES_H
#define TEST_FRAMES_H

#include <cubicle.h>
#include <netif.h>
#include <netif_ops.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define FRAME_MAX 65553u /* with an Ethernet header and a tag */
#define FRAME_ROOM (17u * 4096)
#define FRAMES 16u

/** The device under test. */
extern struct netif_ops device;
extern struct netif_info device_info;

/** FRAMES rooms of FRAME_ROOM bytes, lent to the device. */
extern uint8_t *rooms;

/** The room with this number. */
static inline uint8_t *room(unsigned index)
{
    return rooms + (size_t)index * FRAME_ROOM;
}

/** Lends [@base, @base + @size) to the device. Its window, which is not looked at again. */
int lend(void *base, size_t size, int rights);

/** One exchange of whole rooms: sends @nsend frames of @sizes bytes from the first rooms, receives up to
 *  @nreceive into those behind; sizes[nsend...] get theirs. */
int64_t exchange(unsigned nsend, unsigned nreceive, uint32_t *sizes,
                 int64_t timeout_ns);

/** Prints a line of TAP. */
void check(int64_t have, int64_t want, const char *what);
#define CHECK_EQUAL(have, want) check((int64_t)(have), (int64_t)(want), #have)

int test_misuse(void);
int test_wait(void);

#endif
