#include "attempt.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <victim.h>

#define PAGE ((uint64_t)4096)
#define MIB (UINT64_C(1) << 20)
#define SPACE (UINT64_C(1) << 32)
#define AROUND 256u /* bytes looked at on both sides of a range, at once */
#define MONITOR_MAX 65536u

/* The heap: 2 MiB, a page without access, 1.25 MiB, 64 KiB that can only be read. */
#define WALL (2 * MIB)
#define READ_ONLY (WALL + PAGE + MIB + MIB / 4)
#define HEAP (READ_ONLY + 16 * PAGE)
#define STACK (MIB + MIB / 4)
#define SHADOW 1024u /* bytes of the frames above */

char attempt_complaint[512];

static const char constants[2 * PAGE] = {1};
static char *heap, *heap_golden;
static char *stack, *stack_golden;
static const char *frames;
static char shadow[SHADOW];
static uint64_t victim[VICTIM_TLS + 1];

/* What earlier calls have told: descriptors, numbers of nodes, cookies, addresses. */
static uint64_t pool[32];
static unsigned pooled;

static const uint64_t sizes[] = {0,           1,
                                 16,          200,
                                 4095,        4096,
                                 4097,        MONITOR_MAX - 1,
                                 MONITOR_MAX, MONITOR_MAX + 1,
                                 MIB,         INT32_MAX,
                                 0x80000000u, SPACE,
                                 INT64_MAX,   UINT64_C(1) << 63,
                                 UINT64_MAX};
static const uint64_t integers[] = {0,
                                    1,
                                    3,
                                    2,
                                    7,
                                    64,
                                    0100 | 2, /* O_CREAT | O_RDWR */
                                    4096,
                                    0100644,
                                    040755,
                                    (uint64_t)AT_FDCWD,
                                    1023,
                                    65536,
                                    INT32_MAX,
                                    0x80000000u,
                                    SPACE + 3,
                                    INT64_MAX,
                                    UINT64_C(1) << 63,
                                    UINT64_MAX};
static const uint64_t moments[] = {0, 1};

#define COUNT(array) (unsigned)(sizeof(array) / sizeof(array)[0])

/* ---- places ---- */

enum place {
    PLACE_HEAP,
    PLACE_HEAP_END,
    PLACE_STACK,
    PLACE_STACK_END,
    PLACE_HIGH, /* the upper half of a pointer means nothing */
    PLACE_CONSTANT,
    PLACE_INTO_READ_ONLY,
    PLACE_INTO_WALL,
    PLACE_CODE,
    PLACE_NULL,
    PLACE_GUARD,
    PLACE_GUARD_END,
    PLACE_FIRST,
    PLACE_DEMAND,
    PLACE_LAST_PAGE,
    PLACE_LAST_BYTE,
    PLACE_VICTIM_HEAP,
    PLACE_VICTIM_STACK,
    PLACE_VICTIM_DATA,
    PLACE_VICTIM_RODATA,
    PLACE_COUNT
};
#define FIRST_FOREIGN PLACE_CODE

struct range {
    uint64_t base, size;
    bool readable, writable;
};

static uint64_t place_base(enum place place, uint64_t size)
{
    const uint64_t at = (uintptr_t)heap, on = (uintptr_t)stack;
    switch (place) {
    case PLACE_HEAP:
        return at + PAGE + 24;
    case PLACE_HEAP_END:
        return at + WALL - size;
    case PLACE_STACK:
        return on + AROUND;
    case PLACE_STACK_END:
        return on + STACK - AROUND - size;
    case PLACE_HIGH:
        return (at + 5 * PAGE - 8) | UINT64_C(0x7ff1) << 32;
    case PLACE_CONSTANT:
        return (uintptr_t)constants;
    case PLACE_INTO_READ_ONLY:
        return at + READ_ONLY - size + (size > 0);
    case PLACE_INTO_WALL:
        return at + WALL - size + 1;
    case PLACE_CODE:
        return (uintptr_t)attempt_run;
    case PLACE_NULL:
        return 0;
    case PLACE_GUARD:
        return PAGE;
    case PLACE_GUARD_END:
        return 0xffff;
    case PLACE_FIRST:
        return 0x10000;
    case PLACE_DEMAND:
        return 0xfffe0000;
    case PLACE_LAST_PAGE:
        return 0xfffff000;
    case PLACE_LAST_BYTE:
        return 0xffffffff;
    default:
        return victim[place - PLACE_VICTIM_HEAP];
    }
}

