/*
 * The honest side of hostile providers: a program on top of the real components. For each function of
 * provider LIAR and each lie it has the provider lie, runs the workload, has it tell the truth again, and
 * looks whether all is well then. An application; its arguments:
 *
 *     LIAR               the module that lies; "-": none, the workload runs once
 *     only=FUNCTION      lies of that function only
 *     lie=LIE:VALUE      that lie only, in numbers (tests/interfaces/tell.h)
 *     seed=N             of the random lies (1)
 *     show               one line for each lie
 *
 * Standard error gets "liar: FUNCTION N lies, N told, N bad" and a line for each that was believed.
 */
#include "say.h"
#include "workload.h"

#include "liar.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tell_ops.h>
#include <unistd.h>
#include <vfs.h>

#define RANDOM_LIES 12
#define WORDS_MAX 20 /* of a structure, 8 bytes each */
#define PATTERNS 9

static struct tell_ops tell;
static const char *liar = "-", *only = "";
static int only_lie, show;
static uint64_t only_value, seed = 1;
static unsigned row, bad, told_of_function, lies;
static const char *function;

/* Descriptors that a lie has cost; what is open by then is open in vfscore only. */
static void close_all(void)
{
    for (int fd = 3; fd < 128; fd++) {
        vfs_close(fd, 0);
    }
}

static void attempt(int lie, uint64_t value)
{
    static struct outcome lied, after; /* the frames above the workload do not change */
    if (only_lie != 0 && (lie != only_lie || value != only_value)) {
        return;
    }
    if (show) {
        say("%s lie=%d:%#lx ...", function, lie, value);
    }
    row++;
    lies++;
    tell.tell_lie(function, lie, value);
    workload("", row, &lied);
    const int told = tell.tell_lie("", TELL_TRUTH, 0);
    close_all();
    chdir("/");
    /* Elsewhere nothing has happened. */
    workload("/safe", row, &after);
    close_all();
    told_of_function += told > 0;
    if (lied.bad != 0 || after.bad != 0) {
        bad++;
        say("BELIEVED only=%s lie=%d:%#lx: %s", function, lie, value,
            lied.bad != 0 ? lied.complaint : after.complaint);
    }
    if (show) {
        say("%s lie=%d:%#lx told %d times, %u errors, %u afterwards", function, lie,
            value, told, lied.errors, after.errors);
    }
}

static void numbers(int lie)
{
    static const int64_t values[] = {
        0,       1,          2,          7,          4096,       -1,        -2,
        -4,      -11,        -4095,      -4096,      -5000,      INT_MAX,   INT_MIN,
        1 << 20, 0xffffffff, 0x80000000, 0xfffe0000, 0x7fff0000, INT64_MAX, INT64_MIN};
    for (unsigned i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        attempt(lie, (uint64_t)values[i]);
    }
}

static void lies_of(const struct liar_function *f)
{
    bool ranges = false, results = false, counts = false, demand = false;
    uint64_t largest = 0;
    for (unsigned i = 0; i < f->nargs; i++) {
        const struct liar_arg *arg = &f->args[i];
        const bool result = arg->kind == LIAR_OUT || arg->kind == LIAR_INOUT;
        ranges |= liar_is_range(arg);
        results |= result;
        counts |= arg->ret;
        demand |= arg->on_demand;
        if (result && arg->size_kind == LIAR_SIZE_CONST && arg->size > largest) {
            largest = arg->size;
        }
    }
    if (f->result_width > 0) {
        numbers(TELL_RETURN);
        numbers(TELL_AFTER);
    }
    for (int64_t more = -1; ranges && more <= 8; more += more < 1 ? 1 : 7) {
        attempt(TELL_ROOM, (uint64_t)more);
    }
    for (uint64_t at = 0; at + 8 <= largest && at < WORDS_MAX * 8; at += 8) {
        for (uint64_t pattern = 0; pattern < PATTERNS; pattern++) {
            attempt(TELL_WORD, at << 8 | pattern);
        }
    }
    for (unsigned i = 0; results && i < RANDOM_LIES; i++) {
        attempt(TELL_FILL, seed * 1000 + i);
        attempt(TELL_MUTATE, seed * 1000 + i);
    }
    static const uint64_t froms[] = {1,          2,          4096,
                                     0x100000,   0x7f000000, 0x80000000,
                                     0xfffe0000, 0xffffffff, UINT64_MAX};
    for (unsigned i = 0; counts && i < sizeof(froms) / sizeof(froms[0]); i++) {
        attempt(TELL_FROM, froms[i]);
    }
    if (demand) {
        attempt(TELL_FETCH, 0);
    }
    attempt(TELL_REENTER, 0);
}

/* What may cost the liar its life, one at a time: TELL_AROUND, TELL_LATE, TELL_DIE. */
static void all(void)
{
    for (unsigned i = 0; i < liar_nown; i++) {
        function = liar_own[i].name;
        if (only[0] != '\0' && strcmp(only, function) != 0) {
            continue;
        }
        if (tell.tell_lie(function, TELL_TRUTH, 0) == -ENOENT) {
            continue;
        }
        const unsigned before = bad;
        told_of_function = lies = 0;
        if (only_lie != 0) {
            attempt(only_lie, only_value);
        } else {
            lies_of(&liar_own[i]);
        }
        say("%s %u lies, %u told, %u bad", function, lies, told_of_function,
            bad - before);
    }
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        char *value = strchr(argv[i], '=');
        if (strcmp(argv[i], "show") == 0) {
            show = 1;
        } else if (value == NULL) {
            liar = argv[i];
        } else if (strncmp(argv[i], "only=", 5) == 0) {
            only = value + 1;
        } else if (strncmp(argv[i], "seed=", 5) == 0) {
            seed = strtoull(value + 1, NULL, 0);
        } else if (strncmp(argv[i], "lie=", 4) == 0) {
            only_lie = (int)strtol(value + 1, &value, 0);
            only_value = strtoull(value + 1, NULL, 0);
        }
    }
    static struct outcome honest;
    workload_prepare();
    workload("", 0, &honest);
    close_all();
    say("seed=%lu; honest: %u operations, %u errors, %u bad %s", seed,
        honest.operations, honest.errors, honest.bad, honest.complaint);
    if (strcmp(liar, "-") != 0) {
        if (tell_bind(&tell, liar) != 0) {
            say("no such liar: %s", liar);
            return 98;
        }
        all();
        say("done: %u lies, %u bad", row, bad);
    }
    return bad > 0 || honest.bad > 0;
}
