/*
 * The bytes of send queues lie in chunks, to which programs' bytes are copied once. tcp_write() names parts of a chunk by
 * pbufs, each of which holds the chunk: acknowledged or not, a chunk lives as long as a frame names it.
 */
#include "stack.h"

#define CHUNK_SMALL 4096u
#define CHUNK_LARGE 32704u

/* A pbuf that names bytes of a chunk. */
struct payload {
    struct pbuf_custom custom; /* first: lwIP knows only this */
    struct chunk *chunk;
};

struct chunk *chunk_new(size_t want)
{
    const size_t size =
        want + sizeof(struct chunk) > CHUNK_SMALL ? CHUNK_LARGE : CHUNK_SMALL;
    struct chunk *chunk = arena_alloc(&stack.packets, size);

    if (chunk != NULL) {
        *chunk = (struct chunk){.refs = 1, .size = (uint32_t)(size - sizeof(*chunk))};
    }
    return chunk;
}

void chunk_put(struct chunk *chunk)
{
    if (chunk != NULL && --chunk->refs == 0) {
        arena_free(&stack.packets, chunk);
    }
}

static void payload_free(struct pbuf *p)
{
    struct payload *payload = (struct payload *)(void *)p;

    chunk_put(payload->chunk);
    arena_free(&stack.private, payload);
}

struct pbuf *stack_payload(const void *bytes, uint16_t size)
{
    struct payload *payload = arena_alloc(&stack.private, sizeof(*payload));

    if (payload == NULL) {
        return NULL;
    }
    payload->chunk = stack.filling;
    payload->chunk->refs++;
    payload->custom.custom_free_function = payload_free;
    /* lwIP knows from the type that the bytes do not change. */
    return pbuf_alloced_custom(PBUF_RAW, size, PBUF_ROM, &payload->custom,
                               (void *)(uintptr_t)bytes, size);
}
