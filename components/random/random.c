/*
 * Random bytes: ChaCha20 with fast key erasure (D. J. Bernstein, "Fast-key-erasure
 * random- number generators", 2017). Every refill replaces the key with the first bytes
 * of its own output, and bytes are wiped as they are handed out: to read this
 * component's memory tells nothing about earlier answers.
 *
 * Invariants:
 *   1. pool[0, RANDOM_KEY) is the key of the next refill, never handed out.
 *   2. The last `left` bytes of the pool are fresh; those between them and the key are
 * zero.
 */
#include <bearssl.h>
#include <cubicle/component.h>
#include <errno.h>
#include <limits.h>
#include <plat.h>
#include <random.h>
#include <string.h>

#define RANDOM_KEY 32u
#define RANDOM_POOL 512u /* one refill: 8 ChaCha20 blocks */

static uint8_t pool[RANDOM_POOL];
static size_t left;

/* Fills @out with the key stream of @key, which is used once and wiped. */
static void random_stream(uint8_t key[RANDOM_KEY], void *out, size_t count)
{
    static const uint8_t nonce[12];

    memset(out, 0, count);
    br_chacha20_ct_run(key, nonce, 0, out, count);
    explicit_bzero(key, RANDOM_KEY);
}

static void random_refill(void)
{
    uint8_t key[RANDOM_KEY];

    memcpy(key, pool, sizeof(key));
    random_stream(key, pool, sizeof(pool));
    left = sizeof(pool) - RANDOM_KEY;
}

static void random_take(uint8_t *out, size_t count)
{
    while (count > 0) {
        if (left == 0) {
            random_refill();
        }
        const size_t n = count < left ? count : left;
        uint8_t *fresh = pool + sizeof(pool) - left;
        memcpy(out, fresh, n);
        explicit_bzero(fresh, n);
        left -= n;
        out += n;
        count -= n;
    }
}

ssize_t random_bytes(void *buf, size_t count)
{
    if (count > SSIZE_MAX) {
        return -EFAULT; /* no such range exists */
    }
    if (count < RANDOM_POOL) {
        random_take(buf, count);
    } else {
        uint8_t key[RANDOM_KEY];
        random_take(key, sizeof(key));
        random_stream(key, buf, count);
    }
    return (ssize_t)count;
}

int component_init(void)
{
    const ssize_t n = plat_entropy(pool, RANDOM_KEY);

    if (n != RANDOM_KEY) {
        return n < 0 ? (int)n : -EIO;
    }
    left = 0;
    return 0;
}
