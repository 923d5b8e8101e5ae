/*
 * The parser of interface descriptors: the invariants of descriptor.h, each by its
 * number, and every reject with its line and reason.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "call/descriptor.h"

#define PREAMBLE "cubicle-interface 1\nname t\nproviders one\nfingerprint "
#define ROLE "cubicle-interface 1\nname t\nproviders one\nrole %s\nfingerprint "
#define MANY "cubicle-interface 1\nname t\nproviders many\nfingerprint "

static struct descriptor parsed;
static struct descriptor_error error;

/* Puts the right fingerprint between @head and @tail. */
static char *seal(const char *head, const char *tail)
{
    char *text = NULL;

    assert_true(asprintf(&text, "%s0000000000000000\n%s", head, tail) > 0);
    uint64_t fingerprint = descriptor_fingerprint(text, strlen(text));
    snprintf(text + strlen(head), 17, "%016llx", (unsigned long long)fingerprint);
    text[strlen(head) + 16] = '\n';
    return text;
}

static void accept(const char *head, const char *tail)
{
    char *text = seal(head, tail);

    error.text[0] = '\0';
    int err = descriptor_parse("t.desc", text, strlen(text), &parsed, &error);
    if (err != 0) {
        print_error("%s\n", error.text);
    }
    free(text);
    assert_int_equal(err, 0);
}

/* @tail starts on line 5. */
static void reject_text(const char *text, size_t len, unsigned line, const char *reason)
{
    struct descriptor untouched;
    char expected[400];

    memset(&untouched, 0x5a, sizeof(untouched));
    const struct descriptor before = untouched;
    assert_int_equal(descriptor_parse("t.desc", text, len, &untouched, &error),
                     -EINVAL);
    snprintf(expected, sizeof(expected), "t.desc:%u: %s", line, reason);
    assert_string_equal(error.text, expected);
    assert_int_equal(error.line, line);
    assert_memory_equal(&untouched, &before, sizeof(before));
}

static void reject_head(const char *head, const char *tail, unsigned line,
                        const char *reason)
{
    char *text = seal(head, tail);

    reject_text(text, strlen(text), line, reason);
    free(text);
}

static void reject(const char *tail, unsigned line, const char *reason)
{
    reject_head(PREAMBLE, tail, line, reason);
}

static void reject_whole(const char *text, unsigned line, const char *reason)
{
    reject_text(text, strlen(text), line, reason);
}

