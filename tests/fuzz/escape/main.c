/*
 * escape [OPTION...] cubicle run SYSTEM [OPTION...]: makes code, has the verifier judge it, runs
 * what is accepted in the cubicle `stage` of SYSTEM, and looks whether it got out.
 *
 *   --count N    so many snippets (a million); --seconds N ends earlier
 *   --seed N     of the snippets; printed, else taken from the clock
 *   --from N     the first snippet
 *   --thorough   compares all memory after each snippet, not after each 4096
 *   --must-find  the verifier is a broken one: 0 if an escape is found, 1 if none is
 *   --memory-only  looks only for what is written or read where it should not be
 *   --keep FILE  where the failing snippet goes: FILE, and FILE.s in assembly
 *   --replay FILE  runs one of those again, step by step
 *
 * Exit status: 0 nothing found, 1 an escape, 77 it cannot run here, 99 it broke.
 */
#include "escape.h"
#include "traced.h"
#include "verify.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BATCH 4096u
#define STEPS 128u
#define STEPPED 32u /* one snippet of so many is run step by step */
#define SKIP 77

static struct {
    uint64_t seed, from, count;
    double seconds;
    bool thorough, must_find, memory_only;
    const char *keep, *replay;
} options = {.count = 1000000, .seconds = 1e9, .keep = "escape.snippet"};

static struct {
    uint64_t snippets, steps, heals, ends[STAGE_GONE + 1];
} counts;

static double start;
static char **arguments;

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* ---- results ---- */

static void progress(void)
{
    static double last;
    const double time = now() - start;
    if (isatty(STDERR_FILENO) ? time - last < 1 : time - last < 10) {
        return;
    }
    last = time;
    fprintf(stderr, "%sescape: %" PRIu64 " of %" PRIu64 " snippets, %.0f s, %.0f/s%s",
            isatty(STDERR_FILENO) ? "\r" : "", counts.snippets, options.count, time,
            (double)counts.snippets / time, isatty(STDERR_FILENO) ? "  " : "\n");
}

static void summary(void)
{
    static const char *const names[] = {"trapped",    "faulted",  "illegal", "divided",
                                        "(stepping)", "too long", "calls",   "gone"};
    printf("escape: seed %" PRIu64 ": %" PRIu64
           " accepted snippets ran in %.1f s, %" PRIu64 " single steps, %" PRIu64
           " lost bases of GS mended;",
           options.seed, counts.snippets, now() - start, counts.steps, counts.heals);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (counts.ends[i] != 0) {
            printf(" %s %" PRIu64, names[i], counts.ends[i]);
        }
    }
    printf("\n");
}

static void keep(const struct snippet *snippet, const struct stage_state *state,
                 const char *wrong)
{
    char path[512];
    FILE *file = fopen(options.keep, "we");
    if (file != NULL) {
        fwrite(snippet, sizeof(*snippet), 1, file);
        fclose(file);
    }
    snprintf(path, sizeof(path), "%s.s", options.keep);
    judge_write(path, snippet, state, wrong);
}

static void found(uint64_t number, const struct snippet *snippet,
                  const struct stage_state *state, const char *wrong)
{
    keep(snippet, state, wrong);
    printf("escape: FOUND in snippet %" PRIu64 " of seed %" PRIu64
           ", after %.1f s: %s\n"
           "  at rip %#llx, address %p; code and registers in %s.s; again:\n"
           "  %s --replay %s",
           number, options.seed, now() - start, wrong, state->regs.rip,
           state->info.si_addr, options.keep, program_invocation_name, options.keep);
    for (char **at = arguments; *at != NULL; at++) {
        printf(" %s", *at);
    }
    printf("\n");
    summary();
    stage_close();
    exit(options.must_find ? 0 : 1);
}

/* ---- one snippet ---- */

