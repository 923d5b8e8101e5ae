/* What a process that has been taken over finds in itself. */
#ifndef TEST_TAKEN_H
#define TEST_TAKEN_H

#include "backend/ipc/channel.h"

#include <stdint.h>
#include <string.h>

/* Bytes of a trampoline: movabs $...,%r11 in a stub; movabs $...,%rax, call *%rax in a body. */
static const uint8_t stub_code[] = {0x49, 0xbb}, body_code[] = {0x48, 0xb8};

static uint64_t base; /* where the cubicle command lies in this process */
static struct channel_peer *peers;
static long (*host)(long number, ...);

static uint64_t immediate(const uint8_t *code, const uint8_t *prefix)
{
    uint64_t value;
    while (memcmp(code, prefix, 2) != 0) {
        code++;
    }
    memcpy(&value, code + 2, sizeof(value));
    return value;
}

/* @import: any function of another cubicle. @enter, @known, @got: offsets in the file of the command, which the test
 * looks up. */
static void find(uintptr_t import, uint64_t enter, uint64_t known, uint64_t got)
{
    uint64_t body = immediate((const uint8_t *)(uintptr_t)(uint32_t)import, stub_code);
    for (;;) { /* the first call in it is that of ipc_enter() */
        const uint64_t value = immediate((const uint8_t *)(uintptr_t)body, body_code);
        if (value % 4096 == enter % 4096) {
            base = value - enter;
            break;
        }
        body++;
    }
    peers = (struct channel_peer *)(uintptr_t)(base + known);
    memcpy(&host, (const void *)(uintptr_t)(base + got), sizeof(host));
}

static uint64_t any(void)
{
    static uint64_t state = 88172645463325252u;
    state ^= state << 13;
    state ^= state >> 7;
    return state ^= state << 17;
}

#endif