static void test_every_record(void **state)
{
    (void)state;
    accept(MANY,
           "function f\nreturns i64\n"
           "arg fd i32\narg buf out arg 2 ret\narg count u64\narg who caller\n"
           "arg len inout const 4 or_null\narg addr out deref 4 4 or_null\n"
           "arg name string 4096\narg p opaque\narg q opaque or_null\n"
           "arg x f64\narg in in const 2147483647\narg io inout arg 2 ret or_null\n"
           "function g\nreturns void\nnoreturn\nfunction h\nreturns ptr\n"
           "arg p in const 4 on_demand or_null\nend\n");
    assert_string_equal(parsed.name, "t");
    assert_true(parsed.many);
    assert_int_equal(parsed.nfunctions, 3);

    const struct descriptor_function *f = &parsed.functions[0];
    const struct descriptor_arg want[] = {
        {.name = "fd", .type = DESCRIPTOR_I32},
        {.name = "buf",
         .type = DESCRIPTOR_PTR,
         .kind = DESCRIPTOR_OUT,
         .size_kind = DESCRIPTOR_SIZE_ARG,
         .size_value = 2,
         .ret = true},
        {.name = "count", .type = DESCRIPTOR_U64},
        {.name = "who", .type = DESCRIPTOR_I32, .kind = DESCRIPTOR_CALLER},
        {.name = "len",
         .type = DESCRIPTOR_PTR,
         .kind = DESCRIPTOR_INOUT,
         .size_kind = DESCRIPTOR_SIZE_CONST,
         .size_value = 4,
         .or_null = true},
        {.name = "addr",
         .type = DESCRIPTOR_PTR,
         .kind = DESCRIPTOR_OUT,
         .size_kind = DESCRIPTOR_SIZE_DEREF,
         .size_value = 4,
         .size_width = 4,
         .or_null = true},
        {.name = "name",
         .type = DESCRIPTOR_PTR,
         .kind = DESCRIPTOR_STRING,
         .size_value = 4096},
        {.name = "p", .type = DESCRIPTOR_PTR, .kind = DESCRIPTOR_OPAQUE},
        {.name = "q",
         .type = DESCRIPTOR_PTR,
         .kind = DESCRIPTOR_OPAQUE,
         .or_null = true},
        {.name = "x", .type = DESCRIPTOR_F64},
        {.name = "in",
         .type = DESCRIPTOR_PTR,
         .kind = DESCRIPTOR_IN,
         .size_kind = DESCRIPTOR_SIZE_CONST,
         .size_value = DESCRIPTOR_RANGE_MAX},
        {.name = "io",
         .type = DESCRIPTOR_PTR,
         .kind = DESCRIPTOR_INOUT,
         .size_kind = DESCRIPTOR_SIZE_ARG,
         .size_value = 2,
         .ret = true,
         .or_null = true},
    };
    assert_string_equal(f->name, "f");
    assert_int_equal(f->returns, DESCRIPTOR_I64);
    assert_false(f->noreturn);
    assert_int_equal(f->nargs, sizeof(want) / sizeof(want[0]));
    for (unsigned i = 0; i < f->nargs; i++) {
        assert_string_equal(f->args[i].name, want[i].name);
        assert_int_equal(f->args[i].type, want[i].type);
        assert_int_equal(f->args[i].kind, want[i].kind);
        assert_int_equal(f->args[i].size_kind, want[i].size_kind);
        assert_int_equal(f->args[i].size_value, want[i].size_value);
        assert_int_equal(f->args[i].size_width, want[i].size_width);
        assert_int_equal(f->args[i].ret, want[i].ret);
        assert_int_equal(f->args[i].on_demand, want[i].on_demand);
        assert_int_equal(f->args[i].or_null, want[i].or_null);
    }
    assert_true(parsed.functions[1].noreturn);
    assert_int_equal(parsed.functions[1].returns, DESCRIPTOR_VOID);
    assert_int_equal(parsed.functions[2].returns, DESCRIPTOR_PTR);
    assert_true(parsed.functions[2].args[0].on_demand);
    assert_true(parsed.functions[2].args[0].or_null);
    assert_int_equal(descriptor_find(&parsed, "g"), 1);
    assert_int_equal(descriptor_find(&parsed, "i"), -1);
    descriptor_free(&parsed);
    assert_null(parsed.functions);
}

