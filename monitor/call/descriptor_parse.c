/*
 * The strict parser of interface descriptors: a cursor over lines, a cursor over words,
 * one function per record. No recursion; every count and length is bounded before use.
 */
#include "descriptor.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct parser {
    const char *file;
    struct descriptor *descriptor;
    struct descriptor_error *error;
    char *next; /* first byte of the next line */
    char *end;  /* one past the last byte of the text, which is a NUL */
    unsigned line;
    char *word; /* rest of the current line; NULL when it is used up */
    size_t capacity;
};

__attribute__((format(printf, 2, 3))) static int refuse(struct parser *p,
                                                        const char *format, ...)
{
    va_list args;
    char reason[256];

    va_start(args, format);
    vsnprintf(reason, sizeof(reason), format, args);
    va_end(args);
    p->error->line = p->line;
    snprintf(p->error->text, sizeof(p->error->text), "%.100s:%u: %s", p->file, p->line,
             reason);
    return -EINVAL;
}

/* Steps to the next line and makes it a string. */
static int next_line(struct parser *p)
{
    p->line++;
    if (p->next == p->end) {
        return refuse(p, "the file ends before its `end' line");
    }
    char *newline = memchr(p->next, '\n', (size_t)(p->end - p->next));
    if (newline == NULL) {
        return refuse(p, "the last line has no line end");
    }
    *newline = '\0';
    p->word = p->next;
    p->next = newline + 1;
    for (const char *s = p->word; s < newline; s++) {
        if (*s < 0x20 || *s > 0x7e) {
            return refuse(p, "byte 0x%02x is not printable ASCII", (unsigned char)*s);
        }
    }
    return 0;
}

/* Returns the next word of the line, "" where there is none. Two spaces in a row, or
 * one at the end, make an empty word, which no record accepts. */
static const char *next_word(struct parser *p)
{
    char *word = p->word;

    if (word == NULL) {
        return "";
    }
    p->word = strchr(word, ' ');
    if (p->word != NULL) {
        *p->word++ = '\0';
    }
    return word;
}

static int expect_end_of_line(struct parser *p)
{
    if (p->word != NULL) {
        return refuse(p, "unexpected `%.40s' at the end of the line", p->word);
    }
    return 0;
}

/* Invariant 1. */
static bool is_identifier(const char *s, size_t max)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
    size_t len = strlen(s);

    return len > 0 && len <= max && !(*s >= '0' && *s <= '9') &&
           strspn(s, letters) == len;
}

/* A decimal number without sign or leading zeros. */
static bool parse_number(const char *s, uint64_t max, uint64_t *value)
{
    uint64_t n = 0;

    if (*s == '\0' || (s[0] == '0' && s[1] != '\0')) {
        return false;
    }
    for (; *s != '\0'; s++) {
        if (*s < '0' || *s > '9') {
            return false;
        }
        n = n * 10 + (uint64_t)(*s - '0');
        if (n > max) {
            return false;
        }
    }
    *value = n;
    return true;
}

static bool parse_type(const char *word, enum descriptor_type *type)
{
    for (int i = DESCRIPTOR_VOID; i <= DESCRIPTOR_PTR; i++) {
        if (strcmp(word, descriptor_type_name((enum descriptor_type)i)) == 0) {
            *type = (enum descriptor_type)i;
            return true;
        }
    }
    return false;
}

/* "KEY VALUE" of the header; *value receives the second word. */
static int parse_header(struct parser *p, const char *key, const char **value)
{
    int err = next_line(p);
    if (err != 0) {
        return err;
    }
    const char *word = next_word(p);
    if (strcmp(word, key) != 0) {
        return refuse(p, "`%s' expected, found `%.40s'", key, word);
    }
    *value = next_word(p);
    return expect_end_of_line(p);
}

static int parse_fingerprint(struct parser *p, const char *word)
{
    uint64_t value = 0;

    if (strlen(word) != 16 || strspn(word, "0123456789abcdef") != 16) {
        return refuse(p, "bad fingerprint `%.40s': 16 lower-case hex digits expected",
                      word);
    }
    for (; *word != '\0'; word++) {
        unsigned digit = *word <= '9' ? *word - '0' : *word - 'a' + 10;
        value = value << 4 | digit;
    }
    p->descriptor->fingerprint = value;
    return 0;
}

