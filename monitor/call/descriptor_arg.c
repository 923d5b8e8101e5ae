/* Parameters of a function in a descriptor. */
#include "descriptor_parser.h"

#include <string.h>

/* SIZE: `const N`, `arg K` or `deref K W`; what K names is checked when all parameters
 * are known. */
static int parse_size(struct parser *p, struct descriptor_arg *arg)
{
    const char *kind = parser_next_word(p);
    const char *word = parser_next_word(p);
    uint64_t value;

    if (strcmp(kind, "const") == 0) {
        arg->size_kind = DESCRIPTOR_SIZE_CONST;
        if (!parser_number(word, DESCRIPTOR_RANGE_MAX, &value) || value == 0) {
            return parser_refuse(p, "bad constant size `%.40s'", word);
        }
    } else if (strcmp(kind, "arg") == 0 || strcmp(kind, "deref") == 0) {
        arg->size_kind = *kind == 'a' ? DESCRIPTOR_SIZE_ARG : DESCRIPTOR_SIZE_DEREF;
        if (!parser_number(word, DESCRIPTOR_ARGS_MAX - 1, &value)) {
            return parser_refuse(p, "bad parameter index `%.40s'", word);
        }
    } else {
        return parser_refuse(p, "`const', `arg' or `deref' expected, found `%.40s'",
                             kind);
    }
    arg->size_value = (uint32_t)value;
    if (arg->size_kind == DESCRIPTOR_SIZE_DEREF) {
        word = parser_next_word(p);
        if (!parser_number(word, 8, &value) || value == 0 ||
            (value & (value - 1)) != 0) {
            return parser_refuse(p, "bad width `%.40s': 1, 2, 4 or 8 expected", word);
        }
        arg->size_width = (uint8_t)value;
    }
    return 0;
}

static int parse_string(struct parser *p, struct descriptor_arg *arg)
{
    const char *word = parser_next_word(p);
    uint64_t value;

    if (!parser_number(word, DESCRIPTOR_STRING_MAX, &value) || value == 0) {
        return parser_refuse(p, "bad string bound `%.40s'", word);
    }
    arg->size_value = (uint32_t)value;
    return 0;
}

/* The words after a pointer's size: [ret] [on_demand] [or_null]. */
static int parse_flags(struct parser *p, struct descriptor_arg *arg)
{
    bool copies_out = arg->kind == DESCRIPTOR_OUT || arg->kind == DESCRIPTOR_INOUT;

    while (p->word != NULL) {
        const char *word = parser_next_word(p);
        if (strcmp(word, "ret") == 0 && copies_out && !arg->ret && !arg->or_null) {
            arg->ret = true;
        } else if (strcmp(word, "on_demand") == 0 && arg->kind == DESCRIPTOR_IN &&
                   !arg->on_demand && !arg->or_null) {
            arg->on_demand = true;
        } else if (strcmp(word, "or_null") == 0 && !arg->or_null) {
            arg->or_null = true;
        } else {
            return parser_refuse(p, "unexpected `%.40s' after a pointer", word);
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
    const char *word = parser_next_word(p);

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
    if (!parser_type(word, &arg->type) || arg->type == DESCRIPTOR_VOID ||
        arg->type == DESCRIPTOR_PTR) {
        return parser_refuse(p, "unknown kind of parameter `%.40s'", word);
    }
    return 0;
}

int parser_arg(struct parser *p, struct descriptor_function *function)
{
    if (function->nargs == DESCRIPTOR_ARGS_MAX) {
        return parser_refuse(p, "%s has more than %d parameters", function->name,
                             DESCRIPTOR_ARGS_MAX);
    }
    struct descriptor_arg *arg = &function->args[function->nargs++];

    arg->name = parser_next_word(p);
    if (!parser_is_identifier(arg->name, DESCRIPTOR_NAME_MAX)) {
        return parser_refuse(p, "bad parameter name `%.80s'", arg->name);
    }
    int err = parse_arg_kind(p, arg);
    return err != 0 ? err : parser_end_line(p);
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
        return parser_refuse(p, "%s: the size of %s is parameter %u of %u",
                             function->name, arg->name, arg->size_value,
                             function->nargs);
    }
    const struct descriptor_arg *size = &function->args[arg->size_value];

    if (arg->size_kind == DESCRIPTOR_SIZE_ARG) {
        if (size->kind != DESCRIPTOR_VALUE || !descriptor_type_is_integer(size->type)) {
            return parser_refuse(p, "%s: the size of %s is %s, which is not an integer",
                                 function->name, arg->name, size->name);
        }
    } else if ((size->kind != DESCRIPTOR_IN && size->kind != DESCRIPTOR_INOUT) ||
               size->ret || size->on_demand ||
               size->size_kind != DESCRIPTOR_SIZE_CONST ||
               size->size_value != arg->size_width) {
        return parser_refuse(
            p,
            "%s: the size of %s is *%s, which is not `in' or `inout' of "
            "%u bytes",
            function->name, arg->name, size->name, arg->size_width);
    }
    return 0;
}

int parser_check_function(struct parser *p, const struct descriptor_function *function)
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
            return parser_refuse(p,
                                 "%s: `ret' of %s, but the function returns no integer",
                                 function->name, arg->name);
        }
        ncallers += arg->kind == DESCRIPTOR_CALLER;
        nranges += arg->size_kind != DESCRIPTOR_SIZE_NONE;
        ndemanded += arg->on_demand;
    }
    if (ndemanded > 1) {
        return parser_refuse(p, "%s: two parameters are on demand", function->name);
    }
    if (ncallers > 1) {
        return parser_refuse(p, "%s: two parameters are the caller's id",
                             function->name);
    }
    if (nranges > DESCRIPTOR_RANGES_MAX) {
        return parser_refuse(p, "%s: more than %d ranges", function->name,
                             DESCRIPTOR_RANGES_MAX);
    }
    return 0;
}