static void test_types(void **state)
{
    static const struct {
        enum descriptor_type type;
        const char *name;
        size_t size;
        bool integer;
    } types[] = {
        {DESCRIPTOR_VOID, "void", 0, false}, {DESCRIPTOR_I8, "i8", 1, true},
        {DESCRIPTOR_U8, "u8", 1, true},      {DESCRIPTOR_I16, "i16", 2, true},
        {DESCRIPTOR_U16, "u16", 2, true},    {DESCRIPTOR_I32, "i32", 4, true},
        {DESCRIPTOR_U32, "u32", 4, true},    {DESCRIPTOR_I64, "i64", 8, true},
        {DESCRIPTOR_U64, "u64", 8, true},    {DESCRIPTOR_F64, "f64", 8, false},
        {DESCRIPTOR_PTR, "ptr", 8, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        char tail[80];

        snprintf(tail, sizeof(tail), "function f\nreturns %s\nend\n", types[i].name);
        accept(PREAMBLE, tail);
        assert_int_equal(parsed.functions[0].returns, types[i].type);
        assert_string_equal(descriptor_type_name(types[i].type), types[i].name);
        assert_int_equal(descriptor_type_size(types[i].type), types[i].size);
        assert_int_equal(descriptor_type_is_integer(types[i].type), types[i].integer);
        descriptor_free(&parsed);
    }
}

static void test_preamble(void **state)
{
    (void)state;
    reject_whole("", 1, "the file ends before its `end' line");
    reject_whole("cubicle-interface 1", 1, "the last line has no line end");
    reject_whole("module 1\n", 1, "`cubicle-interface' expected, found `module'");
    reject_whole("cubicle-interface 2\n", 1, "unknown format version `2'");
    reject_whole("cubicle-interface 1 x\n", 1, "unexpected `x' at the end of the line");
    reject_whole("cubicle-interface 1 \n", 1, "unexpected `' at the end of the line");
    reject_whole("cubicle-interface  1\n", 1, "unexpected `1' at the end of the line");
    reject_whole("cubicle-interface 1\r\n", 1, "byte 0x0d is not printable ASCII");
    reject_text("cubicle-interface 1\0\n", 21, 1, "byte 0x00 is not printable ASCII");
    reject_whole("cubicle-interface 1\n", 2, "the file ends before its `end' line");
    reject_whole("cubicle-interface 1\nproviders one\n", 2,
                 "`name' expected, found `providers'");
    reject_whole("cubicle-interface 1\nname ../x\n", 2, "bad interface name `../x'");
    reject_whole("cubicle-interface 1\nname 9\n", 2, "bad interface name `9'");
    reject_whole("cubicle-interface 1\nname\n", 2, "bad interface name `'");
    reject_whole("cubicle-interface 1\nname t\nproviders two\n", 3,
                 "providers is `one' or `many', not `two'");
    reject_whole(
        PREAMBLE "123456789abcdef\n", 4,
        "bad fingerprint `123456789abcdef': 16 lower-case hex digits expected");
    reject_whole(
        PREAMBLE "0123456789ABCDEF\n", 4,
        "bad fingerprint `0123456789ABCDEF': 16 lower-case hex digits expected");
}

/* 1. Names are identifiers of bounded length; function names are unique. */
static void test_names(void **state)
{
    char long_name[DESCRIPTOR_NAME_MAX + 2], tail[512], reason[300];

    (void)state;
    memset(long_name, 'x', sizeof(long_name) - 1);
    long_name[sizeof(long_name) - 1] = '\0';
    snprintf(tail, sizeof(tail), "function %s\nreturns void\nend\n", long_name);
    snprintf(reason, sizeof(reason), "bad function name `%.80s'", long_name);
    reject(tail, 5, reason);
    snprintf(tail, sizeof(tail), "function %s\nreturns void\narg %s i32\nend\n",
             long_name + 1, long_name + 1);
    accept(PREAMBLE, tail);
    descriptor_free(&parsed);
    snprintf(tail, sizeof(tail), "function f\nreturns void\narg %s i32\nend\n",
             long_name);
    snprintf(reason, sizeof(reason), "bad parameter name `%.80s'", long_name);
    reject(tail, 7, reason);
    reject("function f.x\nreturns void\nend\n", 5, "bad function name `f.x'");
    reject("function\nreturns void\nend\n", 5, "bad function name `'");
    reject("function f g\nreturns void\nend\n", 5,
           "unexpected `g' at the end of the line");
    reject("function f\nreturns void\nfunction g\nreturns void\nfunction f\nend\n", 9,
           "function f is there twice");
    reject("function f\nreturns void\narg  i32\nend\n", 7, "bad parameter name `'");
}

/* 2. Sizes. */
static void test_sizes(void **state)
{
    static const struct {
        const char *arg; /* after "arg p ", with `arg n i32', `arg d f64' following */
        unsigned line;
        const char *reason;
    } rows[] = {
        {"in const 0", 7, "bad constant size `0'"},
        {"in const 2147483648", 7, "bad constant size `2147483648'"},
        {"in const 18446744073709551617", 7,
         "bad constant size `18446744073709551617'"},
        {"in const 04", 7, "bad constant size `04'"},
        {"in const -1", 7, "bad constant size `-1'"},
        {"in const +1", 7, "bad constant size `+1'"},
        {"in const", 7, "bad constant size `'"},
        {"in", 7, "`const', `arg' or `deref' expected, found `'"},
        {"in size 4", 7, "`const', `arg' or `deref' expected, found `size'"},
        {"in arg", 7, "bad parameter index `'"},
        {"in arg 12", 7, "bad parameter index `12'"},
        {"in arg 11", 13, "f: the size of p is parameter 11 of 6"},
        {"in arg 6", 13, "f: the size of p is parameter 6 of 6"},
        {"in arg 0", 13, "f: the size of p is p, which is not an integer"},
        {"in arg 2", 13, "f: the size of p is d, which is not an integer"},
        {"in arg 3", 13, "f: the size of p is c, which is not an integer"},
        {"in deref 4", 7, "bad width `': 1, 2, 4 or 8 expected"},
        {"in deref 4 0", 7, "bad width `0': 1, 2, 4 or 8 expected"},
        {"in deref 4 3", 7, "bad width `3': 1, 2, 4 or 8 expected"},
        {"in deref 4 16", 7, "bad width `16': 1, 2, 4 or 8 expected"},
        {"in deref 4 4", 13,
         "f: the size of p is *l, which is not `in' or `inout' of 4 bytes"},
        {"in deref 1 4", 13,
         "f: the size of p is *n, which is not `in' or `inout' of 4 bytes"},
        {"in deref 0 8", 13,
         "f: the size of p is *p, which is not `in' or `inout' of 8 bytes"},
        {"in deref 5 8", 13,
         "f: the size of p is *o, which is not `in' or `inout' of 8 bytes"},
        {"string 0", 7, "bad string bound `0'"},
        {"string 65537", 7, "bad string bound `65537'"},
        {"string", 7, "bad string bound `'"},
    };
    char tail[300];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        snprintf(
            tail, sizeof(tail),
            "function f\nreturns i32\narg p %s\narg n i32\narg d f64\narg c caller\n"
            "arg l in const 8\narg o out const 8\nend\n",
            rows[i].arg);
        reject(tail, rows[i].line, rows[i].reason);
    }
    /* The size of the size is not looked up through a third range. */
    reject("function f\nreturns i32\narg p in deref 1 8\narg q in deref 2 8\n"
           "arg r in const 8\nend\n",
           10, "f: the size of p is *q, which is not `in' or `inout' of 8 bytes");
    reject(
        "function f\nreturns i32\narg p in deref 1 8\narg q inout const 8 ret\nend\n",
        9, "f: the size of p is *q, which is not `in' or `inout' of 8 bytes");
}