static int parse_preamble(struct parser *p)
{
    struct descriptor *d = p->descriptor;
    const char *value = "";

    int err = parse_header(p, "cubicle-interface", &value);
    if (err == 0 && strcmp(value, "1") != 0) {
        err = refuse(p, "unknown format version `%.40s'", value);
    }
    if (err == 0) {
        err = parse_header(p, "name", &value);
    }
    if (err == 0) {
        d->name = value;
        if (!is_identifier(value, DESCRIPTOR_INTERFACE_MAX)) {
            err = refuse(p, "bad interface name `%.80s'", value);
        }
    }
    if (err == 0) {
        err = parse_header(p, "providers", &value);
    }
    if (err == 0) {
        d->many = strcmp(value, "many") == 0;
        if (!d->many && strcmp(value, "one") != 0) {
            err = refuse(p, "providers is `one' or `many', not `%.40s'", value);
        }
    }
    if (err == 0) {
        err = parse_header(p, "fingerprint", &value);
    }
    return err != 0 ? err : parse_fingerprint(p, value);
}

/* SIZE: `const N`, `arg K` or `deref K W`; what K names is checked when all parameters
 * are known. */
static int parse_size(struct parser *p, struct descriptor_arg *arg)
{
    const char *kind = next_word(p);
    const char *word = next_word(p);
    uint64_t value;

    if (strcmp(kind, "const") == 0) {
        arg->size_kind = DESCRIPTOR_SIZE_CONST;
        if (!parse_number(word, DESCRIPTOR_RANGE_MAX, &value) || value == 0) {
            return refuse(p, "bad constant size `%.40s'", word);
        }
    } else if (strcmp(kind, "arg") == 0 || strcmp(kind, "deref") == 0) {
        arg->size_kind = *kind == 'a' ? DESCRIPTOR_SIZE_ARG : DESCRIPTOR_SIZE_DEREF;
        if (!parse_number(word, DESCRIPTOR_ARGS_MAX - 1, &value)) {
            return refuse(p, "bad parameter index `%.40s'", word);
        }
    } else {
        return refuse(p, "`const', `arg' or `deref' expected, found `%.40s'", kind);
    }
    arg->size_value = (uint32_t)value;
    if (arg->size_kind == DESCRIPTOR_SIZE_DEREF) {
        word = next_word(p);
        if (!parse_number(word, 8, &value) || value == 0 ||
            (value & (value - 1)) != 0) {
            return refuse(p, "bad width `%.40s': 1, 2, 4 or 8 expected", word);
        }
        arg->size_width = (uint8_t)value;
    }
    return 0;
}

static int parse_string(struct parser *p, struct descriptor_arg *arg)
{
    const char *word = next_word(p);
    uint64_t value;

    if (!parse_number(word, DESCRIPTOR_STRING_MAX, &value) || value == 0) {
        return refuse(p, "bad string bound `%.40s'", word);
    }
    arg->size_value = (uint32_t)value;
    return 0;
}

/* The words after a pointer's size: [ret] [on_demand] [or_null]. */
static int parse_flags(struct parser *p, struct descriptor_arg *arg)
{
    bool copies_out = arg->kind == DESCRIPTOR_OUT || arg->kind == DESCRIPTOR_INOUT;

    while (p->word != NULL) {
        const char *word = next_word(p);
        if (strcmp(word, "ret") == 0 && copies_out && !arg->ret && !arg->or_null) {
            arg->ret = true;
        } else if (strcmp(word, "on_demand") == 0 && arg->kind == DESCRIPTOR_IN &&
                   !arg->on_demand && !arg->or_null) {
            arg->on_demand = true;
        } else if (strcmp(word, "or_null") == 0 && !arg->or_null) {
            arg->or_null = true;
        } else {
            return refuse(p, "unexpected `%.40s' after a pointer", word);
        }
    }
    return 0;
}

/* The records of pointers and of the caller's id; other words are integer types. */
static const struct {
    const char *word;
    enum descriptor_kind kind;
    int (*parse)(struct parser *p, struct descriptor_arg *arg);
} kind_table[] = {
    {"in", DESCRIPTOR_IN, parse_size},
    {"out", DESCRIPTOR_OUT, parse_size},
    {"inout", DESCRIPTOR_INOUT, parse_size},
    {"string", DESCRIPTOR_STRING, parse_string},
    {"opaque", DESCRIPTOR_OPAQUE, NULL},
    {"caller", DESCRIPTOR_CALLER, NULL},
};

