/* An honest caller of a provider that has been taken over: nothing but the ranges that it names changes, no answer is for more
 * than it asked, and it goes on working with others. */
#include <answer.h>
#include <random.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ANSWER_FLOOD = 9, ANSWER_SECRETS = 1000 }; /* as in answerer.c */
enum {
    WAYS = 5,
    ROUNDS = 60,
    SIZE = 4096,
    GUARD = 4096,
    OTHER_CALLS = 1,
    FLOODED_ROUNDS = 200
};

static uint8_t memory[GUARD + SIZE + GUARD];

static int misled; /* answers that were not those to the question */

static int guards_hold(void)
{
    for (int i = 0; i < GUARD; i++) {
        if (memory[i] != 0xa5 || memory[GUARD + SIZE + i] != 0xa5) {
            return 0;
        }
    }
    return 1;
}

/* What an error leaves in memory is the caller's own, or the callee's: of that size. */
static int ask(int how, size_t size)
{
    const int64_t n = answer_read(memory + GUARD, size, how);
    if (n > (int64_t)size || !guards_hold()) {
        printf("BROKEN: answer_read gives %lld\n", (long long)n);
        return 0;
    }
    (void)answer_change(memory + GUARD, size, how);
    misled += answer_number(how) != 42;
    if (!guards_hold()) {
        printf("BROKEN: memory beside the range was written\n");
        return 0;
    }
    return 1;
}

/* While the provider sends messages without an end: others can be asked as ever. */
static int ask_others(void)
{
    char bytes[32];
    if (answer_number(ANSWER_FLOOD) != 42) {
        printf("BROKEN: no flood\n");
        return 1;
    }
    for (int i = 0; i < FLOODED_ROUNDS; i++) {
        if (random_bytes(bytes, sizeof(bytes)) != sizeof(bytes)) {
            printf("BROKEN: others do not answer\n");
            return 1;
        }
    }
    printf("well\n");
    return 0;
}

int main(int argc, char **argv)
{
    static const size_t sizes[] = {0, 1, 16, 4095, SIZE};
    char offsets[128], bytes[32];
    if (argc < 4) {
        return 2;
    }
    memset(memory, 0xa5, sizeof(memory));
    snprintf(offsets, sizeof(offsets), "%s %s %s", argv[1], argv[2], argv[3]);
    if (answer_begin(offsets) != 0) {
        printf("BROKEN: no channel\n");
        return 1;
    }
    if (argc > 4 && strcmp(argv[4], "flood") == 0) {
        return ask_others();
    }
    if (argc >
        4) { /* what the provider knows of the command's secrets; those of this program are there */
        const int at = (int)strtol(argv[4], NULL, 16);
        printf("found %lld\n", (long long)answer_number(ANSWER_SECRETS + at));
        printf("%s %s\n", argv[5], getenv("MINE"));
        return 0;
    }
    for (int how = 0; how < WAYS; how++) {
        for (int i = 0; i < ROUNDS; i++) {
            if (!ask(how, sizes[i % 5])) {
                return 1;
            }
            if (random_bytes(bytes, sizeof(bytes)) != sizeof(bytes)) {
                printf("BROKEN: others do not answer\n");
                return 1;
            }
        }
        /* One that is written while it is read may be half another. */
        if (how == OTHER_CALLS && misled > ROUNDS / 4) {
            printf("BROKEN: answers to other calls are taken\n");
            return 1;
        }
        misled = 0;
        printf("way %d\n", how);
        fflush(stdout);
    }
    printf("well\n");
    return 0;
}