/* 3. `ret'. */
static void test_ret(void **state)
{
    (void)state;
    reject("function f\nreturns void\narg p out const 4 ret\nend\n", 8,
           "f: `ret' of p, but the function returns no integer");
    reject("function f\nreturns ptr\narg p inout const 4 ret\nend\n", 8,
           "f: `ret' of p, but the function returns no integer");
    reject("function f\nreturns f64\narg p out const 4 ret\nend\n", 8,
           "f: `ret' of p, but the function returns no integer");
    reject("function f\nreturns i32\nnoreturn\narg p out const 4 ret\nend\n", 9,
           "f: `ret' of p, but the function returns no integer");
    reject("function f\nreturns i32\narg p in const 4 ret\nend\n", 7,
           "unexpected `ret' after a pointer");
    reject("function f\nreturns i32\narg p out const 4 ret ret\nend\n", 7,
           "unexpected `ret' after a pointer");
    reject("function f\nreturns i32\narg p out const 4 or_null ret\nend\n", 7,
           "unexpected `ret' after a pointer");
    reject("function f\nreturns i32\narg p string 4 ret\nend\n", 7,
           "unexpected `ret' after a pointer");
    reject("function f\nreturns i32\narg p opaque or_null or_null\nend\n", 7,
           "unexpected `or_null' after a pointer");
    reject("function f\nreturns i32\narg p opaque \nend\n", 7,
           "unexpected `' after a pointer");
}

