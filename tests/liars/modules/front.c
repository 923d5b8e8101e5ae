/*
 * A hostile provider: the real component, and in front of each of its functions an answer that no
 * honest one gives. What to answer comes through interface `tell`; or, from the first call on,
 * through the environment: LIE=FUNCTION:LIE:VALUE, in numbers but for the function.
 */
#include "front.h"

#include "sweep.h"

#include <cubicle.h>
#include <errno.h>
#include <plat.h>
#include <stdlib.h>
#include <string.h>
#include <tell.h>

#define OWN_NONE UINT32_MAX
#define ENVIRONMENT_MAX 100
#define CHANGES 3

static struct {
    unsigned function; /* index in liar_own */
    int lie;
    uint64_t value;
    int told;
    unsigned left; /* lies until it is honest again; 0: always */
} now = {.function = OWN_NONE};
static int inside;

/* The ranges of the last call, for TELL_LATE. */
static struct {
    uint64_t at, size;
} last[LIAR_ARGS];

int liar_tell(const char *function, int lie, uint64_t value, unsigned times)
{
    now.told = 0;
    now.function = OWN_NONE;
    now.left = times;
    for (unsigned i = 0; i < liar_nown; i++) {
        if (strcmp(liar_own[i].name, function) == 0) {
            now.function = i;
            now.lie = lie;
            now.value = value;
            return 0;
        }
    }
    return -ENOENT;
}

int tell_lie(const char *function, int lie, uint64_t value)
{
    const int told = now.told;
    if (function[0] == '\0') {
        now.told = 0;
        now.function = OWN_NONE;
        return told;
    }
    const int error = liar_tell(function, lie, value, 0);
    return error != 0 ? error : told;
}

#ifdef LIAR_ALONE /* it can ask nobody */
static void tell_from_environment(void)
{
}
#else
static void tell_from_environment(void)
{
    char text[512];
    ssize_t n = 0;
    for (int i = 0; i < ENVIRONMENT_MAX && n >= 0; i++) {
        n = plat_environment(i, text, sizeof(text) - 1);
        if (n > 4 && memcmp(text, "LIE=", 4) == 0) {
            text[n] = '\0';
            char *rest = NULL;
            const char *function = strtok_r(text + 4, ":", &rest);
            const char *lie = strtok_r(NULL, ":", &rest);
            if (function != NULL && lie != NULL) {
                tell_lie(function, atoi(lie), strtoull(rest, NULL, 0));
            }
        }
    }
}
#endif

static char *range_at(uint64_t address)
{
    return (char *)(uintptr_t)address;
}

/** Whether parameter @i is memory that the function writes to. */
static bool is_result(const struct liar_function *f, unsigned i)
{
    return f->args[i].kind == LIAR_OUT || f->args[i].kind == LIAR_INOUT;
}

static uint64_t pattern(unsigned which)
{
    static const uint64_t patterns[] = {
        0,           1,          UINT64_MAX, UINT64_C(1) << 63, INT32_MAX,
        0x80000000u, 0xfffe0000, 0x10000,    0x4141414141414141};
    return patterns[which % (sizeof(patterns) / sizeof(patterns[0]))];
}

static void spoil_words(const struct liar_function *f, const uint64_t *args)
{
    const uint64_t at = now.value >> 8;
    const uint64_t bad = pattern(now.value & 255);
    for (unsigned i = 0; i < f->nargs; i++) {
        const uint64_t size = is_result(f, i) ? liar_size_of(f, i, args) : 0;
        if (at + sizeof(bad) <= size) {
            memcpy(range_at(args[i]) + at, &bad, sizeof(bad));
        }
    }
}

static int64_t fill(const struct liar_function *f, const uint64_t *args, int64_t result)
{
    uint64_t seed = now.value;
    for (unsigned i = 0; i < f->nargs; i++) {
        const uint64_t size = is_result(f, i) ? liar_size_of(f, i, args) : 0;
        for (uint64_t k = 0; k < size; k++) {
            range_at(args[i])[k] = (char)liar_random(&seed);
        }
        result = size > 0 && f->args[i].ret ? (int64_t)size : result;
    }
    return result < 0 ? 0 : result;
}

static void mutate(const struct liar_function *f, const uint64_t *args, int64_t result)
{
    uint64_t seed = now.value;
    for (unsigned i = 0; i < f->nargs; i++) {
        uint64_t size = is_result(f, i) ? liar_size_of(f, i, args) : 0;
        if (f->args[i].ret) {
            size = result < 0 ? 0 : (uint64_t)result < size ? (uint64_t)result : size;
        }
        for (unsigned k = 0; k < CHANGES && size > 0; k++) {
            /* Mostly near the start, where heads of records are. */
            const uint64_t near = liar_random(&seed) % 3 == 0 || size < 64 ? size : 64;
            range_at(args[i])[liar_random(&seed) % near] = (char)liar_random(&seed);
        }
    }
}

