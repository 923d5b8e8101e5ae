/* The files that a run makes, as text. */
#include "idl.h"

#include <ctype.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>

FILE *idl_open_text(struct idl_text *text)
{
    FILE *stream = open_memstream(&text->text, &text->size);

    if (stream == NULL) {
        fprintf(stderr, "cubicle-idl: out of memory\n");
        exit(1);
    }
    return stream;
}

char *idl_close_text(FILE *stream, struct idl_text *text)
{
    fclose(stream);
    char *copy = idl_strdup(text->text);
    free(text->text);
    return copy;
}

static void emit_size(FILE *out, const struct descriptor_arg *arg)
{
    switch (arg->size_kind) {
    case DESCRIPTOR_SIZE_CONST:
        fprintf(out, " const %u", arg->size_value);
        break;
    case DESCRIPTOR_SIZE_ARG:
        fprintf(out, " arg %u", arg->size_value);
        break;
    case DESCRIPTOR_SIZE_DEREF:
        fprintf(out, " deref %u %u", arg->size_value, arg->size_width);
        break;
    case DESCRIPTOR_SIZE_NONE:
        break;
    }
}

static void emit_arg(FILE *out, const struct descriptor_arg *arg)
{
    static const char *const words[] = {
        [DESCRIPTOR_CALLER] = "caller", [DESCRIPTOR_OPAQUE] = "opaque",
        [DESCRIPTOR_STRING] = "string", [DESCRIPTOR_IN] = "in",
        [DESCRIPTOR_OUT] = "out",       [DESCRIPTOR_INOUT] = "inout",
    };

    if (arg->kind == DESCRIPTOR_VALUE) {
        fprintf(out, "arg %s %s\n", arg->name, descriptor_type_name(arg->type));
        return;
    }
    fprintf(out, "arg %s %s", arg->name, words[arg->kind]);
    if (arg->kind == DESCRIPTOR_STRING) {
        fprintf(out, " %u", arg->size_value);
    }
    emit_size(out, arg);
    fprintf(out, "%s%s%s\n", arg->ret ? " ret" : "", arg->on_demand ? " on_demand" : "",
            arg->or_null ? " or_null" : "");
}

static char *emit_text(const struct idl *idl, uint64_t fingerprint)
{
    struct idl_text text;
    FILE *out = idl_open_text(&text);

    fprintf(out, "cubicle-interface 1\nname %s\nproviders %s\n", idl->name,
            idl->many ? "many" : "one");
    if (idl->role != DESCRIPTOR_ROLE_NONE) {
        fprintf(out, "role %s\n", descriptor_role_key(idl->role));
    }
    fprintf(out, "fingerprint %016llx\n", (unsigned long long)fingerprint);
    for (const struct idl_function *f = idl->functions; f != NULL; f = f->next) {
        if (f->left_out) {
            continue;
        }
        fprintf(out, "function %s\nreturns %s\n%s%s", f->name,
                descriptor_type_name(f->returns.type), f->noreturn ? "noreturn\n" : "",
                f->boot_only ? "boot_only\n" : "");
        for (unsigned i = 0; i < f->nparams; i++) {
            emit_arg(out, &f->params[i].arg);
        }
    }
    fputs("end\n", out);
    return idl_close_text(out, &text);
}

uint64_t idl_fingerprint(const struct idl *idl)
{
    const char *text = emit_text(idl, 0);

    return descriptor_fingerprint(text, strlen(text));
}

char *idl_emit_descriptor(const struct idl *idl)
{
    return emit_text(idl, idl_fingerprint(idl));
}

char *idl_emit_ops(const struct idl *idl)
{
    char *header = idl_strdup(idl->header);
    struct idl_text text;
    FILE *out = idl_open_text(&text);
    char *guard = idl_printf("CUBICLE_GEN_%s_OPS_H", idl->name);

    for (char *s = guard; *s != '\0'; s++) {
        *s = (char)toupper((unsigned char)*s);
    }
    fprintf(
        out,
        "/* Made by cubicle-idl from %s: do not edit. */\n"
        "#ifndef %s\n#define %s\n\n"
        "#include <cubicle.h>\n#include <%s>\n\n"
        "/** The functions of one provider of interface `%s', in the order of their\n"
        " *  declaration. */\n"
        "struct %s_ops {\n",
        basename(header), guard, guard, basename(header), idl->name, idl->name);
    for (const struct idl_function *f = idl->functions; f != NULL; f = f->next) {
        if (!f->left_out) {
            fprintf(out, "    __typeof__(%s) *%s;\n", f->name, f->name);
        }
    }
    fprintf(
        out,
        "};\n\n"
        "/** Fills @ops with provider @provider; 0 or an error of cubicle_bind(). */\n"
        "static inline int %s_bind(struct %s_ops *ops, const char *provider)\n"
        "{\n"
        "    return cubicle_bind(\"%s\", UINT64_C(0x%016llx), provider, ops,\n"
        "                        sizeof(*ops));\n"
        "}\n\n"
        "#endif\n",
        idl->name, idl->name, idl->name, (unsigned long long)idl_fingerprint(idl));
    return idl_close_text(out, &text);
}

/* A file name as make reads it. */
static void emit_make_name(FILE *out, const char *name)
{
    for (; *name != '\0'; name++) {
        if (*name == '$') {
            fputc('$', out);
        } else if (*name == ' ' || *name == '#' || *name == '\\') {
            fputc('\\', out);
        }
        fputc(*name, out);
    }
}

char *idl_emit_depfile(const struct idl *idl, const char *target)
{
    struct idl_text text;
    FILE *out = idl_open_text(&text);

    emit_make_name(out, target);
    fputc(':', out);
    for (size_t i = 0; i < idl->ninclusions; i++) {
        fputs(" \\\n  ", out);
        emit_make_name(out, idl->inclusions[i]);
    }
    fputc('\n', out);
    /* A header that is gone is no error: it makes its users out of date. */
    for (size_t i = 1; i < idl->ninclusions; i++) {
        emit_make_name(out, idl->inclusions[i]);
        fputs(":\n", out);
    }
    return idl_close_text(out, &text);
}