/* `on_demand': one `in' range, and not the size of another. */
static void test_on_demand(void **state)
{
    static const char *const kinds[] = {"out", "inout"};

    (void)state;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        char tail[80];
        snprintf(tail, sizeof(tail),
                 "function f\nreturns i32\narg p %s const 4 on_demand\nend\n",
                 kinds[i]);
        reject(tail, 7, "unexpected `on_demand' after a pointer");
    }
    reject("function f\nreturns i32\narg p string 4 on_demand\nend\n", 7,
           "unexpected `on_demand' after a pointer");
    reject("function f\nreturns i32\narg p in const 4 on_demand on_demand\nend\n", 7,
           "unexpected `on_demand' after a pointer");
    reject("function f\nreturns i32\narg p in const 4 or_null on_demand\nend\n", 7,
           "unexpected `on_demand' after a pointer");
    reject("function f\nreturns i32\narg p in const 4 on_demand\n"
           "arg q in const 4 on_demand\nend\n",
           9, "f: two parameters are on demand");
    reject("function f\nreturns i32\narg p in deref 1 4\n"
           "arg q in const 4 on_demand\nend\n",
           9, "f: the size of p is *q, which is not `in' or `inout' of 4 bytes");
}

/* 4. One caller, six ranges. */
static void test_counts(void **state)
{
    (void)state;
    reject("function f\nreturns i32\narg a caller\narg b caller\nend\n", 9,
           "f: two parameters are the caller's id");
    reject("function f\nreturns i32\narg a caller or_null\nend\n", 7,
           "unexpected `or_null' at the end of the line");
    reject("function f\nreturns i32\narg a in const 1\narg b out const 1\n"
           "arg c inout const 1\narg d in const 1\narg e in const 1\n"
           "arg f in const 1\narg s string 8\narg g in const 1\nend\n",
           15, "f: more than 6 ranges");
}

/* 5. The fingerprint. */
static void test_fingerprint(void **state)
{
    static const char good[] = "function f\nreturns i32\narg p in const 4\nend\n";
    char *text = seal(PREAMBLE, good);
    char reason[80];

    (void)state;
    uint64_t fingerprint = descriptor_fingerprint(text, strlen(text));
    snprintf(reason, sizeof(reason), "the fingerprint of this text is %016llx",
             (unsigned long long)fingerprint);
    text[strlen(PREAMBLE) + 15] ^= 1;
    reject_text(text, strlen(text), 4, reason);
    free(text);

    /* FNV-1a of nothing, and of "a" (the reference values of its authors). */
    assert_true(descriptor_fingerprint("", 0) == 0xcbf29ce484222325u);
    assert_true(descriptor_fingerprint("a", 1) == 0xaf63dc4c8601ec8cu);
    /* Parameters' names and the fingerprint itself do not count, the rest does. */
    assert_true(descriptor_fingerprint("arg a i32\n", 10) ==
                descriptor_fingerprint("arg bcd i32\n", 12));
    assert_true(descriptor_fingerprint("fingerprint 0\nend\n", 18) ==
                descriptor_fingerprint("fingerprint 12\nend\n", 19));
    assert_true(descriptor_fingerprint("arg a i32\n", 10) !=
                descriptor_fingerprint("arg a u32\n", 10));
    assert_true(descriptor_fingerprint("function a\n", 11) !=
                descriptor_fingerprint("function b\n", 11));
}