/* Runs on where GS was lost, as the monitor's handler lets it. */
static void run(struct stage_state *state, bool step)
{
    stage_run(state, step);
    if (judge_heals(state)) {
        counts.heals++;
        state->regs.gs_base = stage.view;
        stage_set_registers(&state->regs);
        stage_run(state, step);
    }
}

static const char *run_stepped(const struct snippet *snippet, struct stage_state *state)
{
    struct user_regs_struct before = snippet->regs;
    const char *wrong = NULL;
    for (unsigned i = 0; i < STEPS && wrong == NULL; i++) {
        wrong = judge_next(&before);
        if (wrong != NULL) {
            break;
        }
        run(state, true);
        if (state->end != STAGE_STEP) {
            return judge_end(state);
        }
        counts.steps++;
        wrong = judge_step(&before, &state->regs);
        before = state->regs;
        if (before.rip < stage.slot || before.rip >= stage.slot + snippet->length) {
            break; /* int3 everywhere */
        }
    }
    return wrong;
}

static const char *run_snippet(const struct snippet *snippet, struct stage_state *state,
                               bool stepped)
{
    const char *wrong;
    memset(state, 0, sizeof(*state));
    state->regs = snippet->regs;
    stage_set(snippet);
    if (!judge_read(snippet)) {
        return "accepted, but no sequence of instructions in bundles";
    }
    if (stepped) {
        wrong = run_stepped(snippet, state);
    } else {
        run(state, false);
        wrong = judge_end(state);
    }
    counts.ends[state->end]++;
    return options.memory_only ? judge_secrets(&state->regs) : wrong;
}

static const char *changed(const struct stage_state *state, bool everywhere)
{
    static char text[128];
    if (state->end == STAGE_GONE) {
        return NULL;
    }
    const uint64_t at = stage_changed(everywhere);
    if (at == 0) {
        return NULL;
    }
    snprintf(text, sizeof(text), "memory outside the cubicle changed, at %#" PRIx64,
             at);
    return text;
}

static void try(uint64_t number)
{
    static struct snippet snippet;
    struct stage_state state;
    snippet_make(&snippet, options.seed, number);
    const bool stepped = snippet.regs.rax % STEPPED == 0;
    const char *wrong = run_snippet(&snippet, &state, stepped);
    counts.snippets++;
    if (wrong == NULL && (number % 16 == 0 || options.thorough)) {
        struct user_fpregs_struct vectors;
        stage_vectors(&vectors);
        wrong = judge_vectors(&vectors);
    }
    if (wrong == NULL) {
        wrong = changed(&state, options.thorough);
    }
    if (wrong != NULL) {
        found(number, &snippet, &state, wrong);
    }
}

/* Some snippet since @first wrote where no snippet aims: all of them again, one by one. */
static void search(uint64_t first, char **argv)
{
    char from[24], seed[24], count[24];
    snprintf(from, sizeof(from), "%" PRIu64, first);
    snprintf(seed, sizeof(seed), "%" PRIu64, options.seed);
    snprintf(count, sizeof(count), "%u", BATCH);
    const char *again[32] = {argv[0], "--thorough", "--from", from,     "--seed",
                             seed,    "--count",    count,    "--keep", options.keep};
    size_t n = 10;
    if (options.memory_only) {
        again[n++] = "--memory-only";
    }
    if (options.must_find) {
        again[n++] = "--must-find";
    }
    for (char **at = arguments; *at != NULL && n < 31; at++) {
        again[n++] = *at;
    }
    stage_close();
    printf("escape: memory outside the cubicle has changed; searching\n");
    fflush(NULL);
    execv("/proc/self/exe", (char **)(uintptr_t)again);
    exit(TRACED_BROKEN);
}

static void loop(char **argv)
{
    const struct stage_state here = {.end = STAGE_TRAP};
    uint64_t number = options.from;
    uint64_t first = number;
    while (number < options.from + options.count && now() - start < options.seconds) {
        try(number++);
        if (number - first == BATCH) {
            if (changed(&here, true) != NULL) {
                search(first, argv);
            }
            first = number;
            progress();
        }
    }
    if (changed(&here, true) != NULL) {
        search(first, argv);
    }
}

