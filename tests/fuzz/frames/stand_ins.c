/* What the component lwip calls, for fuzz_frames: memory from malloc(), a clock that the test moves, no cubicles. */
#include "../../../components/lwip/arena.h"

#include <cubicle.h>
#include <netif_ops.h>
#include <random.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern int64_t fuzz_now_ns;
int clock_sleep_ns(uint64_t duration_ns);

void *arena_alloc(struct arena *arena, size_t size)
{
    if (size > ARENA_BLOCK_MAX || arena->used > arena->limit / 8) {
        return NULL;
    }
    size_t *block = malloc(size + 16);
    block[0] = size;
    arena->used += size;
    return block + 2;
}

void arena_free(struct arena *arena, void *block)
{
    if (block != NULL) {
        size_t *start = (size_t *)block - 2;
        arena->used -= start[0];
        free(start);
    }
}

size_t arena_block_size(size_t size)
{
    return size;
}

void arena_regions(const struct arena *arena, void (*each)(void *base, size_t size))
{
    (void)arena;
    (void)each;
}

int64_t cubicle_clock(int id)
{
    (void)id;
    return fuzz_now_ns += 1000;
}

int clock_sleep_ns(uint64_t duration_ns)
{
    fuzz_now_ns += (int64_t)duration_ns;
    return 0;
}

ssize_t random_bytes(void *buf, size_t count)
{
    memset(buf, 7, count);
    return (ssize_t)count;
}

int cubicle_self(void)
{
    return 1;
}

int cubicle_window_init(void)
{
    return 1;
}

int cubicle_window_add(int id, void *base, size_t len, int rights)
{
    (void)id;
    (void)base;
    (void)len;
    (void)rights;
    return 0;
}

int cubicle_window_open(int id, int peer)
{
    (void)id;
    (void)peer;
    return 0;
}

int cubicle_window_destroy(int id)
{
    (void)id;
    return 0;
}

void cubicle_abort(const char *reason)
{
    fprintf(stderr, "abort: %s\n", reason);
    abort();
}

int cubicle_fetch(void *to, size_t at, size_t size)
{
    (void)to;
    (void)at;
    (void)size;
    return -14;
}

int cubicle_bind(const char *interface, uint64_t fingerprint, const char *provider,
                 void *table, size_t size)
{
    const struct netif_ops ops = {netif_open, netif_exchange};

    (void)interface;
    (void)fingerprint;
    (void)provider;
    memcpy(table, &ops, size < sizeof(ops) ? size : sizeof(ops));
    return 0;
}
