/*
 * From annotations to the descriptor's view of a parameter. The first pass finds kinds,
 * flags, and the parameter that a size names. The second, when constants are known,
 * checks that this parameter can be a size.
 */
#include "idl.h"

#include <ctype.h>
#include <string.h>

static const struct {
    const char *word, *macro;
    enum descriptor_kind kind;
} kind_table[] = {
    {"in", "CUBICLE_IN", DESCRIPTOR_IN},
    {"out", "CUBICLE_OUT", DESCRIPTOR_OUT},
    {"inout", "CUBICLE_INOUT", DESCRIPTOR_INOUT},
    {"string", "CUBICLE_STRING", DESCRIPTOR_STRING},
    {"opaque", "CUBICLE_OPAQUE", DESCRIPTOR_OPAQUE},
    {"caller", "CUBICLE_CALLER", DESCRIPTOR_CALLER},
};

#define NKINDS (sizeof(kind_table) / sizeof(kind_table[0]))

static const char *macro_of(enum descriptor_kind kind)
{
    for (size_t i = 0; i < NKINDS; i++) {
        if (kind_table[i].kind == kind) {
            return kind_table[i].macro;
        }
    }
    return "";
}

static bool writes(enum descriptor_kind kind)
{
    return kind == DESCRIPTOR_OUT || kind == DESCRIPTOR_INOUT;
}

/* Texts */

static char *trimmed(const char *s, size_t len)
{
    while (len > 0 && isspace((unsigned char)*s)) {
        s++;
        len--;
    }
    while (len > 0 && isspace((unsigned char)s[len - 1])) {
        len--;
    }
    return idl_strndup(s, len);
}

/* Length of the first argument: up to a comma outside parentheses. */
static size_t first_argument(const char *s)
{
    size_t i = 0;

    for (int depth = 0; s[i] != '\0' && (s[i] != ',' || depth > 0); i++) {
        depth += (s[i] == '(' || s[i] == '[' || s[i] == '{');
        depth -= (s[i] == ')' || s[i] == ']' || s[i] == '}');
    }
    return i;
}

static int find_param(const struct idl_function *f, const char *name)
{
    for (unsigned i = 0; i < f->nparams; i++) {
        if (strcmp(f->params[i].name, name) == 0) {
            return (int)i;
        }
    }
    return -1;
}

/* Does an expression mention a parameter? */
static bool mentions_param(const struct idl_function *f, const char *s)
{
    while (*s != '\0') {
        size_t len = 0;

        while (isalnum((unsigned char)s[len]) || s[len] == '_') {
            len++;
        }
        if (len > 0 && find_param(f, idl_strndup(s, len)) >= 0) {
            return true;
        }
        s += len > 0 ? len : 1;
    }
    return false;
}

/* First pass */

static void add_constant(struct idl *idl, struct idl_function *f,
                         struct idl_param *param, const char *text, uint32_t max)
{
    struct idl_constant constant = {
        .at = param->range->at,
        .text = text,
        .where = idl_printf("%s: parameter `%s'", f->name, param->name),
        .hint = "name a parameter, or include the header that defines the constant",
        .max = max,
        .target = &param->arg.size_value,
    };

    if (mentions_param(f, text)) {
        constant.hint =
            "sizes are bytes and cannot be computed from parameters: pass the "
            "number of bytes as a parameter, or name the type in sizeof";
    }
    idl_add_constant(idl, &constant);
}

static void set_size(struct idl *idl, struct idl_function *f, struct idl_param *param,
                     const char *text)
{
    struct descriptor_arg *arg = &param->arg;
    bool deref = text[0] == '*';
    const char *name = deref ? trimmed(text + 1, strlen(text + 1)) : text;
    int index = find_param(f, name);

    if (index >= 0) {
        arg->size_kind = deref ? DESCRIPTOR_SIZE_DEREF : DESCRIPTOR_SIZE_ARG;
        arg->size_value = (uint32_t)index;
        arg->size_width = (uint8_t)(deref ? f->params[index].type.pointee_integer : 0);
    } else if (deref) {
        idl_refuse(idl, f, param->range->at, "write the name of a pointer parameter",
                   "the size of `%s' is `%s', but there is no parameter `%s'",
                   param->name, text, name);
    } else {
        arg->size_kind = DESCRIPTOR_SIZE_CONST;
        add_constant(idl, f, param, text, DESCRIPTOR_RANGE_MAX);
    }
}