/* ---- options ---- */

static int replay(void)
{
    static struct snippet snippet;
    struct stage_state state;
    FILE *file = fopen(options.replay, "re");
    if (file == NULL || fread(&snippet, sizeof(snippet), 1, file) != 1) {
        perror(options.replay);
        return TRACED_BROKEN;
    }
    fclose(file);
    const struct verify_policy policy = {.tp_disp = stage.tp_disp,
                                         .view_disp = stage.view_disp,
                                         .target_allowed = snippet_target_allowed};
    struct verify_result result;
    const bool accepted =
        verify_code(snippet.code, snippet.length, stage.slot, &policy, &result);
    printf("%s by the verifier%s%s\n", accepted ? "accepted" : "refused",
           accepted ? "" : ": ", accepted ? "" : verify_reason_text(result.reason));
    const char *wrong = run_snippet(&snippet, &state, true);
    if (wrong == NULL) {
        wrong = changed(&state, true);
    }
    printf("at rip %#llx: %s\n", state.regs.rip,
           wrong != NULL ? wrong : "stays inside");
    stage_close();
    return wrong != NULL;
}

static void usage(void)
{
    fprintf(
        stderr,
        "usage: escape [--count N] [--seconds N] [--seed N] [--from N] [--thorough]\n"
        "              [--must-find] [--memory-only] [--keep FILE] [--replay FILE]\n"
        "              cubicle run SYSTEM ...\n");
    exit(TRACED_BROKEN);
}

static void read_options(int argc, char **argv)
{
    static const struct option longs[] = {
        {"count", required_argument, NULL, 'c'},
        {"seconds", required_argument, NULL, 't'},
        {"seed", required_argument, NULL, 's'},
        {"from", required_argument, NULL, 'f'},
        {"thorough", no_argument, NULL, 'a'},
        {"must-find", no_argument, NULL, 'm'},
        {"memory-only", no_argument, NULL, 'o'},
        {"keep", required_argument, NULL, 'k'},
        {"replay", required_argument, NULL, 'r'},
        {NULL, 0, NULL, 0},
    };
    options.seed = (uint64_t)time(NULL);
    for (int option; (option = getopt_long(argc, argv, "+", longs, NULL)) != -1;) {
        switch (option) {
        case 'c':
            options.count = strtoull(optarg, NULL, 0);
            break;
        case 't':
            options.seconds = strtod(optarg, NULL);
            break;
        case 's':
            options.seed = strtoull(optarg, NULL, 0);
            break;
        case 'f':
            options.from = strtoull(optarg, NULL, 0);
            break;
        case 'a':
            options.thorough = true;
            break;
        case 'o':
            options.memory_only = true;
            break;
        case 'm':
            options.must_find = true;
            break;
        case 'k':
            options.keep = optarg;
            break;
        case 'r':
            options.replay = optarg;
            break;
        default:
            usage();
        }
    }
    if (optind == argc) {
        usage();
    }
}

int main(int argc, char **argv)
{
    read_options(argc, argv);
    arguments = argv + optind;
    const char *missing = stage_missing();
    if (missing != NULL) {
        const char *must = getenv("CUBICLE_MUST_RUN");
        printf("escape: cannot run here: %s\n", missing);
        return must != NULL && strstr(must, "sfi") != NULL ? 1 : SKIP;
    }
    printf("escape: seed %" PRIu64 "\n", options.seed);
    fflush(stdout);
    stage_open(arguments);
    start = now();
    if (options.replay != NULL) {
        return replay();
    }
    loop(argv);
    summary();
    stage_close();
    if (options.must_find) {
        printf("escape: NOTHING found, though the verifier is broken\n");
    }
    return options.must_find ? 1 : 0;
}
