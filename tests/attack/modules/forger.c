/*
 * Attacks on --isolation=ipc: a process that has been taken over. It finds the monitor's code and data in itself, asks the
 * kernel for what it likes, and writes what it likes into its channels.
 */
#include "base/counters.h"
#include "taken.h"

#include <bench.h>
#include <cubicle.h>
#include <errno.h>
#include <random.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <vfs.h>

#define MESSAGES 200000
#define FUTEX_WAKE 1

/* ---- the kernel ---- */

static const struct {
    const char *name;
    long number, arguments[4];
} calls[] = {
    {"kill", 62, {1, SIGTERM}},
    {"kill-group", 62, {0, SIGTERM}},
    {"ptrace", 101, {16, 1}},
    {"read-memory", 310, {1, 0, 0, 0}},
    {"open", 2, {0x1000, 0}},
    {"openat", 257, {-100, 0x1000}},
    {"socket", 41, {2, 1}},
    {"fork", 57, {0}},
    {"clone", 56, {0x100, 0}},
    {"execve", 59, {0x1000}},
    {"memfd", 319, {0x1000}},
    {"prctl", 157, {4, 1}},
    {"executable", 9, {0, 4096, PROT_READ | PROT_EXEC, 0x22}},
    {"make-executable", 10, {0x1000, 4096, PROT_EXEC}},
    {"mremap", 25, {0x1000, 4096, 4096, 0}},
    {"write-elsewhere", 1, {1, 0x1000, 1}},
    {"read", 0, {0, 0x1000, 1}},
    {"close", 3, {2}},
    {"ioctl", 16, {2, 0x5412}},
    {"futex-requeue", 202, {0x1000, 3, 1}},
    {"x32", 0x40000000 + 39, {0}},
    {"shmat", 30, {0}},
    {"io-uring", 425, {1}},
    {"pidfd", 434, {1}},
    {"setuid", 105, {0}},
    {"tgkill", 234, {1, 1, SIGTERM}},
    {"queue-signal", 129, {1, SIGTERM, 0x1000}},
    {"write-memory", 311, {1, 0, 0, 0}},
    {"take-descriptor", 438, {3, 0}},
    {"perf", 298, {0x1000, 0, -1, -1}},
    {"userfaultfd", 323, {0}},
    {"bpf", 321, {0}},
    {"unshare", 272, {0x10000000}},
    {"setns", 308, {0, 0}},
    {"limits", 302, {1, 0, 0x1000, 0}},
    {"affinity", 203, {1, 8, 0x1000}},
    {"priority", 141, {0, 1, 0}},
    {"fcntl", 72, {2, 8, 1}},
    {"dup", 32, {2}},
    {"timer", 38, {1, 0x1000, 0}},
    {"profile", 38, {2, 0x1000, 0}},
    {"mincore", 27, {0x1000, 4096, 0x1000}},
    {"seccomp", 317, {1, 0, 0x1000}},
    {"keys", 250, {0}},
    {"clone3", 435, {0x1000, 64}},
    {"vfork", 58, {0}},
    {"execveat", 322, {-100, 0x1000}},
    {"openat2", 437, {-100, 0x1000}},
    {"open-by-handle", 304, {-100, 0x1000}},
    {"memfd-secret", 447, {0}},
    {"socket-pair", 53, {1, 1, 0, 0x1000}},
    {"send", 44, {2, 0x1000, 1, 0}},
    {"send-message", 46, {2, 0x1000, 0}},
    {"receive-message", 47, {2, 0x1000, 0}},
    {"splice", 275, {2, 0, 2, 0}},
    {"vmsplice", 278, {2, 0x1000, 1, 0}},
    {"signal-by-pidfd", 424, {2, SIGTERM}},
    {"process-madvise", 440, {2, 0x1000, 1, 4}},
    {"compare-processes", 312, {1, 1, 0, 0}},
    {"futex-private", 202, {0x1000, 129, 1}},
    {"futex-lock", 202, {0x1000, 6, 1}},
    {"futex-wake-op", 202, {0x1000, 5, 1}},
    {"futex-wait-many", 449, {0x1000, 1, 0}},
    {"sigaction", 13, {SIGTERM, 0x1000, 0, 8}},
    {"signal-stack", 131, {0x1000, 0}},
    {"robust-list", 273, {0x1000, 24}},
    {"rseq", 334, {0x1000, 32, 0, 0}},
    {"membarrier", 324, {1, 0}},
    {"arch-prctl", 158, {0x1001, 0x1000}},
    {"segments", 154, {1, 0x1000, 16}},
    {"protection-key", 330, {0, 0}},
    {"remap-pages", 216, {0x1000, 4096, 0, 0}},
    {"lock-memory", 149, {0x1000, 4096}},
    {"move-pages", 279, {1, 0, 0, 0}},
    {"scheduler", 144, {0, 1, 0x1000}},
    {"io-priority", 251, {1, 0, 0}},
    {"mount", 165, {0x1000, 0x1000}},
    {"chroot", 161, {0x1000}},
    {"umask", 95, {0}},
    {"shared-memory", 9, {0, 4096, PROT_READ | PROT_WRITE, 0x21}},
    {"stack-memory", 9, {0, 4096, PROT_READ | PROT_WRITE, 0x122}},
    {"huge-pages", 9, {0, 2 << 20, PROT_READ | PROT_WRITE, 0x40022}},
    {"map-file", 9, {0, 4096, PROT_READ, MAP_PRIVATE}},
};

