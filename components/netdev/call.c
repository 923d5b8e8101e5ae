/* What both kinds of devices need of a call. */
#include "netdev.h"

#define LEAVE_OUT_MAX 64u

struct hostnet_slice netdev_own(const void *base, size_t size)
{
    return (struct hostnet_slice){.base = (uint32_t)(uintptr_t)base,
                                  .size = (uint32_t)size,
                                  .owner = netdev_self};
}

uint32_t netdev_lent(const struct cubicle_slice *slices, uint32_t nslices,
                     uint32_t lender, struct hostnet_slice *list)
{
    for (uint32_t i = 0; i < nslices; i++) {
        list[i] = (struct hostnet_slice){.base = (uint32_t)slices[i].base,
                                         .size = (uint32_t)slices[i].size,
                                         .owner = lender};
    }
    return nslices;
}

uint32_t netdev_bytes(const struct cubicle_slice *slices, uint32_t nslices)
{
    uint32_t size = 0;
    for (uint32_t i = 0; i < nslices; i++) {
        size += (uint32_t)slices[i].size;
    }
    return size;
}

void netdev_sent(struct netdev_call *call)
{
    call->send_slices += call->send[call->sent++].nslices;
}

void netdev_received(struct netdev_call *call, uint32_t size)
{
    struct netif_frame *frame = &call->receive[call->received++];
    frame->size = size;
    call->receive_slices += frame->nslices;
}

bool netdev_guess(struct netdev_guess *guess)
{
    if (guess->left == 0) {
        return true;
    }
    guess->left--;
    return false;
}

void netdev_guessed(struct netdev_guess *guess, bool right)
{
    guess->leave_out = right                              ? 0
                       : guess->leave_out < LEAVE_OUT_MAX ? 2 * guess->leave_out + 1
                                                          : guess->leave_out;
    guess->left = guess->leave_out;
}
