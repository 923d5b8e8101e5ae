/* What liars know of the functions of an interface: generate.py writes the tables. */
#ifndef LIAR_H
#define LIAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LIAR_ARGS 12

/** Any function, as the calling convention has it: what it does not declare it does not see. */
typedef uint64_t liar_any(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t,
                          uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t);

/* The kinds and sizes of monitor/call/descriptor.h. */
enum liar_kind {
    LIAR_VALUE,
    LIAR_CALLER,
    LIAR_OPAQUE,
    LIAR_STRING,
    LIAR_IN,
    LIAR_OUT,
    LIAR_INOUT,
};

enum liar_size { LIAR_SIZE_CONST, LIAR_SIZE_ARG, LIAR_SIZE_DEREF };

struct liar_arg {
    const char *name;
    uint8_t kind, size_kind;
    uint8_t width;      /* of a value, in bytes */
    uint8_t size_width; /* DEREF: of the integer */
    bool is_signed, ret, on_demand, or_null;
    uint32_t size; /* bytes, index of a parameter, or a string's bound */
};

struct liar_function {
    const char *interface, *name;
    liar_any *call; /* NULL: not to be called by its name */
    uint8_t nargs, result_width;
    bool result_signed, noreturn;
    struct liar_arg args[LIAR_ARGS];
};

/** An interface with several providers whose functions liar_imports has. */
struct liar_bind {
    const char *interface;
    uint64_t fingerprint;
    unsigned nfunctions;
};

/** Functions of the module itself; functions that it may call. */
extern struct liar_function liar_own[], liar_imports[];
extern struct liar_bind liar_binds[];
extern const unsigned liar_nown, liar_nimports, liar_nbinds;

static inline uint64_t liar_call(liar_any *call, const uint64_t *a)
{
    return call(a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8], a[9], a[10],
                a[11]);
}

static inline bool liar_is_range(const struct liar_arg *arg)
{
    return arg->kind >= LIAR_IN;
}

/** Bytes of range @i when the arguments are @args; of a negative size: a huge number. */
static inline uint64_t liar_size_of(const struct liar_function *f, unsigned i,
                                    const uint64_t *args)
{
    const struct liar_arg *arg = &f->args[i];
    if (arg->size_kind == LIAR_SIZE_ARG) {
        const struct liar_arg *size = &f->args[arg->size];
        const unsigned unused = 64 - 8u * size->width;
        const uint64_t value = args[arg->size] << unused;
        return size->is_signed ? (uint64_t)((int64_t)value >> unused) : value >> unused;
    }
    if (arg->size_kind == LIAR_SIZE_DEREF) {
        uint64_t size = 0;
        const void *at = (const void *)(uintptr_t)args[arg->size];
        if (at != NULL) {
            __builtin_memcpy(&size, at, arg->size_width);
        }
        return size;
    }
    return arg->size;
}

/** The result of @f as the integer that it is. */
static inline int64_t liar_result(const struct liar_function *f, uint64_t result)
{
    if (f->result_width == 0 || f->result_width == 8) {
        return (int64_t)result;
    }
    const unsigned unused = 64 - 8u * f->result_width;
    return f->result_signed ? (int64_t)(result << unused) >> unused
                            : (int64_t)(result << unused >> unused);
}

/** Random numbers that are the same everywhere (splitmix64). */
static inline uint64_t liar_random(uint64_t *seed)
{
    uint64_t z = *seed += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

#endif