/* Invariant 6; and who may import a function is no matter of how it is called. */
static void test_boot_only(void **state)
{
    (void)state;
    accept(PREAMBLE,
           "function f\nreturns void\nnoreturn\nboot_only\nfunction g\n"
           "returns i32\nboot_only\narg a i32\nfunction h\nreturns i32\nend\n");
    assert_true(parsed.functions[0].noreturn && parsed.functions[0].boot_only);
    assert_true(parsed.functions[1].boot_only);
    assert_false(parsed.functions[2].boot_only);
    const uint64_t fingerprint = parsed.fingerprint;
    descriptor_free(&parsed);
    accept(PREAMBLE, "function f\nreturns void\nnoreturn\nfunction g\n"
                     "returns i32\narg a i32\nfunction h\nreturns i32\nend\n");
    assert_int_equal(parsed.fingerprint, fingerprint);
    descriptor_free(&parsed);

    char *text = seal(MANY, "function f\nreturns i32\nboot_only\nend\n");
    reject_text(text, strlen(text), 8,
                "f is for boot only, but of an interface of many");
    free(text);
}

/* Invariant 6; and who may provide the interface is no matter of how it is called. */
static void test_roles(void **state)
{
    static const struct {
        const char *key;
        enum descriptor_role role;
    } rows[] = {
        {"application", DESCRIPTOR_ROLE_APPLICATION},
        {"allocator", DESCRIPTOR_ROLE_ALLOCATOR},
        {"host", DESCRIPTOR_ROLE_HOST},
        {"boot", DESCRIPTOR_ROLE_BOOT},
    };
    static const char body[] = "function f\nreturns i32\nend\n";
    char head[120];

    (void)state;
    accept(PREAMBLE, body);
    assert_int_equal(parsed.role, DESCRIPTOR_ROLE_NONE);
    assert_null(descriptor_role_key(parsed.role));
    const uint64_t fingerprint = parsed.fingerprint;
    descriptor_free(&parsed);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        snprintf(head, sizeof(head), ROLE, rows[i].key);
        accept(head, body);
        assert_int_equal(parsed.role, rows[i].role);
        assert_string_equal(descriptor_role_key(parsed.role), rows[i].key);
        assert_int_equal(parsed.fingerprint, fingerprint);
        descriptor_free(&parsed);
    }
    reject_head("cubicle-interface 1\nname t\nproviders one\nrole king\nfingerprint ",
                body, 4, "unknown role `king'");
    reject_head("cubicle-interface 1\nname t\nproviders one\nrole\nfingerprint ", body,
                4, "unknown role `'");
    reject_head("cubicle-interface 1\nname t\nproviders one\nrole host x\nfingerprint ",
                body, 4, "unexpected `x' at the end of the line");
    reject_head("cubicle-interface 1\nname t\nproviders one\nrole host\nrole boot\n"
                "fingerprint ",
                body, 5, "`fingerprint' expected, found `role'");
    reject_head("cubicle-interface 1\nname t\nproviders many\nrole host\nfingerprint ",
                body, 4, "a role, but of an interface of many");
    reject_head("cubicle-interface 1\nname t\nrole host\nproviders one\nfingerprint ",
                body, 3, "`providers' expected, found `role'");
}

static void test_structure(void **state)
{
    (void)state;
    reject("end\n", 5, "an interface without functions");
    reject("functoin f\n", 5, "unexpected record `functoin'");
    reject("function f\nend\n", 6, "`returns' expected, found `end'");
    reject("function f\nreturns i128\nend\n", 6, "unknown return type `i128'");
    reject("function f\nreturns i32\nboot_only x\nend\n", 7,
           "unexpected `x' at the end of the line");
    reject("function f\nreturns i32\nboot_only\nnoreturn\nend\n", 8,
           "unexpected record `noreturn'");
    reject("function f\nreturns i32\nnoreturn x\nend\n", 7,
           "unexpected `x' at the end of the line");
    reject("function f\nreturns i32\narg a i32\nnoreturn\nend\n", 8,
           "unexpected record `noreturn'");
    reject("function f\nreturns i32\narg a void\nend\n", 7,
           "unknown kind of parameter `void'");
    reject("function f\nreturns i32\narg a ptr\nend\n", 7,
           "unknown kind of parameter `ptr'");
    reject("function f\nreturns i32\narg a\nend\n", 7, "unknown kind of parameter `'");
    reject("function f\nreturns i32\narg a f32\nend\n", 7,
           "unknown kind of parameter `f32'");
    reject("function f\nreturns i32\narg a i32 or_null\nend\n", 7,
           "unexpected `or_null' at the end of the line");
    reject("function f\nreturns i32\n", 7, "the file ends before its `end' line");
    reject("function f\nreturns i32\nend", 7, "the last line has no line end");
    reject("function f\nreturns i32\nend\n\n", 7, "something follows `end'");
    reject("function f\nreturns i32\nend \n", 7, "something follows `end'");
    reject("function f\nreturns i32\n\nend\n", 7, "unexpected record `'");
    reject("function f\nreturns i32\narg a i32\narg b i32\narg c i32\narg d i32\n"
           "arg e i32\narg f i32\narg g i32\narg h i32\narg i i32\narg j i32\n"
           "arg k i32\narg l i32\narg m i32\nend\n",
           19, "f has more than 12 parameters");
}