/* CUBICLE_IN(size), CUBICLE_OUT(size, ret), CUBICLE_INOUT(size, ret) */
static void set_range(struct idl *idl, struct idl_function *f, struct idl_param *param,
                      const char *arguments)
{
    struct descriptor_arg *arg = &param->arg;
    const struct idl_location at = param->range->at;
    const char *macro = macro_of(arg->kind);
    size_t len = first_argument(arguments);
    const char *size = trimmed(arguments, len);
    const char *flag = arguments[len] == ',' ? arguments + len + 1 : "";

    flag = trimmed(flag, strlen(flag));
    if (*size == '\0') {
        idl_refuse(idl, f, at, "name the parameter that holds the number of bytes",
                   "%s of `%s' has no size", macro, param->name);
        return;
    }
    if (param->type.pointee_const && writes(arg->kind)) {
        idl_refuse(idl, f, at, "use CUBICLE_IN, or remove `const'",
                   "%s, but `%s' (%s) points to constant data", macro, param->name,
                   param->type.spelling);
    } else if (!param->type.pointee_const && !writes(arg->kind)) {
        idl_warning(idl, at, "add `const', or use CUBICLE_INOUT",
                    "%s: what the callee writes to `%s' does not reach the caller",
                    f->name, param->name);
    }
    if (strcmp(flag, "ret") == 0 && writes(arg->kind)) {
        arg->ret = true;
    } else if (*flag != '\0') {
        idl_refuse(idl, f, at, NULL, "%s of `%s' has an unknown argument `%s'", macro,
                   param->name, flag);
    }
    if (arg->ret && !descriptor_type_is_integer(f->returns.type)) {
        idl_refuse(idl, f, at, "return the number of bytes as ssize_t",
                   "`ret' of `%s', but the function returns %s", param->name,
                   f->returns.spelling);
    }
    if (writes(arg->kind) && f->noreturn) {
        idl_refuse(idl, f, at, "use CUBICLE_IN",
                   "%s of `%s', but the function does not return", macro, param->name);
    }
    set_size(idl, f, param, size);
}

static void set_string(struct idl *idl, struct idl_function *f, struct idl_param *param,
                       const char *arguments)
{
    const char *bound = trimmed(arguments, strlen(arguments));
    const struct idl_location at = param->range->at;

    if (*bound == '\0') {
        idl_refuse(idl, f, at, "write the most bytes it may have, with its NUL",
                   "CUBICLE_STRING of `%s' has no bound", param->name);
        return;
    }
    if (!param->type.pointee_char) {
        idl_refuse(idl, f, at, "use CUBICLE_IN(size)",
                   "CUBICLE_STRING, but `%s' (%s) does not point to characters",
                   param->name, param->type.spelling);
    } else if (!param->type.pointee_const) {
        idl_warning(idl, at, "add `const'",
                    "%s: what the callee writes to `%s' does not reach the caller",
                    f->name, param->name);
    }
    if (find_param(f, bound) >= 0) {
        idl_refuse(idl, f, at, "use CUBICLE_IN(length)",
                   "the bound of string `%s' is parameter `%s', not a constant",
                   param->name, bound);
        return;
    }
    add_constant(idl, f, param, bound, DESCRIPTOR_STRING_MAX);
}