static int64_t room(const struct liar_function *f, const uint64_t *args)
{
    for (unsigned i = 0; i < f->nargs; i++) {
        if (liar_is_range(&f->args[i])) {
            return (int64_t)(liar_size_of(f, i, args) + now.value);
        }
    }
    return (int64_t)now.value;
}

static int64_t result_from(const struct liar_function *f, const uint64_t *args,
                           int64_t result)
{
    for (unsigned i = 0; i < f->nargs; i++) {
        const uint64_t size = liar_is_range(&f->args[i]) ? liar_size_of(f, i, args) : 0;
        if (f->args[i].ret && size > 0 && size <= 65536) {
            ((volatile uint64_t *)(uintptr_t)args[i])[-2] = now.value;
            result = (int64_t)size;
        }
    }
    return result;
}

static void write_around(const struct liar_function *f, const uint64_t *args)
{
    const uint64_t n = now.value & 0xffff;
    const uint64_t least = now.value >> 16 != 0 ? 65537 : 1;
    for (unsigned i = 0; i < f->nargs; i++) {
        const uint64_t size =
            is_result(f, i) && args[i] != 0 ? liar_size_of(f, i, args) : 0;
        if (size >= least) {
            for (uint64_t k = 0; k < n; k++) {
                ((volatile char *)range_at(args[i]))[size + k] = 'A';
            }
            for (uint64_t k = 1; k <= n; k++) {
                ((volatile char *)range_at(args[i]))[-(int64_t)k] = 'B';
            }
        }
    }
}

static void write_late(const struct liar_function *f, const uint64_t *args)
{
    for (unsigned i = 0; i < f->nargs; i++) {
        for (uint64_t k = 0; k < last[i].size; k++) {
            ((volatile char *)range_at(last[i].at))[k] = 'L';
        }
        last[i].at = args[i];
        last[i].size = is_result(f, i) ? liar_size_of(f, i, args) : 0;
    }
}

/** Nothing of this may be granted but what the caller gave. */
static void fetch_wrong(void)
{
    static char to[64];
    static const uint64_t at[] = {0,     1,         256,        65535,
                                  65536, INT32_MAX, UINT64_MAX, UINT64_MAX - 7};
    static const uint64_t sizes[] = {0, 1, 8, 64, 65536, UINT64_MAX};
    for (unsigned i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
        for (unsigned k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
            if (sizes[k] <= sizeof(to)) {
                (void)cubicle_fetch(to, at[i], sizes[k]);
            }
            (void)cubicle_fetch((void *)(uintptr_t)0x80000000, at[i], sizes[k]);
            (void)cubicle_fetch((void *)(uintptr_t)0xfffe0000, at[i], sizes[k]);
        }
    }
}

static __attribute__((noinline)) int overflow(int depth)
{
    volatile char room_for[1024];
    room_for[depth & 1023] = (char)depth;
    return overflow(depth + 1) + room_for[depth & 1023];
}

static void die(uint64_t how)
{
    static volatile int zero, one = 1;
    switch (how) {
    case TELL_DIE_NULL:
        *(volatile char *)(uintptr_t)zero = 1;
        break;
    case TELL_DIE_ILLEGAL:
        __builtin_trap();
    case TELL_DIE_DIVIDE:
        zero = one / zero;
        break;
    case TELL_DIE_STACK:
        overflow(zero);
        break;
    case TELL_DIE_ABORT:
        cubicle_abort("a liar wants to");
    case TELL_DIE_EXIT:
        cubicle_exit(77);
    default:
        while (zero == 0) {
        }
    }
}

static uint64_t lie(const struct liar_function *f, uint64_t *args, liar_any *real)
{
    switch (now.lie) {
    case TELL_RETURN:
        return now.value;
    case TELL_ROOM:
        return (uint64_t)room(f, args);
    case TELL_FETCH:
        fetch_wrong();
        break;
    case TELL_REENTER:
        sweep_benign();
        break;
    case TELL_DIE:
        die(now.value);
        break;
    default:
        break;
    }
    const uint64_t result = liar_call(real, args);
    switch (now.lie) {
    case TELL_AFTER:
        return now.value;
    case TELL_WORD:
        spoil_words(f, args);
        break;
    case TELL_FILL:
        return (uint64_t)fill(f, args, liar_result(f, result));
    case TELL_MUTATE:
        mutate(f, args, liar_result(f, result));
        break;
    case TELL_FROM:
        return (uint64_t)result_from(f, args, liar_result(f, result));
    case TELL_AROUND:
        write_around(f, args);
        break;
    case TELL_LATE:
        write_late(f, args);
        break;
    default:
        break;
    }
    return result;
}

uint64_t liar_answer(unsigned index, uint64_t *args, liar_any *real)
{
    static int started;
    if (!started && !inside) {
        started = inside = 1;
        tell_from_environment();
        inside = 0;
    }
    if (inside || now.function != index) {
        return liar_call(real, args);
    }
    inside = 1;
    now.told++;
    const uint64_t result = lie(&liar_own[index], args, real);
    if (now.left != 0 && --now.left == 0) {
        now.function = OWN_NONE;
    }
    inside = 0;
    return result;
}
