/*
 * The parser of interface descriptors on any bytes. What it accepts must keep the
 * invariants of descriptor.h. So that mutated text can be accepted at all, its
 * fingerprint is put right and it is parsed once more.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "call/descriptor.h"

#define REQUIRE(condition)                                                  \
    do {                                                                    \
        if (!(condition)) {                                                 \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
            abort();                                                        \
        }                                                                   \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_arg(const struct descriptor_function *f,
                      const struct descriptor_arg *arg)
{
    bool range = arg->kind == DESCRIPTOR_IN || arg->kind == DESCRIPTOR_OUT ||
                 arg->kind == DESCRIPTOR_INOUT;
    bool pointer =
        range || arg->kind == DESCRIPTOR_STRING || arg->kind == DESCRIPTOR_OPAQUE;

    REQUIRE(strlen(arg->name) >= 1 && strlen(arg->name) <= DESCRIPTOR_NAME_MAX);
    REQUIRE(pointer == (arg->type == DESCRIPTOR_PTR));
    REQUIRE(arg->type != DESCRIPTOR_VOID);
    REQUIRE(range == (arg->size_kind != DESCRIPTOR_SIZE_NONE));
    REQUIRE(!arg->or_null || pointer);
    REQUIRE(!arg->on_demand || arg->kind == DESCRIPTOR_IN);
    if (arg->kind == DESCRIPTOR_STRING) {
        REQUIRE(arg->size_value >= 1 && arg->size_value <= DESCRIPTOR_STRING_MAX);
    }
    if (arg->size_kind == DESCRIPTOR_SIZE_CONST) {
        REQUIRE(arg->size_value >= 1 && arg->size_value <= DESCRIPTOR_RANGE_MAX);
    } else if (range) {
        REQUIRE(arg->size_value < f->nargs);
        const struct descriptor_arg *by = &f->args[arg->size_value];
        if (arg->size_kind == DESCRIPTOR_SIZE_ARG) {
            REQUIRE(by->kind == DESCRIPTOR_VALUE);
            REQUIRE(descriptor_type_is_integer(by->type));
        } else {
            REQUIRE(by->kind == DESCRIPTOR_IN || by->kind == DESCRIPTOR_INOUT);
            REQUIRE(by->size_kind == DESCRIPTOR_SIZE_CONST);
            REQUIRE(by->size_value == arg->size_width);
        }
    }
    if (arg->ret) {
        REQUIRE(arg->kind == DESCRIPTOR_OUT || arg->kind == DESCRIPTOR_INOUT);
        REQUIRE(descriptor_type_is_integer(f->returns) && !f->noreturn);
    }
}

static void check(const struct descriptor *d, const char *text, size_t size)
{
    REQUIRE(d->fingerprint == descriptor_fingerprint(text, size));
    REQUIRE(d->nfunctions >= 1 && d->nfunctions <= DESCRIPTOR_FUNCTIONS_MAX);
    for (size_t i = 0; i < d->nfunctions; i++) {
        const struct descriptor_function *f = &d->functions[i];
        unsigned ncallers = 0, nranges = 0;

        REQUIRE(descriptor_find(d, f->name) == (int)i);
        REQUIRE(f->nargs <= DESCRIPTOR_ARGS_MAX);
        for (unsigned k = 0; k < f->nargs; k++) {
            check_arg(f, &f->args[k]);
            ncallers += f->args[k].kind == DESCRIPTOR_CALLER;
            nranges += f->args[k].size_kind != DESCRIPTOR_SIZE_NONE;
        }
        REQUIRE(ncallers <= 1 && nranges <= DESCRIPTOR_RANGES_MAX);
    }
}

static void parse(const char *text, size_t size)
{
    struct descriptor d;
    struct descriptor_error error;

    if (descriptor_parse("fuzz", text, size, &d, &error) == 0) {
        check(&d, text, size);
        descriptor_free(&d);
    } else {
        REQUIRE(strlen(error.text) < sizeof(error.text));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char key[] = "\nfingerprint ";
    char *text = malloc(size + 1);

    if (text == NULL) {
        return 0;
    }
    memcpy(text, data, size);
    text[size] = '\0';
    parse(text, size);
    char *line = memmem(text, size, key, strlen(key));
    if (line != NULL && size - (size_t)(line - text) > strlen(key) + 16) {
        char digits[17];
        snprintf(digits, sizeof(digits), "%016llx",
                 (unsigned long long)descriptor_fingerprint(text, size));
        memcpy(line + strlen(key), digits, 16);
        parse(text, size);
    }
    free(text);
    return 0;
}
