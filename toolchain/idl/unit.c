/* The header as libclang sees it: parsing, what clang finds wrong, which files it read.
 */
#include "idl.h"

#include <stdlib.h>
#include <string.h>

struct idl_location idl_locate(CXSourceLocation location)
{
    struct idl_location at = {.file = "", .line = 0, .column = 0};
    CXFile file = NULL;

    clang_getExpansionLocation(location, &file, &at.line, &at.column, NULL);
    if (file != NULL) {
        at.file = idl_take(clang_getFileName(file));
    }
    return at;
}

static void visit_inclusion(CXFile file, CXSourceLocation *stack, unsigned depth,
                            CXClientData data)
{
    struct idl *idl = data;
    const char **grown =
        realloc(idl->inclusions, (idl->ninclusions + 1) * sizeof(*grown));

    (void)stack;
    (void)depth;
    if (grown == NULL) {
        fprintf(stderr, "cubicle-idl: out of memory\n");
        exit(1);
    }
    idl->inclusions = grown;
    idl->inclusions[idl->ninclusions++] = idl_take(clang_getFileName(file));
}

/* What clang itself finds wrong; true when that is nothing. */
static bool report_diagnostics(struct idl *idl, CXTranslationUnit unit)
{
    unsigned n = clang_getNumDiagnostics(unit);
    bool good = true;

    for (unsigned i = 0; i < n; i++) {
        CXDiagnostic diagnostic = clang_getDiagnostic(unit, i);
        if (clang_getDiagnosticSeverity(diagnostic) >= CXDiagnostic_Error) {
            good = false;
            idl_error(idl, idl_locate(clang_getDiagnosticLocation(diagnostic)), NULL,
                      "%s", idl_take(clang_getDiagnosticSpelling(diagnostic)));
        }
        clang_disposeDiagnostic(diagnostic);
    }
    return good;
}

static char *read_header(struct idl *idl)
{
    FILE *file = fopen(idl->header, "r");
    char *text = NULL;
    size_t size = 0;

    if (file == NULL) {
        return NULL;
    }
    ssize_t len = getdelim(&text, &size, '\0', file);
    char *copy = len >= 0 ? idl_strndup(text, (size_t)len) : NULL;
    free(text);
    fclose(file);
    return copy;
}

CXTranslationUnit idl_parse_unit(struct idl *idl, CXIndex index, const char *tail)
{
    static const char *fixed[] = {"-xc", "-std=gnu11", "-DCUBICLE_IDL=1",
                                  "-ferror-limit=0", "-w"};
    const int nfixed = sizeof(fixed) / sizeof(fixed[0]);
    const char **args =
        idl_calloc((size_t)(nfixed + idl->nclang_args) * sizeof(args[0]));
    CXTranslationUnit unit = NULL;
    struct idl_location at = {.file = idl->header};

    memcpy(args, fixed, sizeof(fixed));
    if (idl->nclang_args > 0) {
        memcpy(args + nfixed, idl->clang_args,
               (size_t)idl->nclang_args * sizeof(args[0]));
    }
    char *text = read_header(idl);
    if (text == NULL) {
        idl_error(idl, at, NULL, "cannot be read, or is empty");
        return NULL;
    }
    text = idl_printf("%s%s", text, tail);
    struct CXUnsavedFile file = {
        .Filename = idl->header, .Contents = text, .Length = strlen(text)};
    enum CXErrorCode err = clang_parseTranslationUnit2(
        index, idl->header, args, nfixed + idl->nclang_args, &file, 1,
        CXTranslationUnit_SkipFunctionBodies, &unit);
    if (err != CXError_Success) {
        idl_error(idl, at, "check the compiler options after `--'",
                  "libclang cannot parse it (error %d)", err);
        return NULL;
    }
    return unit;
}

bool idl_parse(struct idl *idl)
{
    CXIndex index = clang_createIndex(0, 0);
    CXTranslationUnit unit = idl_parse_unit(idl, index, "");
    bool good = unit != NULL && report_diagnostics(idl, unit);

    if (good) {
        clang_getInclusions(unit, visit_inclusion, idl);
        idl_read_declarations(idl, unit);
    }
    if (unit != NULL) {
        clang_disposeTranslationUnit(unit);
    }
    clang_disposeIndex(index);
    return good;
}
