/*
 * Constant expressions of annotations, such as sizeof(struct fs_attr) or PATH_MAX.
 * Clang evaluates them: one enumeration per expression, on a line of its own, is
 * appended to the header's text in memory, and the whole is parsed again.
 */
#include "idl.h"

#include <stdlib.h>
#include <string.h>

#define NAME "cubicle_idl_constant_"

struct values {
    size_t n;
    bool is_unsigned; /* the enumeration being visited */
    struct value {
        bool found, negative;
        unsigned long long magnitude;
    } * value;
};

void idl_add_constant(struct idl *idl, const struct idl_constant *constant)
{
    struct idl_constant *copy = idl_calloc(sizeof(*copy));

    *copy = *constant;
    *idl->constants_tail = copy;
    idl->constants_tail = &copy->next;
}

static void set_value(struct value *value, CXCursor cursor, bool is_unsigned)
{
    long long n = clang_getEnumConstantDeclValue(cursor);

    value->found = true;
    value->negative = !is_unsigned && n < 0;
    value->magnitude = is_unsigned ? clang_getEnumConstantDeclUnsignedValue(cursor)
                       : n < 0     ? 0 - (unsigned long long)n
                                   : (unsigned long long)n;
}

static enum CXChildVisitResult visit_enumerator(CXCursor cursor, CXCursor parent,
                                                CXClientData data)
{
    struct values *values = data;

    (void)parent;
    if (clang_getCursorKind(cursor) == CXCursor_EnumConstantDecl) {
        const char *name = idl_take(clang_getCursorSpelling(cursor));
        if (strncmp(name, NAME, strlen(NAME)) == 0) {
            size_t i = strtoul(name + strlen(NAME), NULL, 10);
            if (i < values->n) {
                set_value(&values->value[i], cursor, values->is_unsigned);
            }
        }
    }
    return CXChildVisit_Continue;
}

static enum CXChildVisitResult visit_enum(CXCursor cursor, CXCursor parent,
                                          CXClientData data)
{
    struct values *values = data;

    (void)parent;
    if (clang_getCursorKind(cursor) == CXCursor_EnumDecl) {
        CXType type = clang_getCanonicalType(clang_getEnumDeclIntegerType(cursor));
        values->is_unsigned = type.kind == CXType_UInt || type.kind == CXType_ULong;
        clang_visitChildren(cursor, visit_enumerator, values);
    }
    return CXChildVisit_Continue;
}

/* Returns clang's first error on line @line of the header's extended text, or NULL. */
static const char *error_on_line(CXTranslationUnit unit, const char *header,
                                 unsigned line)
{
    const char *text = NULL;

    for (unsigned i = 0; text == NULL && i < clang_getNumDiagnostics(unit); i++) {
        CXDiagnostic diagnostic = clang_getDiagnostic(unit, i);
        struct idl_location at = idl_locate(clang_getDiagnosticLocation(diagnostic));
        if (clang_getDiagnosticSeverity(diagnostic) >= CXDiagnostic_Error &&
            at.line == line && strcmp(at.file, header) == 0) {
            text = idl_take(clang_getDiagnosticSpelling(diagnostic));
        }
        clang_disposeDiagnostic(diagnostic);
    }
    return text;
}

static void check_value(struct idl *idl, const struct idl_constant *c,
                        const struct value *value)
{
    if (value->negative) {
        idl_error(idl, c->at, NULL, "%s: `%s' is negative", c->where, c->text);
    } else if (value->magnitude == 0) {
        idl_error(idl, c->at, "a pointer that nobody follows is CUBICLE_OPAQUE",
                  "%s: `%s' is 0", c->where, c->text);
    } else if (value->magnitude > c->max) {
        idl_error(idl, c->at,
                  c->max == DESCRIPTOR_STRING_MAX ? "pass longer text with CUBICLE_IN"
                                                  : NULL,
                  "%s: `%s' is %llu, more than %u", c->where, c->text, value->magnitude,
                  c->max);
    } else {
        *c->target = (uint32_t)value->magnitude;
    }
}

static unsigned count_lines(struct idl *idl)
{
    FILE *file = fopen(idl->header, "r");
    unsigned n = 0;

    if (file != NULL) {
        for (int c = getc(file); c != EOF; c = getc(file)) {
            n += c == '\n';
        }
        fclose(file);
    }
    return n;
}

/* What is appended: line i + 2 of it holds expression i. */
static char *enumerations(const struct idl *idl)
{
    char *text = NULL;
    size_t size = 0, i = 0;
    FILE *stream = open_memstream(&text, &size);

    if (stream == NULL) {
        return idl_strdup("");
    }
    fputc('\n', stream);
    for (const struct idl_constant *c = idl->constants; c != NULL; c = c->next) {
        fprintf(stream, "enum { " NAME "%zu = (%s) };\n", i++, c->text);
    }
    fclose(stream);
    char *copy = idl_strdup(text);
    free(text);
    return copy;
}

void idl_evaluate(struct idl *idl)
{
    struct values values = {0};
    size_t i = 0;

    for (struct idl_constant *c = idl->constants; c != NULL; c = c->next) {
        values.n++;
    }
    if (values.n == 0) {
        return;
    }
    values.value = idl_calloc(values.n * sizeof(values.value[0]));
    CXIndex index = clang_createIndex(0, 0);
    CXTranslationUnit unit = idl_parse_unit(idl, index, enumerations(idl));
    if (unit != NULL) {
        unsigned line = count_lines(idl) + 2;

        clang_visitChildren(clang_getTranslationUnitCursor(unit), visit_enum, &values);
        for (struct idl_constant *c = idl->constants; c != NULL; c = c->next, i++) {
            const char *error = error_on_line(unit, idl->header, line + (unsigned)i);
            if (error != NULL || !values.value[i].found) {
                idl_error(idl, c->at, c->hint,
                          "%s: `%s' is neither a parameter nor a constant: %s",
                          c->where, c->text, error != NULL ? error : "not evaluated");
            } else {
                check_value(idl, c, &values.value[i]);
            }
        }
        clang_disposeTranslationUnit(unit);
    }
    clang_disposeIndex(index);
}