static struct range place_range(enum place place, uint64_t size)
{
    const bool fits = size <= MIB;
    const struct range range = {
        .base = place_base(place, fits ? size : 0),
        .size = size,
        .readable = fits && (place < PLACE_CONSTANT || place == PLACE_INTO_READ_ONLY ||
                             (place == PLACE_CONSTANT && size <= sizeof(constants))),
        .writable = fits && place < PLACE_CONSTANT,
    };
    return range;
}

/* ---- strings: so many good ones, one without end, and the foreign places ---- */

static const char *const texts[] = {
    "/", "/liar-file", "", ".", "/liar-dir", "/liar-dir/../x", "name", "ramfs", "LONG"};
#define STRING_ENDLESS COUNT(texts)
#define STRING_INTO_WALL (STRING_ENDLESS + 1)
#define STRING_FOREIGN (STRING_INTO_WALL + 1)
#define STRING_COUNT (STRING_FOREIGN + PLACE_COUNT - FIRST_FOREIGN)

static uint64_t string_base(unsigned choice)
{
    static char buffers[COUNT(texts)][400];
    if (choice == STRING_ENDLESS) {
        return (uintptr_t)heap + PAGE;
    }
    if (choice == STRING_INTO_WALL) {
        return (uintptr_t)heap + WALL - 5;
    }
    if (choice >= STRING_FOREIGN) {
        return place_base((enum place)(choice - STRING_FOREIGN + FIRST_FOREIGN), 1);
    }
    if (strcmp(texts[choice], "LONG") == 0) {
        memset(buffers[choice], 'n', 300);
    } else {
        strcpy(buffers[choice], texts[choice]);
    }
    return (uintptr_t)buffers[choice];
}

/* ---- values ---- */

bool attempt_is_size(const struct liar_function *f, unsigned i)
{
    for (unsigned k = 0; k < f->nargs; k++) {
        if (liar_is_range(&f->args[k]) && f->args[k].size_kind == LIAR_SIZE_ARG &&
            f->args[k].size == i) {
            return true;
        }
    }
    return false;
}

/* A wait is not an attack: it would only last. */
static bool is_moment(const struct liar_arg *arg)
{
    return strncmp(arg->name, "timeout", 7) == 0 ||
           strncmp(arg->name, "duration", 8) == 0;
}

unsigned attempt_choices(const struct liar_function *f, unsigned i)
{
    const struct liar_arg *arg = &f->args[i];
    switch (arg->kind) {
    case LIAR_VALUE:
        return is_moment(arg) ? COUNT(moments)
               : attempt_is_size(f, i) || strcmp(arg->name, "size") == 0 ||
                       strcmp(arg->name, "len") == 0
                   ? COUNT(sizes)
                   : COUNT(integers) + pooled;
    case LIAR_CALLER:
        return 2;
    case LIAR_OPAQUE:
        return PLACE_COUNT - FIRST_FOREIGN;
    case LIAR_STRING:
        return STRING_COUNT;
    default:
        return PLACE_COUNT;
    }
}

static uint64_t value_of(const struct liar_function *f, unsigned i, unsigned choice)
{
    const struct liar_arg *arg = &f->args[i];
    if (arg->kind == LIAR_CALLER) {
        return choice * 255;
    }
    if (arg->kind == LIAR_OPAQUE) {
        return place_base((enum place)(choice + FIRST_FOREIGN), 1);
    }
    if (arg->kind == LIAR_STRING) {
        return string_base(choice);
    }
    if (is_moment(arg)) {
        return moments[choice];
    }
    if (attempt_choices(f, i) == COUNT(sizes)) {
        return sizes[choice];
    }
    return choice < COUNT(integers) ? integers[choice] : pool[choice - COUNT(integers)];
}

/* ---- the call ---- */

struct call {
    const struct liar_function *f;
    uint64_t args[LIAR_ARGS];
    struct range ranges[LIAR_ARGS];
    bool planted[LIAR_ARGS]; /* a size was written there */
    bool bad, bad_string,
        large; /* a range is not the caller's; has no end; is too large for the monitor */
    int64_t result;
};

/* A size behind pointer @i: the one of number @choice where the caller can write it there, else what
 * its memory says. */