/* A parameter with an annotation that gives its kind. */
static void set_kind(struct idl *idl, struct idl_function *f, struct idl_param *param)
{
    const struct idl_location at = param->range->at;
    const char *arguments = strchr(param->range->text, ':');
    enum descriptor_kind kind = param->arg.kind;

    arguments = arguments != NULL ? arguments + 1 : "";
    if (param->arg.on_demand && kind != DESCRIPTOR_IN) {
        idl_refuse(idl, f, at, "only CUBICLE_IN ranges can be brought in on demand",
                   "%s and CUBICLE_ON_DEMAND on `%s'", macro_of(kind), param->name);
        return;
    }
    if (kind == DESCRIPTOR_CALLER) {
        if (param->type.type != DESCRIPTOR_I32 || param->arg.or_null) {
            idl_refuse(idl, f, at, "declare it `CUBICLE_CALLER int caller'",
                       "the caller's id `%s' is not an int", param->name);
        }
        return;
    }
    if (param->type.type != DESCRIPTOR_PTR) {
        idl_refuse(idl, f, at, "remove the annotation, or pass a pointer",
                   "%s, but `%s' (%s) is not a pointer", macro_of(kind), param->name,
                   param->type.spelling);
        return;
    }
    if (kind == DESCRIPTOR_OPAQUE) {
        return;
    }
    if (param->type.pointee_function) {
        idl_refuse(idl, f, at, "use CUBICLE_OPAQUE",
                   "%s, but `%s' points to a function", macro_of(kind), param->name);
    } else if (kind == DESCRIPTOR_STRING) {
        set_string(idl, f, param, arguments);
    } else {
        set_range(idl, f, param, arguments);
    }
}

/* A parameter without one: an integer, a double, or a pointer that crosses as a value.
 */
static void set_default(struct idl *idl, struct idl_function *f,
                        struct idl_param *param)
{
    param->arg.kind = DESCRIPTOR_VALUE;
    if (param->arg.on_demand) {
        idl_refuse(idl, f, param->annotations[0].at, "add CUBICLE_IN",
                   "CUBICLE_ON_DEMAND alone on `%s'", param->name);
        return;
    }
    if (param->arg.or_null) {
        idl_refuse(idl, f, param->annotations[0].at,
                   "add CUBICLE_IN, CUBICLE_OUT, CUBICLE_INOUT or CUBICLE_STRING",
                   "CUBICLE_OR_NULL alone on `%s'", param->name);
        return;
    }
    if (param->type.type != DESCRIPTOR_PTR) {
        return;
    }
    param->arg.kind = DESCRIPTOR_OPAQUE;
    if (param->type.pointee_function) {
        idl_refuse(
            idl, f, param->at,
            "let the caller ask for the result, or add CUBICLE_OPAQUE where the "
            "callee only keeps the value",
            "parameter `%s' points to a function, which the callee could not call",
            param->name);
    } else if (!idl->plain) {
        idl_warning(
            idl, param->at,
            "CUBICLE_IN, CUBICLE_OUT or CUBICLE_INOUT with a size, CUBICLE_STRING "
            "with a bound, or CUBICLE_OPAQUE where a value is meant",
            "%s: pointer `%s' has no annotation and crosses as a value", f->name,
            param->name);
    }
}

static void read_annotation(struct idl *idl, struct idl_function *f,
                            struct idl_param *param, const struct idl_annotation *a)
{
    size_t len = strcspn(a->text, ":");

    if (strcmp(a->text, "or_null") == 0) {
        param->arg.or_null = true;
        return;
    }
    if (strcmp(a->text, "on_demand") == 0) {
        param->arg.on_demand = true;
        return;
    }
    for (size_t i = 0; i < NKINDS; i++) {
        if (strlen(kind_table[i].word) != len ||
            strncmp(kind_table[i].word, a->text, len) != 0) {
            continue;
        }
        if (param->range != NULL) {
            idl_refuse(idl, f, a->at, "one of them says what crosses",
                       "both %s and %s on `%s'", macro_of(param->arg.kind),
                       kind_table[i].macro, param->name);
            return;
        }
        param->range = a;
        param->arg.kind = kind_table[i].kind;
        return;
    }
    param->reported = true;
    idl_refuse(idl, f, a->at, NULL, "unknown annotation `%s' on `%s'", a->text,
               param->name);
}