static int ask_kernel(const char *name)
{
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        if (strcmp(calls[i].name, name) == 0) {
            const long *a = calls[i].arguments;
            const long result = host(calls[i].number, a[0], a[1], a[2], a[3]);
            printf("SURVIVED: %ld\n", result);
            return 1;
        }
    }
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        printf("%s\n", calls[i].name);
    }
    return 0;
}

/* More memory than the quota, past the monitor. */
static int take_memory(void)
{
    enum { MIB = 1 << 20, MMAP = 9, BOTH = PROT_READ | PROT_WRITE };
    unsigned long taken = 0;
    for (long at; taken < 1000; taken++) {
        at = host(MMAP, 0, MIB, BOTH, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (at == -1) {
            break;
        }
        memset((void *)(uintptr_t)at, 1, MIB);
    }
    printf("took %lu MiB\n", taken);
    return 0;
}

/* Addresses without memory: the kernel's tables for them are memory, too. */
static int take_addresses(void)
{
    enum { MMAP = 9, FLAGS = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE };
    unsigned long taken = 0;
    while (taken < 1000 && host(MMAP, 0, 1L << 30, PROT_READ, FLAGS, -1, 0) != -1) {
        taken++;
    }
    printf("took %lu GiB\n", taken);
    return 0;
}

/* ---- channels ---- */

/* Small, large, or near an edge. */
static uint64_t some(void)
{
    static const uint64_t edges[] = {
        0,          16,        4096,       65536,     CHANNEL_SIDE - 65536,
        UINT32_MAX, INT64_MAX, UINT64_MAX, 0xfffe0000};
    switch (any() % 3) {
    case 0:
        return any() % 64;
    case 1:
        return edges[any() % (sizeof(edges) / sizeof(edges[0]))] + any() % 3 - 1;
    default:
        return any();
    }
}

/* The number of the last question to @peer in anybody's name: of the present life, or of any. */
static uint64_t number_of(const struct channel_peer *peer)
{
    static uint64_t last = 1u << 30;
    return any() % 8 != 0   ? peer->mine->question[0].latest + any() % 3
           : any() % 2 != 0 ? ++last
                            : some();
}

static void forge(struct channel_peer *peer)
{
    const bool is_answer = any() % 4 == 0;
    struct channel_side *side = is_answer ? peer->theirs : peer->mine;
    const unsigned place =
        (unsigned)(any() % 4 != 0 ? any() % 3 : any() % CHANNEL_DEPTH);
    struct channel_line *line =
        is_answer ? &side->answer[place] : &side->question[place];
    const uint16_t kind = (uint16_t)(any() % 8);
    /* To end is its own affair; the line may be read at any time. */
    line->kind = peer->id == 0 && kind == CHANNEL_END ? CHANNEL_PAGES : kind;
    line->to_life = any() % 8 != 0 ? 0 : (uint32_t)some();
    line->what = (uint32_t)(any() % 4 != 0 ? any() % 700 : some());
    line->offset = (uint32_t)(any() % 2 != 0 ? some() & ~15u : some());
    line->nvalues = (uint16_t)(any() % 2 != 0 ? CALL_ARGS_MAX : some());
    for (int i = 0; i < CALL_ARGS_MAX; i++) {
        line->values[i] = some();
    }
    __atomic_store_n(&line->call, is_answer ? any() % 100 : number_of(peer),
                     __ATOMIC_SEQ_CST);
    if (!is_answer) {
        __atomic_store_n(&side->question[0].latest, line->call, __ATOMIC_SEQ_CST);
    }
    if (peer->bell->sleeping != 0) {
        peer->bell->rung++;
        (void)host(202, &peer->bell->rung, FUTEX_WAKE, 1, 0);
    }
    /* While it is being read. */
    for (uint64_t n = any() % 200; n > 0; n--) {
        line->to_life = (uint32_t)some();
        line->values[any() % CALL_ARGS_MAX] = some();
        side->area[any() % 70000] = (uint8_t)any();
    }
}

/* With whoever is left to talk to. */
static bool callee_is_well(void)
{
    static uint8_t bytes[5000];
    memset(bytes, 3, sizeof(bytes));
    bench_null();
    bench_in(bytes, sizeof(bytes));
    bench_out(bytes, sizeof(bytes));
    bench_inout(bytes, sizeof(bytes));
    bench_string("text");
    if (random_bytes(bytes, 32) != 32) {
        return false;
    }
    return bench_sum6(1, 2, 3, 4, 5, 6) == 21;
}

static int forge_all(const char *victim)
{
    const int id = strcmp(victim, "parent") == 0 ? 0 : cubicle_find(victim);
    if (id < 0 || peers[id].mine == NULL) {
        printf("BROKEN: there is no channel\n");
        return 1;
    }
    for (int i = 0; i < MESSAGES; i++) {
        forge(&peers[id]);
    }
    usleep(300000); /* it may be busy with some of them */
    printf("forged\n");
    fflush(stdout);
    printf(strcmp(victim, "callee") != 0 && strcmp(victim, "random") != 0 &&
                   !callee_is_well()
               ? "BROKEN\n"
               : "well\n");
    return 0;
}

/* Messages without an end, of no kind: each is seen, and leads to nothing. */
static void flood(const char *victim)
{
    const int id = strcmp(victim, "parent") == 0 ? 0 : cubicle_find(victim);
    struct channel_peer *peer = &peers[id];
    struct channel_line *line = &peer->mine->question[0];
    line->kind = 99;
    line->to_life = 0;
    printf("flooding\n");
    fflush(stdout);
    for (uint64_t call = line->call;;) {
        __atomic_store_n(&line->call, ++call, __ATOMIC_SEQ_CST);
        __atomic_store_n(&line->latest, call, __ATOMIC_SEQ_CST);
    }
}

/* ---- what it counts, and what others tell ---- */

/* Rubbish over its tally, until it ends in a fault: its memory, its calls, and what is others' to say. @at: where the monitor has its address. */
static int lie(uint64_t at)
{
    uint8_t *tally;
    memcpy(&tally, (const void *)(uintptr_t)(base + at), sizeof(tally));
    for (size_t i = 0; i < sizeof(struct counters); i += 8) {
        const uint64_t word = some() | UINT64_C(1) << 60;
        memcpy(tally + i, &word, sizeof(word));
    }
    printf("SURVIVED\n");
    return 1;
}

/* The notice of cubicle @name, or the parent's news, which lie before the bells. @unlock: asks the kernel to let it. */
static int rewrite(const char *name, bool unlock)
{
    const int id = strcmp(name, "parent") == 0 ? 0 : cubicle_find(name);
    const int count = cubicle_find("forger"); /* it is the last one */
    uint8_t *bells = (uint8_t *)peers[0].bell;
    volatile uint64_t *notice =
        (volatile uint64_t *)(void *)(bells + (id - 1 - count) * PAGE_SIZE);
    printf("target 0x%08llx\n", (unsigned long long)(uintptr_t)notice);
    fflush(stdout);
    if (unlock) {
        (void)host(10 /* mprotect */, notice, PAGE_SIZE, PROT_READ | PROT_WRITE, 0);
    }
    *notice = *notice + 1;
    printf("SURVIVED\n");
    return 1;
}

/* Whatever is mapped in another's place. */
static int touch(uint64_t address)
{
    printf("target 0x%08llx\n", (unsigned long long)address);
    fflush(stdout);
    printf("SURVIVED: %d\n", *(volatile const char *)(uintptr_t)address);
    return 1;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        return ask_kernel("?");
    }
    if (strcmp(argv[1], "touch") == 0) {
        return touch(strtoull(argv[2], NULL, 16));
    }
    find((uintptr_t)vfs_lseek, strtoull(argv[3], NULL, 16), strtoull(argv[4], NULL, 16),
         strtoull(argv[5], NULL, 16));
    if (strcmp(argv[1], "kernel") == 0) {
        return ask_kernel(argv[2]);
    }
    if (strcmp(argv[1], "lie") == 0) {
        return lie(strtoull(argv[6], NULL, 16));
    }
    if (strcmp(argv[1], "rewrite") == 0 || strcmp(argv[1], "unlock") == 0) {
        return rewrite(argv[2], strcmp(argv[1], "unlock") == 0);
    }
    if (strcmp(argv[1], "memory") == 0) {
        return strcmp(argv[2], "addresses") == 0 ? take_addresses() : take_memory();
    }
    if (strcmp(argv[1], "flood") == 0) {
        flood(argv[2]);
    }
    return forge_all(argv[2]);
}