static uint64_t size_behind(struct call *call, unsigned i, unsigned choice)
{
    const struct range *at = &call->ranges[i];
    uint64_t size = sizes[choice % COUNT(sizes)];
    if (at->writable && at->size <= sizeof(size)) {
        memcpy((void *)(uintptr_t)(uint32_t)at->base, &size, at->size);
        call->planted[i] = true;
    }
    size = UINT64_MAX;
    if (at->readable && at->size <= sizeof(size)) {
        size = 0;
        memcpy(&size, (const void *)(uintptr_t)(uint32_t)at->base, at->size);
    }
    return size;
}

static void resolve_range(struct call *call, unsigned i, unsigned choice)
{
    const struct liar_arg *arg = &call->f->args[i];
    const uint64_t size = arg->size_kind == LIAR_SIZE_DEREF
                              ? size_behind(call, arg->size, choice)
                              : liar_size_of(call->f, i, call->args);
    struct range *range = &call->ranges[i];
    *range = place_range((enum place)choice, size);
    call->args[i] = range->base;
    const bool granted = arg->kind == LIAR_IN ? range->readable : range->writable;
    if (size != 0 && !granted && !(arg->or_null && range->base == 0)) {
        call->bad = true;
    }
    call->large |= size > MONITOR_MAX;
}

static void resolve(struct call *call, const struct attempt *attempt)
{
    const struct liar_function *f = attempt->f;
    *call = (struct call){.f = f};
    for (unsigned i = 0; i < f->nargs; i++) {
        if (!liar_is_range(&f->args[i])) {
            call->args[i] = value_of(f, i, attempt->choice[i]);
        }
        if (f->args[i].kind == LIAR_STRING) {
            const unsigned choice = attempt->choice[i];
            const bool null = f->args[i].or_null && call->args[i] == 0;
            const bool too_long =
                choice == STRING_ENDLESS ||
                (choice < STRING_ENDLESS &&
                 strlen((const char *)(uintptr_t)call->args[i]) >= f->args[i].size);
            call->bad_string |= too_long;
            call->bad |= too_long || (choice > STRING_ENDLESS && !null);
        }
    }
    for (unsigned late = 0; late < 2; late++) {
        for (unsigned i = 0; i < f->nargs; i++) {
            if (liar_is_range(&f->args[i]) &&
                (f->args[i].size_kind == LIAR_SIZE_DEREF) == late) {
                resolve_range(call, i, attempt->choice[i]);
            }
        }
    }
}

static bool complain(const struct call *call, const char *what)
{
    const uint64_t *a = call->args;
    snprintf(attempt_complaint, sizeof(attempt_complaint),
             "%s(%#lx, %#lx, %#lx, %#lx, %#lx, %#lx) = %ld: %s", call->f->name, a[0],
             a[1], a[2], a[3], a[4], a[5], (long)call->result, what);
    return false;
}

/** 1 and 2 of attempt.h. */
static bool result_good(const struct call *call)
{
    const struct liar_function *f = call->f;
    const int64_t result = call->result;
    const bool monitor =
        strcmp(f->interface, "cubicle") == 0 || strncmp(f->interface, "host", 4) == 0;
    if (!f->result_signed) {
        return true;
    }
    if (result < -4095) {
        return complain(call, "not an errno");
    }
    if (call->bad && result != -EFAULT && result != -ENOBUFS && result != -EOWNERDEAD &&
        !(call->bad_string && result == -ENAMETOOLONG) &&
        !(monitor && call->large && result == -E2BIG)) {
        return complain(call, "a bad range was accepted");
    }
    for (unsigned i = 0; i < f->nargs; i++) {
        if (f->args[i].ret && result > 0 && (uint64_t)result > call->ranges[i].size) {
            return complain(call, "more bytes than there is room for");
        }
    }
    return true;
}

/** Bytes of range @i that the call may have changed. */
static uint64_t changed_of(const struct call *call, unsigned i)
{
    const struct liar_arg *arg = &call->f->args[i];
    const bool failed = call->f->result_signed && call->result < 0;
    if (arg->kind == LIAR_IN || (failed && arg->kind == LIAR_OUT) ||
        !call->ranges[i].writable) {
        return 0;
    }
    return arg->ret ? failed ? 0 : (uint64_t)call->result : call->ranges[i].size;
}

