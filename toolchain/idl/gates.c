/*
 * Prototypes for code that cannot include the interface's header: the monitor's and
 * libc's.
 *
 * The monitor, where it provides the interface itself (gates): with prototypes and a
 * list of all functions the compiler refuses a gate that has another type than its
 * interface, and one that is missing. A gate is given what a trampoline hands over: an
 * integer or double as it crosses; of a range or string, a pointer to the monitor's own
 * copy; of any other pointer the number that the caller passed, which is no address
 * here.
 *
 * libc, whose files see no header but musl's: the functions with their C types, but
 * without typedefs.
 */
#include "idl.h"

#include <ctype.h>
#include <libgen.h>
#include <string.h>

static const char *number_type(enum descriptor_type type)
{
    static const char *const names[] = {
        [DESCRIPTOR_VOID] = "void",    [DESCRIPTOR_I8] = "int8_t",
        [DESCRIPTOR_U8] = "uint8_t",   [DESCRIPTOR_I16] = "int16_t",
        [DESCRIPTOR_U16] = "uint16_t", [DESCRIPTOR_I32] = "int32_t",
        [DESCRIPTOR_U32] = "uint32_t", [DESCRIPTOR_I64] = "int64_t",
        [DESCRIPTOR_U64] = "uint64_t", [DESCRIPTOR_F64] = "double",
        [DESCRIPTOR_PTR] = "uint64_t",
    };
    return names[type];
}

static bool is_copied(const struct descriptor_arg *arg)
{
    return arg->kind >= DESCRIPTOR_STRING && !arg->on_demand;
}

/* "struct x" of "const struct x *", or NULL where the type is something else. */
static const char *structure_of(const struct idl_param *param)
{
    const char *type = param->type.canonical;

    type += strncmp(type, "const ", 6) == 0 ? 6 : 0;
    return strncmp(type, "struct ", 7) == 0 ? idl_strndup(type, strcspn(type, "*") - 1)
                                            : NULL;
}

/* True where a parameter before @end points to structure @name. */
static bool is_declared(const struct idl *idl, const struct idl_param *end,
                        const char *name)
{
    for (const struct idl_function *f = idl->functions; f != NULL; f = f->next) {
        for (unsigned i = 0; i < f->nparams; i++) {
            if (&f->params[i] == end) {
                return false;
            }
            const char *other = structure_of(&f->params[i]);
            if (other != NULL && strcmp(other, name) == 0) {
                return true;
            }
        }
    }
    return false;
}

static void emit_structures(FILE *out, const struct idl *idl)
{
    for (const struct idl_function *f = idl->functions; f != NULL; f = f->next) {
        for (unsigned i = 0; i < f->nparams; i++) {
            const char *name = structure_of(&f->params[i]);
            if (name != NULL && !is_declared(idl, &f->params[i], name)) {
                fprintf(out, "%s;\n", name);
            }
        }
    }
}

static void emit_gate(FILE *out, const struct idl_function *f)
{
    fprintf(out, "%s gate_%s(", number_type(f->returns.type), f->name);
    for (unsigned i = 0; i < f->nparams; i++) {
        const struct idl_param *param = &f->params[i];
        const bool copied = is_copied(&param->arg);
        const char *type =
            copied ? param->type.canonical : number_type(param->type.type);
        fprintf(out, "%s%s%s%s", i > 0 ? ", " : "", type, copied ? "" : " ",
                param->name);
    }
    fprintf(out, "%s)%s;\n", f->nparams > 0 ? "" : "void",
            f->noreturn ? " __attribute__((noreturn))" : "");
}

static void emit_function(FILE *out, const struct idl_function *f)
{
    fprintf(out, "%s %s(", f->returns.canonical, f->name);
    for (unsigned i = 0; i < f->nparams; i++) {
        fprintf(out, "%s%s", i > 0 ? ", " : "", f->params[i].type.canonical);
    }
    fprintf(out, "%s)%s;\n", f->nparams > 0 ? "" : "void",
            f->noreturn ? " __attribute__((noreturn))" : "");
}

char *idl_emit_functions(const struct idl *idl)
{
    struct idl_text text;
    FILE *out = idl_open_text(&text);

    fprintf(out, "/* Made by cubicle-idl from %s: do not edit. */\n",
            basename(idl_strdup(idl->header)));
    emit_structures(out, idl);
    for (const struct idl_function *f = idl->functions; f != NULL; f = f->next) {
        if (!f->left_out) {
            emit_function(out, f);
        }
    }
    return idl_close_text(out, &text);
}

char *idl_emit_gates(const struct idl *idl)
{
    const char *header = basename(idl_strdup(idl->header));
    char *upper = idl_strdup(idl->name);
    struct idl_text text;
    FILE *out = idl_open_text(&text);

    for (char *s = upper; *s != '\0'; s++) {
        *s = (char)toupper((unsigned char)*s);
    }
    fprintf(out,
            "/* Made by cubicle-idl from %s: do not edit. */\n"
            "#ifndef CUBICLE_GEN_%s_GATES_H\n#define CUBICLE_GEN_%s_GATES_H\n\n"
            "#include <stdint.h>\n\n",
            header, upper, upper);
    emit_structures(out, idl);
    for (const struct idl_function *f = idl->functions; f != NULL; f = f->next) {
        emit_gate(out, f);
    }
    fprintf(out,
            "\n/** Of the interface as these are made for it. */\n"
            "#define %s_FINGERPRINT UINT64_C(0x%016llx)\n\n"
            "/** GATE(name) for each function of the interface. */\n"
            "#define %s_GATES(GATE)",
            upper, (unsigned long long)idl_fingerprint(idl), upper);
    for (const struct idl_function *f = idl->functions; f != NULL; f = f->next) {
        fprintf(out, " \\\n    GATE(%s)", f->name);
    }
    fputs("\n\n#endif\n", out);
    return idl_close_text(out, &text);
}
