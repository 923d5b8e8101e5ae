/*
 * A hostile consumer: calls every function of liar_imports with every value of each parameter and
 * every pair of values of two, then all of them at random. An application; its arguments:
 *
 *     seed=N             of the random calls (1)
 *     only=FUNCTION      nothing else; also the beginning of names, `fs_`
 *     bind=PROVIDER      also the functions of interfaces with several providers, of that one
 *
 * Standard error gets "liar: FUNCTION N calls, N bad" and each complaint. Standard output is
 * what hostile calls write there.
 */
#include "attempt.h"
#include "say.h"

#include <cubicle.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vfs.h>

#define RANDOM_CALLS 20000
#define COMPLAINTS_MAX 5

static uint64_t seed = 1;
static const char *only = "";
static unsigned calls, bad, bad_in_all, calls_in_all;

static void attempt(const struct attempt *one)
{
    calls++;
    if (!attempt_run(one) && ++bad <= COMPLAINTS_MAX) {
        say("BAD %s", attempt_complaint);
    }
}

/* Every function finds the same: whatever the one before has opened, removed and forbidden. */
static void tidy(void)
{
    for (int fd = 0; fd < 64; fd++) {
        vfs_close(fd, 0);
    }
    vfs_umask(022, 0);
    vfs_chdir("/", 0);
    vfs_fchmodat(AT_FDCWD, "/", 0755, 0);
    vfs_mkdirat(AT_FDCWD, "/liar-dir", 0755, 0);
    for (int fd = 0; fd < 4; fd++) {
        vfs_openat(AT_FDCWD, "/liar-file", O_RDWR | O_CREAT | O_TRUNC, 0644, 0);
    }
    vfs_write(3, "0123456789abcdef", 16, 0);
}

static void end(const char *name)
{
    if (!attempt_all_intact()) {
        bad++;
        say("BAD %s: memory away from the ranges changed", name);
    }
    say("%s %u calls, %u bad", name, calls, bad);
    bad_in_all += bad;
    calls_in_all += calls;
    calls = bad = 0;
}

/* A choice that is a fair argument: sizes of 16 bytes, ranges on the heap, a first descriptor. */
static void fair(struct attempt *one)
{
    for (unsigned i = 0; i < one->f->nargs; i++) {
        one->choice[i] = attempt_is_size(one->f, i)                ? 2
                         : strcmp(one->f->args[i].name, "fd") == 0 ? 2
                         : one->f->args[i].kind == LIAR_STRING     ? 1
                                                                   : 0;
    }
}

static void pairs(const struct liar_function *f)
{
    struct attempt one = {.f = f};
    fair(&one);
    attempt(&one);
    for (unsigned i = 0; i < f->nargs; i++) {
        for (unsigned k = i; k < f->nargs; k++) {
            for (unsigned a = 0; a < attempt_choices(f, i); a++) {
                for (unsigned b = 0; b < (k == i ? 1 : attempt_choices(f, k)); b++) {
                    fair(&one);
                    one.choice[k] = (uint16_t)b;
                    one.choice[i] = (uint16_t)a;
                    attempt(&one);
                }
            }
        }
    }
}

static void at_random(void)
{
    for (unsigned n = 0; n < RANDOM_CALLS; n++) {
        struct attempt one = {.f = &liar_imports[liar_random(&seed) % liar_nimports]};
        if (one.f->call == NULL || one.f->noreturn) {
            continue;
        }
        fair(&one);
        for (unsigned i = 0; i < one.f->nargs; i++) {
            if (liar_random(&seed) % 2 == 0) {
                one.choice[i] =
                    (uint16_t)(liar_random(&seed) % attempt_choices(one.f, i));
            }
        }
        attempt(&one);
    }
    end("at random");
}

static void bind(const char *provider)
{
    unsigned i = 0;
    for (unsigned k = 0; k < liar_nbinds; k++) {
        const struct liar_bind *b = &liar_binds[k];
        uint64_t functions[256];
        while (strcmp(liar_imports[i].interface, b->interface) != 0) {
            i++;
        }
        if (cubicle_bind(b->interface, b->fingerprint, provider, functions,
                         8 * b->nfunctions) == 0) {
            for (unsigned n = 0; n < b->nfunctions; n++) {
                liar_imports[i + n].call = (liar_any *)(uintptr_t)functions[n];
            }
        }
    }
}

static void all(void)
{
    for (unsigned i = 0; i < liar_nimports; i++) {
        const struct liar_function *f = &liar_imports[i];
        if (f->call != NULL && !f->noreturn &&
            (only[0] == '\0' || strncmp(only, f->name, strlen(only)) == 0)) {
            tidy();
            pairs(f);
            end(f->name);
        }
    }
    if (only[0] == '\0') {
        tidy();
        at_random();
    }
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "seed=", 5) == 0) {
            seed = strtoull(argv[i] + 5, NULL, 0);
        } else if (strncmp(argv[i], "only=", 5) == 0) {
            only = argv[i] + 5;
        } else if (strncmp(argv[i], "bind=", 5) == 0) {
            bind(argv[i] + 5);
        }
    }
    say("seed=%lu", seed);
    attempt_prepare();
    attempt_on_stack(all);
    say("done: %u calls, %u bad", calls_in_all, bad_in_all);
    return bad_in_all > 0;
}