/** Puts the allowed changes of @call back, as far as they lie in [@memory, @memory + @size). */
static void put_back(const struct call *call, char *memory, const char *golden,
                     uint64_t size)
{
    for (unsigned i = 0; i < call->f->nargs; i++) {
        const uint64_t at =
            (uint32_t)call->ranges[i].base - (uint64_t)(uintptr_t)memory;
        const uint64_t changed =
            call->planted[i] ? call->ranges[i].size : changed_of(call, i);
        if (liar_is_range(&call->f->args[i]) && changed > 0 && at < size) {
            if (changed <= 1024) {
                for (uint64_t k = 0; k + 8 <= changed; k += 8) {
                    uint64_t word;
                    memcpy(&word, memory + at + k, sizeof(word));
                    if (word != 0) {
                        pool[pooled < COUNT(pool) ? pooled++ : word % COUNT(pool)] =
                            word;
                    }
                }
            }
            memcpy(memory + at, golden + at, changed);
        }
    }
}

static bool around_intact(const struct call *call, const char *memory,
                          const char *golden, uint64_t size)
{
    for (unsigned i = 0; i < call->f->nargs; i++) {
        const uint64_t at =
            (uint32_t)call->ranges[i].base - (uint64_t)(uintptr_t)memory;
        if (!liar_is_range(&call->f->args[i]) || at >= size ||
            call->ranges[i].size > MIB) {
            continue;
        }
        const uint64_t start = at < AROUND ? 0 : at - AROUND;
        uint64_t end = at + call->ranges[i].size + AROUND;
        end = end < size ? end : size;
        if (memory == heap && start < WALL + PAGE && end > WALL) {
            end = WALL;
        }
        if (end > start && memcmp(memory + start, golden + start, end - start) != 0) {
            return complain(call, "a byte changed that is no result");
        }
    }
    return true;
}

/** 3 and 4. */
static bool memory_good(const struct call *call)
{
    put_back(call, heap, heap_golden, HEAP);
    put_back(call, stack, stack_golden, STACK);
    if (!around_intact(call, heap, heap_golden, HEAP) ||
        !around_intact(call, stack, stack_golden, STACK)) {
        return false;
    }
    if (memcmp(frames, shadow, SHADOW) != 0) {
        return complain(call, "a frame of the caller changed");
    }
    return victim_intact() == 1 || complain(call, "the victim has changed");
}

bool attempt_run(const struct attempt *attempt)
{
    struct call call;
    resolve(&call, attempt);
    call.result = liar_result(call.f, liar_call(call.f->call, call.args));
    if (call.result > 0) {
        pool[pooled < COUNT(pool) ? pooled++ : (uint64_t)call.result % COUNT(pool)] =
            (uint64_t)call.result;
    }
    const bool good = result_good(&call);
    return memory_good(&call) && good;
}

bool attempt_all_intact(void)
{
    return memcmp(heap, heap_golden, WALL) == 0 &&
           memcmp(heap + WALL + PAGE, heap_golden + WALL + PAGE, HEAP - WALL - PAGE) ==
               0 &&
           memcmp(stack, stack_golden, STACK) == 0;
}

static void *pages(uint64_t size)
{
    char *at =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) {
        exit(98);
    }
    uint64_t seed = size;
    for (uint64_t i = 0; i < size; i += 8) {
        const uint64_t word =
            liar_random(&seed) | UINT64_C(0x0101010101010101); /* no NUL */
        memcpy(at + i, &word, sizeof(word));
    }
    return at;
}

void attempt_prepare(void)
{
    heap_golden = pages(HEAP);
    heap = pages(HEAP);
    stack_golden = pages(STACK);
    for (int what = VICTIM_HEAP; what <= VICTIM_TLS; what++) {
        victim[what] = victim_address(what);
    }
    mprotect(heap + WALL, PAGE, PROT_NONE);
    mprotect(heap + READ_ONLY, HEAP - READ_ONLY, PROT_READ);
}

__attribute__((noinline)) void attempt_on_stack(void (*body)(void))
{
    char area[STACK];
    memcpy(area, stack_golden, STACK);
    stack = area;
    frames = __builtin_frame_address(0); /* our return address, and our callers' */
    memcpy(shadow, frames, SHADOW);
    body();
    asm volatile("" : : "r"(area) : "memory");
}