static int parse_arg_kind(struct parser *p, struct descriptor_arg *arg)
{
    const char *word = next_word(p);

    for (size_t i = 0; i < sizeof(kind_table) / sizeof(kind_table[0]); i++) {
        if (strcmp(word, kind_table[i].word) != 0) {
            continue;
        }
        arg->kind = kind_table[i].kind;
        if (arg->kind == DESCRIPTOR_CALLER) {
            arg->type = DESCRIPTOR_I32;
            return 0;
        }
        arg->type = DESCRIPTOR_PTR;
        int err = kind_table[i].parse != NULL ? kind_table[i].parse(p, arg) : 0;
        return err != 0 ? err : parse_flags(p, arg);
    }
    arg->kind = DESCRIPTOR_VALUE;
    if (!parse_type(word, &arg->type) || arg->type == DESCRIPTOR_VOID ||
        arg->type == DESCRIPTOR_PTR) {
        return refuse(p, "unknown kind of parameter `%.40s'", word);
    }
    return 0;
}

static int parse_arg(struct parser *p, struct descriptor_function *function)
{
    if (function->nargs == DESCRIPTOR_ARGS_MAX) {
        return refuse(p, "%s has more than %d parameters", function->name,
                      DESCRIPTOR_ARGS_MAX);
    }
    struct descriptor_arg *arg = &function->args[function->nargs++];

    arg->name = next_word(p);
    if (!is_identifier(arg->name, DESCRIPTOR_NAME_MAX)) {
        return refuse(p, "bad parameter name `%.80s'", arg->name);
    }
    int err = parse_arg_kind(p, arg);
    return err != 0 ? err : expect_end_of_line(p);
}

/* Invariant 2. */
static int check_size(struct parser *p, const struct descriptor_function *function,
                      const struct descriptor_arg *arg)
{
    if (arg->size_kind == DESCRIPTOR_SIZE_NONE ||
        arg->size_kind == DESCRIPTOR_SIZE_CONST) {
        return 0;
    }
    if (arg->size_value >= function->nargs) {
        return refuse(p, "%s: the size of %s is parameter %u of %u", function->name,
                      arg->name, arg->size_value, function->nargs);
    }
    const struct descriptor_arg *size = &function->args[arg->size_value];

    if (arg->size_kind == DESCRIPTOR_SIZE_ARG) {
        if (size->kind != DESCRIPTOR_VALUE || !descriptor_type_is_integer(size->type)) {
            return refuse(p, "%s: the size of %s is %s, which is not an integer",
                          function->name, arg->name, size->name);
        }
    } else if ((size->kind != DESCRIPTOR_IN && size->kind != DESCRIPTOR_INOUT) ||
               size->ret || size->on_demand ||
               size->size_kind != DESCRIPTOR_SIZE_CONST ||
               size->size_value != arg->size_width) {
        return refuse(p,
                      "%s: the size of %s is *%s, which is not `in' or `inout' of "
                      "%u bytes",
                      function->name, arg->name, size->name, arg->size_width);
    }
    return 0;
}

/* Invariants 2 to 4, when a function is complete. */
static int check_function(struct parser *p, const struct descriptor_function *function)
{
    unsigned ncallers = 0, nranges = 0, ndemanded = 0;

    for (unsigned i = 0; i < function->nargs; i++) {
        const struct descriptor_arg *arg = &function->args[i];
        int err = check_size(p, function, arg);
        if (err != 0) {
            return err;
        }
        if (arg->ret &&
            (!descriptor_type_is_integer(function->returns) || function->noreturn)) {
            return refuse(p, "%s: `ret' of %s, but the function returns no integer",
                          function->name, arg->name);
        }
        ncallers += arg->kind == DESCRIPTOR_CALLER;
        nranges += arg->size_kind != DESCRIPTOR_SIZE_NONE;
        ndemanded += arg->on_demand;
    }
    if (ndemanded > 1) {
        return refuse(p, "%s: two parameters are on demand", function->name);
    }
    if (ncallers > 1) {
        return refuse(p, "%s: two parameters are the caller's id", function->name);
    }
    if (nranges > DESCRIPTOR_RANGES_MAX) {
        return refuse(p, "%s: more than %d ranges", function->name,
                      DESCRIPTOR_RANGES_MAX);
    }
    return 0;
}

/* Appends a zeroed function to the array; NULL with *err where it cannot. */
static struct descriptor_function *add_function(struct parser *p, int *err)
{
    struct descriptor *d = p->descriptor;