void idl_annotate(struct idl *idl)
{
    for (struct idl_function *f = idl->functions; f != NULL; f = f->next) {
        for (unsigned i = 0; i < f->nparams; i++) {
            struct idl_param *param = &f->params[i];

            param->arg.name = param->name;
            param->arg.type = param->type.type;
            for (unsigned k = 0; k < param->nannotations; k++) {
                read_annotation(idl, f, param, &param->annotations[k]);
            }
            if (param->reported) {
                continue;
            }
            if (param->range != NULL) {
                set_kind(idl, f, param);
            } else {
                set_default(idl, f, param);
            }
        }
    }
}

/* Second pass */

static void check_deref(struct idl *idl, struct idl_function *f,
                        struct idl_param *param, const struct idl_param *size)
{
    const struct descriptor_arg *arg = &size->arg;
    unsigned width = size->type.pointee_integer;

    if (size->type.type != DESCRIPTOR_PTR || width == 0) {
        idl_refuse(
            idl, f, param->range->at, "point to an integer with the number of bytes",
            "the size of `%s' is `*%s', but `%s' (%s) does not point to an integer",
            param->name, size->name, size->name, size->type.spelling);
    } else if ((arg->kind != DESCRIPTOR_IN && arg->kind != DESCRIPTOR_INOUT) ||
               arg->ret || arg->on_demand || arg->size_kind != DESCRIPTOR_SIZE_CONST ||
               (arg->size_value != width && arg->size_value != 0)) {
        idl_refuse(idl, f, param->range->at,
                   idl_printf("annotate `%s' with CUBICLE_IN(%u) or CUBICLE_INOUT(%u), "
                              "the size of the integer it points to",
                              size->name, width, width),
                   "the size of `%s' is `*%s', but `%s' is not itself passed in",
                   param->name, size->name, size->name);
    }
}

static void check_params(struct idl *idl, struct idl_function *f)
{
    const struct idl_param *caller = NULL;
    const struct idl_param *demanded = NULL;
    unsigned nranges = 0;

    for (unsigned i = 0; i < f->nparams; i++) {
        struct idl_param *param = &f->params[i];

        if (param->arg.kind == DESCRIPTOR_CALLER && caller != NULL) {
            idl_refuse(idl, f, param->range->at, NULL,
                       "`%s' and `%s' are both the caller's id", caller->name,
                       param->name);
        }
        caller = param->arg.kind == DESCRIPTOR_CALLER ? param : caller;
        if (param->arg.on_demand && demanded != NULL) {
            idl_refuse(idl, f, param->range->at, "let one of them be copied",
                       "`%s' and `%s' are both on demand", demanded->name, param->name);
        }
        demanded = param->arg.on_demand ? param : demanded;
        nranges += param->arg.size_kind != DESCRIPTOR_SIZE_NONE;
        if (nranges == DESCRIPTOR_RANGES_MAX + 1 &&
            param->arg.size_kind != DESCRIPTOR_SIZE_NONE) {
            idl_refuse(idl, f, param->range->at,
                       "collect some of them in one structure or buffer",
                       "range `%s' is one more than the %d that can cross", param->name,
                       DESCRIPTOR_RANGES_MAX);
        }
        if (param->arg.size_kind != DESCRIPTOR_SIZE_ARG &&
            param->arg.size_kind != DESCRIPTOR_SIZE_DEREF) {
            continue;
        }
        const struct idl_param *size = &f->params[param->arg.size_value];

        if (param->arg.size_kind == DESCRIPTOR_SIZE_DEREF) {
            check_deref(idl, f, param, size);
        } else if (!descriptor_type_is_integer(size->arg.type) ||
                   size->arg.kind != DESCRIPTOR_VALUE) {
            bool pointer = size->type.pointee_integer != 0;
            idl_refuse(idl, f, param->range->at,
                       pointer ? idl_printf("write `*%s' for the value it points to",
                                            size->name)
                               : "name an integer parameter with the number of bytes",
                       "the size of `%s' is `%s' (%s), which is not an integer",
                       param->name, size->name, size->type.spelling);
        }
    }
}

void idl_check_sizes(struct idl *idl)
{
    for (struct idl_function *f = idl->functions; f != NULL; f = f->next) {
        check_params(idl, f);
    }
}
