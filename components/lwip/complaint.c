/*
 * How many errors of ICMP the stack sends, by two token buckets: Linux has the same numbers (icmp_ratelimit,
 * icmp_msgs_per_sec, icmp_msgs_burst). Without a bound each packet to a closed port, from whatever address it claims to
 * come, has the stack send one to that address.
 *
 * That all errors come from one bucket must not be of use: who fills it up to a known level, and then sees whether one more
 * is answered, would learn whether another's packet was. So the level that counts is a little above the real one, by chance
 * (CVE-2020-25705). For each peer there is one of a few buckets, by a hash with a secret key.
 */
#include "stack.h"

#define SECOND_NS INT64_C(1000000000)
#define PEER_NS SECOND_NS /* an error a second to each peer */
#define PEER_BURST 6
#define ALL_NS (SECOND_NS / 1000) /* to all together */
#define ALL_BURST 50
#define PEERS 256u
#define CHANCE 3u

static int64_t
    peers[PEERS]; /* when each bucket is empty: later by its pace for each error */
static int64_t all;

/* Whether one more, and @others, fit into the bucket that is empty @at. */
static bool complaint_fits(int64_t at, int64_t pace_ns, int burst, uint32_t others)
{
    const int64_t level_ns = at > stack.now_ns ? at - stack.now_ns : 0;

    return level_ns + (1 + (int64_t)others) * pace_ns <= burst * pace_ns;
}

static void complaint_take(int64_t *at, int64_t pace_ns)
{
    *at = (*at > stack.now_ns ? *at : stack.now_ns) + pace_ns;
}

int stack_may_complain(const ip_addr_t *to)
{
    int64_t *peer = &peers[stack_hash(to) % PEERS];

    if (ip_addr_isany(to) || ip_addr_ismulticast(to)) {
        return 0;
    }
    if (name_is_local(to)) { /* leaves nothing that another could count */
        return 1;
    }
    /* The packet may have ended a long wait: by the time of before it the first errors would leave a bucket that is empty a
     * moment later. */
    loop_look_at_clock();
    if (!complaint_fits(*peer, PEER_NS, PEER_BURST, 0) ||
        !complaint_fits(all, ALL_NS, ALL_BURST, stack_random() % CHANCE)) {
        return 0;
    }
    complaint_take(peer, PEER_NS);
    complaint_take(&all, ALL_NS);
    return 1;
}