    if (d->nfunctions == DESCRIPTOR_FUNCTIONS_MAX) {
        *err = refuse(p, "more than %d functions", DESCRIPTOR_FUNCTIONS_MAX);
        return NULL;
    }
    if (d->nfunctions == p->capacity) {
        size_t capacity = p->capacity == 0 ? 16 : p->capacity * 2;
        void *grown = realloc(d->functions, capacity * sizeof(d->functions[0]));
        if (grown == NULL) {
            (void)refuse(p, "out of memory");
            *err = -ENOMEM;
            return NULL;
        }
        d->functions = grown;
        p->capacity = capacity;
    }
    struct descriptor_function *function = &d->functions[d->nfunctions++];
    memset(function, 0, sizeof(*function));
    return function;
}

/* Steps to the next line; *key receives its first word. */
static int next_record(struct parser *p, const char **key)
{
    int err = next_line(p);

    *key = err == 0 ? next_word(p) : "";
    return err;
}

/* `function NAME', of which the first word has been read. */
static int parse_name(struct parser *p, const char **name)
{
    *name = next_word(p);
    if (!is_identifier(*name, DESCRIPTOR_NAME_MAX)) {
        return refuse(p, "bad function name `%.80s'", *name);
    }
    if (descriptor_find(p->descriptor, *name) >= 0) {
        return refuse(p, "function %s is there twice", *name);
    }
    return expect_end_of_line(p);
}

/* Steps over record *key where it is @word, alone in its line; @flag says whether it was. */
static int parse_flag(struct parser *p, const char **key, const char *word, bool *flag)
{
    *flag = strcmp(*key, word) == 0;
    if (!*flag) {
        return 0;
    }
    int err = expect_end_of_line(p);
    return err != 0 ? err : next_record(p, key);
}

/* One function; *key receives the first word of the record that follows it. */
static int parse_function(struct parser *p, const char **key)
{
    const char *name = "";
    const char *returns = "";

    int err = parse_name(p, &name);
    if (err != 0) {
        return err;
    }
    struct descriptor_function *function = add_function(p, &err);
    if (function == NULL) {
        return err;
    }
    function->name = name;
    err = parse_header(p, "returns", &returns);
    if (err == 0 && !parse_type(returns, &function->returns)) {
        err = refuse(p, "unknown return type `%.40s'", returns);
    }
    if (err == 0) {
        err = next_record(p, key);
    }
    if (err == 0) {
        err = parse_flag(p, key, "noreturn", &function->noreturn);
    }
    if (err == 0) {
        err = parse_flag(p, key, "boot_only", &function->boot_only);
    }
    if (err == 0 && function->boot_only && p->descriptor->many) {
        err = refuse(p, "%s is for boot only, but of an interface of many", name);
    }
    while (err == 0 && strcmp(*key, "arg") == 0) {
        err = parse_arg(p, function);
        if (err == 0) {
            err = next_record(p, key);
        }
    }
    return err != 0 ? err : check_function(p, function);
}

static int parse_functions(struct parser *p)
{
    const char *key = "";
    int err = next_record(p, &key);

    while (err == 0 && strcmp(key, "function") == 0) {
        err = parse_function(p, &key);
    }
    if (err != 0) {
        return err;
    }
    if (strcmp(key, "end") != 0) {
        return refuse(p, "unexpected record `%.40s'", key);
    }
    if (p->descriptor->nfunctions == 0) {
        return refuse(p, "an interface without functions");
    }
    if (expect_end_of_line(p) != 0 || p->next != p->end) {
        return refuse(p, "something follows `end'");
    }
    return 0;
}

int descriptor_parse(const char *file, const char *text, size_t len,
                     struct descriptor *descriptor, struct descriptor_error *error)
{
    struct descriptor d = {0};
    struct parser p = {.file = file, .descriptor = &d, .error = error};

    if (len > DESCRIPTOR_FILE_MAX) {
        return refuse(&p, "larger than %u bytes", DESCRIPTOR_FILE_MAX);
    }
    d.text = malloc(len + 1);
    if (d.text == NULL) {
        (void)refuse(&p, "out of memory");
        return -ENOMEM;
    }
    memcpy(d.text, text, len);
    d.text[len] = '\0';
    p.next = d.text;
    p.end = d.text + len;

    int err = parse_preamble(&p);
    if (err == 0) {
        err = parse_functions(&p);
    }
    /* Invariant 5. */
    uint64_t fingerprint = descriptor_fingerprint(text, len);
    if (err == 0 && fingerprint != d.fingerprint) {
        p.line = 4;
        err = refuse(&p, "the fingerprint of this text is %016llx",
                     (unsigned long long)fingerprint);
    }
    if (err != 0) {
        descriptor_free(&d);
        return err;
    }
    *descriptor = d;
    return 0;
}
