/* Exchanging addresses: no checksum changes, for each is a sum of both. */
#include "loopback.h"

#define TYPE_AT 12
#define TYPE_IP4 0x0800
#define TYPE_ARP 0x0806

static void swap_words(uint8_t *a, uint8_t *b)
{
    for (int i = 0; i < 4; i++) {
        const uint8_t byte = a[i];
        a[i] = b[i];
        b[i] = byte;
    }
}

void loopback_swap(uint8_t *bytes, size_t size)
{
    const int type = size >= 42 || (size >= 34 && bytes[TYPE_AT + 1] == 0)
                         ? bytes[TYPE_AT] << 8 | bytes[TYPE_AT + 1]
                         : 0;

    if (type == TYPE_IP4) {
        swap_words(bytes + 26, bytes + 30);
    } else if (type == TYPE_ARP) {
        swap_words(bytes + 28, bytes + 38);
    }
}
