/*
 * Most instructions of a program occur many times. The cache remembers what classify()
 * said about accepted ones.
 *
 * Invariant:
 *  K1. An entry is used only for code that begins with all the bytes of the entry's
 *      instruction. Decoding reads an instruction's bytes from first to last and no
 * byte behind them, so the same bytes are the same instruction, whatever follows; and
 * C1 of classify.c says that its class depends on nothing else. (The thread pointer's
 *      displacement is the same for the life of a cache.)
 */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

#define SETS 2048u
#define WAYS 4u

struct cache_entry {
    uint8_t bytes[ZYDIS_MAX_INSTRUCTION_LENGTH];
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
static struct cache_entry *cache_set(struct cache *cache, const uint8_t *bytes)
{
    uint64_t key;

    memcpy(&key, bytes, sizeof(key));
    key &= bytes[0] == 0x65 || bytes[0] == 0x67 ? UINT64_C(0xffffffffffff)
                                                : UINT64_C(0xffffff);
    return cache->sets[(key * UINT64_C(0x9e3779b97f4a7c15)) >> 53];
}

_Static_assert(SETS == 1u << (64 - 53),
               "the hash has as many values as there are sets");

/* K1 */
static bool cache_matches(const struct cache_entry *entry, const uint8_t *bytes)
{
    return entry->insn.length != 0 &&
           memcmp(entry->bytes, bytes, entry->insn.length) == 0;
}

enum verify_reason cache_classify(struct cache *cache, const struct decoder *decoder,
                                  const uint8_t *bytes, size_t available,
                                  struct insn *insn)
{
    /* Near the end of the code a comparison might read past it. */
    if (cache == NULL || available < ZYDIS_MAX_INSTRUCTION_LENGTH) {
        return classify(decoder, bytes, available, insn);
    }
    if (classify_simple(bytes, available, insn)) {
        return VERIFY_OK; /* quicker than the cache */
    }
    struct cache_entry *set = cache_set(cache, bytes);
    for (unsigned way = 0; way < WAYS; way++) {
        if (cache_matches(&set[way], bytes)) {
            *insn = set[way].insn;
            return VERIFY_OK;
        }
    }
    const enum verify_reason reason = classify(decoder, bytes, available, insn);
    if (reason == VERIFY_OK) {
        memmove(&set[1], &set[0], (WAYS - 1) * sizeof(set[0]));
        memcpy(set[0].bytes, bytes, insn->length);
        set[0].insn = *insn;
    }
    return reason;
}
