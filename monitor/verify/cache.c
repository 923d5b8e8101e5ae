/*
 * Most instructions of a program occur many times. The cache remembers what classify()
 * said about accepted ones.
 *
 * Invariant:
 *  K1. An entry is used only for code that begins with all the bytes of the entry's
 *      instruction. Decoding reads an instruction's bytes from first to last and no
 * byte behind them, so the same bytes are the same instruction, whatever follows; and
 * C1 of classify.c says that its class depends on nothing else. (The displacements
 *      of the FS slots are the same for the life of a cache.)
 */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

#define SETS 2048u
#define WAYS 4u

/* What is compared: 16 bytes of code, of which an instruction has 15 at most. */
struct cache_key {
    uint64_t low, high; /* the first byte is the lowest */
};

struct cache_entry {
    struct cache_key key;
    struct insn insn; /* length 0: empty */
};

struct cache {
    struct cache_entry sets[SETS][WAYS];
};

struct cache *cache_new(void)
{
    return calloc(1, sizeof(struct cache));
}

void cache_free(struct cache *cache)
{
    free(cache);
}

/* Any function of the first bytes will do. Behind GS and address-size prefixes there is
 * more to tell apart. */
static struct cache_entry *cache_set(struct cache *cache, const struct cache_key *key)
{
    const uint8_t first = (uint8_t)key->low;
    const uint64_t mask =
        first == 0x65 || first == 0x67 ? UINT64_C(0xffffffffffff) : UINT64_C(0xffffff);

    return cache->sets[((key->low & mask) * UINT64_C(0x9e3779b97f4a7c15)) >> 53];
}

_Static_assert(SETS == 1u << (64 - 53),
               "the hash has as many values as there are sets");

/* The lowest @n bytes of a word; 8 for more. */
static uint64_t cache_mask(unsigned n)
{
    return n >= 8 ? UINT64_MAX : (UINT64_C(1) << (8 * n)) - 1;
}

/* K1 */
static bool cache_matches(const struct cache_entry *entry, const struct cache_key *key)
{
    const unsigned length = entry->insn.length;

    if (length == 0 || ((entry->key.low ^ key->low) & cache_mask(length)) != 0) {
        return false;
    }
    return length <= 8 || ((entry->key.high ^ key->high) & cache_mask(length - 8)) == 0;
}

enum verify_reason cache_classify(struct cache *cache, const struct decoder *decoder,
                                  const uint8_t *bytes, size_t available,
                                  struct insn *insn)
{
    struct cache_key key;

    if (classify_simple(bytes, available, insn)) {
        return VERIFY_OK; /* quicker than the cache */
    }
    if (cache == NULL || available < sizeof(key)) {
        return classify(decoder, bytes, available, insn);
    }
    memcpy(&key, bytes, sizeof(key));
    struct cache_entry *set = cache_set(cache, &key);
    for (unsigned way = 0; way < WAYS; way++) {
        if (cache_matches(&set[way], &key)) {
            *insn = set[way].insn;
            return VERIFY_OK;
        }
    }
    const enum verify_reason reason = classify(decoder, bytes, available, insn);
    if (reason == VERIFY_OK) {
        memmove(&set[1], &set[0], (WAYS - 1) * sizeof(set[0]));
        set[0].key = key;
        set[0].insn = *insn;
    }
    return reason;
}