/* Appends @n functions to a preamble. */
static char *functions(unsigned n)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);

    assert_non_null(stream);
    for (unsigned i = 0; i < n; i++) {
        fprintf(stream, "function f%u\nreturns void\n", i);
    }
    fputs("end\n", stream);
    fclose(stream);
    return text;
}

static void test_limits(void **state)
{
    char *most = functions(DESCRIPTOR_FUNCTIONS_MAX);
    char *more = functions(DESCRIPTOR_FUNCTIONS_MAX + 1);
    char *huge = calloc(1, DESCRIPTOR_FILE_MAX + 1);

    (void)state;
    accept(PREAMBLE, most);
    assert_int_equal(parsed.nfunctions, DESCRIPTOR_FUNCTIONS_MAX);
    assert_int_equal(descriptor_find(&parsed, "f1023"), 1023);
    descriptor_free(&parsed);
    reject(more, 5 + 2 * DESCRIPTOR_FUNCTIONS_MAX, "more than 1024 functions");
    assert_non_null(huge);
    reject_text(huge, DESCRIPTOR_FILE_MAX + 1, 0, "larger than 1048576 bytes");
    free(most);
    free(more);
    free(huge);
}

/* Whatever its length, a descriptor that is cut off is refused. */
static void test_truncated(void **state)
{
    char *text = seal(MANY, "function f\nreturns i64\narg n u64\narg p out arg 0 ret\n"
                            "function g\nreturns void\nnoreturn\nend\n");

    (void)state;
    for (size_t len = 0; len < strlen(text); len++) {
        struct descriptor d;
        char *copy = malloc(len + 1); /* exact: a sanitizer sees one byte too many */

        assert_non_null(copy);
        memcpy(copy, text, len);
        assert_int_equal(descriptor_parse("t.desc", copy, len, &d, &error), -EINVAL);
        free(copy);
    }
    free(text);
}

static void test_read(void **state)
{
    char path[] = "/tmp/test_descriptor.XXXXXX";
    char *text = seal(PREAMBLE, "function f\nreturns void\nend\n");
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    assert_int_equal(descriptor_read(path, &parsed, &error), 0);
    assert_int_equal(parsed.nfunctions, 1);
    descriptor_free(&parsed);
    unlink(path);
    free(text);
    assert_int_equal(descriptor_read("/nonexistent/x.desc", &parsed, &error), -ENOENT);
    assert_string_equal(error.text, "/nonexistent/x.desc: No such file or directory");
    assert_int_equal(descriptor_read("/", &parsed, &error), -EISDIR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_record), cmocka_unit_test(test_types),
        cmocka_unit_test(test_preamble),     cmocka_unit_test(test_names),
        cmocka_unit_test(test_sizes),        cmocka_unit_test(test_ret),
        cmocka_unit_test(test_on_demand),    cmocka_unit_test(test_counts),
        cmocka_unit_test(test_fingerprint),  cmocka_unit_test(test_structure),
        cmocka_unit_test(test_boot_only),    cmocka_unit_test(test_roles),
        cmocka_unit_test(test_limits),       cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_read),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
