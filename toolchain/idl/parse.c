/*
 * From the header to functions with raw annotations. Only what stands in the header
 * itself counts, not what it includes.
 */
#include "idl.h"

#include <string.h>

#define PREFIX "cubicle:"

struct visit {
    struct idl *idl;
    CXFile main_file;
};

static bool in_main_file(const struct visit *visit, CXCursor cursor)
{
    CXFile file = NULL;

    clang_getExpansionLocation(clang_getCursorLocation(cursor), &file, NULL, NULL,
                               NULL);
    return file != NULL && clang_File_isEqual(file, visit->main_file);
}

/* The text of an annotation of ours, or NULL. An annotation that a declaration inherits
 * from an earlier one in another file is not part of this header. */
static const char *annotation_text(const struct visit *visit, CXCursor cursor)
{
    if (clang_getCursorKind(cursor) != CXCursor_AnnotateAttr ||
        !in_main_file(visit, cursor)) {
        return NULL;
    }
    const char *text = idl_take(clang_getCursorSpelling(cursor));
    return strncmp(text, PREFIX, strlen(PREFIX)) == 0 ? text + strlen(PREFIX) : NULL;
}

/* Interface declarations */

static void declare_role(struct idl *idl, struct idl_location at, const char *key)
{
    if (idl->name == NULL || idl->nfunctions > 0) {
        idl_error(idl, at, "write it right behind CUBICLE_INTERFACE",
                  "CUBICLE_ROLE before the interface, or behind a function");
    } else if (idl->many) {
        idl_error(idl, at, "the manifest's `bind` says who may use a provider",
                  "CUBICLE_ROLE of an interface with several providers");
    } else if (idl->role != DESCRIPTOR_ROLE_NONE) {
        idl_error(idl, at, NULL, "a second role `%s'", key);
    } else if (!descriptor_role_of(key, &idl->role)) {
        idl_error(idl, at, "application, allocator, host or boot", "no role `%s'", key);
    }
}

static void declare_interface(struct idl *idl, struct idl_location at, const char *text)
{
    const char *name = strchr(text, ':');

    if (strncmp(text, "role:", 5) == 0) {
        declare_role(idl, at, text + 5);
        return;
    }
    if (name == NULL || (strncmp(text, "interface:", 10) != 0 &&
                         strncmp(text, "interface_many:", 15) != 0)) {
        idl_error(idl, at, NULL, "unknown annotation `%s'", text);
        return;
    }
    if (idl->plain) {
        idl_error(idl, at, "compile it without --plain", "this header is annotated");
        return;
    }
    if (idl->name != NULL) {
        idl_error(idl, at, "one header declares one interface",
                  "a second interface `%s' after `%s'", name + 1, idl->name);
        return;
    }
    if (idl->nfunctions > 0) {
        idl_error(idl, at, "move it above the first function",
                  "the interface is named after its first function");
    }
    if (strlen(name + 1) > DESCRIPTOR_INTERFACE_MAX) {
        idl_error(idl, at, NULL, "the interface's name is longer than %d characters",
                  DESCRIPTOR_INTERFACE_MAX);
    }
    idl->name = name + 1;
    idl->name_at = at;
    idl->many = text[9] == '_';
}

static bool same_place(CXCursor a, CXCursor b)
{
    struct idl_location x = idl_locate(clang_getCursorLocation(a));
    struct idl_location y = idl_locate(clang_getCursorLocation(b));

    return x.line == y.line && x.column == y.column;
}

static enum CXChildVisitResult visit_variable(CXCursor cursor, CXCursor parent,
                                              CXClientData data)
{
    struct visit *visit = data;
    const char *text = annotation_text(visit, cursor);

    /* Not those inherited from an earlier declaration: this macro made both. */
    if (text != NULL && same_place(cursor, parent)) {
        declare_interface(visit->idl, idl_locate(clang_getCursorLocation(cursor)),
                          text);
    }
    return CXChildVisit_Continue;
}

static void parse_variable(struct visit *visit, CXCursor cursor)
{
    const char *name = idl_take(clang_getCursorSpelling(cursor));
    struct idl_location at = idl_locate(clang_getCursorLocation(cursor));

    if (strcmp(name, "cubicle_idl_declaration") == 0) {
        clang_visitChildren(cursor, visit_variable, visit);
    } else if (clang_Cursor_getStorageClass(cursor) == CX_SC_Static) {
        return;
    } else if (visit->idl->plain) {
        idl_warning(visit->idl, at, NULL,
                    "%s left out: a variable cannot be reached across cubicles", name);
    } else {
        idl_error(visit->idl, at, "declare a function that returns it",
                  "variable `%s' in an interface: cubicles share no memory", name);
    }
}

/* Functions */

struct param_visit {
    const struct visit *visit;
    struct idl_function *function;
    struct idl_param *param;
};

static enum CXChildVisitResult visit_param(CXCursor cursor, CXCursor parent,
                                           CXClientData data)
{
    struct param_visit *v = data;
    struct idl_param *param = v->param;
    const char *text = annotation_text(v->visit, cursor);

    (void)parent;
    if (text == NULL) {
        return CXChildVisit_Continue;
    }
    struct idl_location at = idl_locate(clang_getCursorLocation(cursor));
    if (param->nannotations == IDL_ANNOTATIONS_MAX) {
        idl_refuse(v->visit->idl, v->function, at, NULL,
                   "parameter `%s' has more than %d annotations", param->name,
                   IDL_ANNOTATIONS_MAX);
        return CXChildVisit_Break;
    }
    param->annotations[param->nannotations++] =
        (struct idl_annotation){.at = at, .text = text};
    return CXChildVisit_Continue;
}

/* @type is the function's: its canonical form has arrays as the pointers that they are.
 */
static void parse_param(struct visit *visit, struct idl_function *function,
                        CXCursor cursor, CXType type, unsigned index)
{
    struct idl *idl = visit->idl;
    struct idl_param *param = &function->params[index];
    struct param_visit v = {.visit = visit, .function = function, .param = param};

    param->at = idl_locate(clang_getCursorLocation(cursor));
    param->name = idl_take(clang_getCursorSpelling(cursor));
    if (param->name[0] == '\0') {
        param->name = idl_printf("arg%u", index);
    }
    param->type = idl_type_of(clang_getArgType(clang_getCanonicalType(type), index));
    param->type.spelling =
        idl_take(clang_getTypeSpelling(clang_getArgType(type, index)));
    clang_visitChildren(cursor, visit_param, &v);
    if (strlen(param->name) > DESCRIPTOR_NAME_MAX) {
        idl_refuse(idl, function, param->at, NULL,
                   "a parameter's name is longer than %d characters",
                   DESCRIPTOR_NAME_MAX);
    }
    if (param->type.refusal != NULL) {
        param->reported = true;
        idl_refuse(idl, function, param->at, param->type.hint,
                   "parameter `%s' (%s) is %s", param->name, param->type.spelling,
                   param->type.refusal);
    }
}

static enum CXChildVisitResult visit_function(CXCursor cursor, CXCursor parent,
                                              CXClientData data)
{
    struct param_visit *v = data;
    const char *text = annotation_text(v->visit, cursor);
    struct idl_location at = idl_locate(clang_getCursorLocation(cursor));

    (void)parent;
    if (clang_getCursorKind(cursor) == CXCursor_AsmLabelAttr) {
        idl_refuse(v->visit->idl, v->function, at, "declare it under its real name",
                   "an assembler label renames the function");
    } else if (text != NULL && strcmp(text, "boot_only") == 0) {
        v->function->boot_only = true;
    } else if (text != NULL && (strcmp(text, "opaque") != 0 ||
                                v->function->returns.type != DESCRIPTOR_PTR)) {
        idl_refuse(
            v->visit->idl, v->function, at,
            "a returned pointer crosses as a value: let the caller pass a buffer "
            "with CUBICLE_OUT(size, ret)",
            "annotation `%s' on the return value", text);
    }
    return CXChildVisit_Continue;
}

/* `__attribute__((noreturn))' is part of the type; `_Noreturn' shows only in print. */
static bool is_noreturn(CXCursor cursor)
{
    static const char suffix[] = "__attribute__((noreturn))";
    const char *type = idl_take(
        clang_getTypeSpelling(clang_getCanonicalType(clang_getCursorType(cursor))));
    const char *text = idl_take(clang_getCursorPrettyPrinted(cursor, NULL));
    size_t len = strlen(type), suffix_len = strlen(suffix);

    return (len > suffix_len && strcmp(type + len - suffix_len, suffix) == 0) ||
           strstr(text, "_Noreturn") != NULL;
}

static void check_function_type(struct idl *idl, struct idl_function *f, CXType type)
{
    enum CXCallingConv convention = clang_getFunctionTypeCallingConv(type);

    if (clang_getCanonicalType(type).kind == CXType_FunctionNoProto) {
        idl_refuse(idl, f, f->at, "write (void) where there are no parameters",
                   "no prototype");
    }
    if (clang_isFunctionTypeVariadic(type) &&
        clang_getCanonicalType(type).kind == CXType_FunctionProto) {
        idl_refuse(idl, f, f->at,
                   "declare one function per use, or pass an array with CUBICLE_IN",
                   "a variable number of arguments cannot cross");
    }
    if (convention != CXCallingConv_Default && convention != CXCallingConv_C) {
        idl_refuse(idl, f, f->at, "remove the attribute",
                   "an unusual calling convention");
    }
    if (f->returns.refusal != NULL) {
        idl_refuse(idl, f, f->at,
                   "return an integer, a double or a pointer; other results go through "
                   "a pointer with CUBICLE_OUT(sizeof(...))",
                   "it returns %s (%s)", f->returns.refusal, f->returns.spelling);
    }
    if (f->returns.pointee_function) {
        idl_refuse(
            idl, f, f->at, "return a number that a second function takes",
            "it returns a pointer to a function, which the caller could not call");
    }
    if (strlen(f->name) > DESCRIPTOR_NAME_MAX) {
        idl_refuse(idl, f, f->at, NULL, "its name is longer than %d characters",
                   DESCRIPTOR_NAME_MAX);
    }
}

static void append_function(struct idl *idl, struct idl_function *f)
{
    *idl->functions_tail = f;
    idl->functions_tail = &f->next;
    idl->nfunctions++;
    if (idl->nfunctions == DESCRIPTOR_FUNCTIONS_MAX + 1) {
        idl_error(idl, f->at, "split the interface", "more than %d functions",
                  DESCRIPTOR_FUNCTIONS_MAX);
    }
}

static const struct idl_function *find_function(const struct idl *idl, const char *name)
{
    const struct idl_function *f = idl->functions;

    while (f != NULL && strcmp(f->name, name) != 0) {
        f = f->next;
    }
    return f;
}

static void parse_function(struct visit *visit, CXCursor cursor)
{
    struct idl *idl = visit->idl;
    const char *name = idl_take(clang_getCursorSpelling(cursor));
    struct idl_location at = idl_locate(clang_getCursorLocation(cursor));
    const struct idl_function *earlier = find_function(idl, name);

    /* Compiled into whoever includes the header. */
    if (clang_Cursor_getStorageClass(cursor) == CX_SC_Static ||
        clang_isCursorDefinition(cursor)) {
        return;
    }
    if (earlier != NULL) {
        if (!idl->plain) {
            idl_error(idl, at, NULL, "%s is declared before, at line %u", name,
                      earlier->at.line);
        }
        return;
    }
    struct idl_function *f = idl_calloc(sizeof(*f));
    struct param_visit v = {.visit = visit, .function = f};
    CXType type = clang_getCursorType(cursor);
    int nparams = clang_Cursor_getNumArguments(cursor);

    f->at = at;
    f->name = name;
    f->returns = idl_type_of(clang_getResultType(type));
    f->noreturn = is_noreturn(cursor);
    check_function_type(idl, f, type);
    clang_visitChildren(cursor, visit_function, &v);
    if (f->boot_only && idl->many) {
        idl_refuse(idl, f, at, "the manifest's `bind` says who may use a provider",
                   "CUBICLE_BOOT_ONLY in an interface with several providers");
    }
    if (nparams > DESCRIPTOR_ARGS_MAX) {
        idl_refuse(idl, f, at, "collect them in a structure passed with CUBICLE_IN",
                   "%d parameters; %d can cross", nparams, DESCRIPTOR_ARGS_MAX);
        nparams = DESCRIPTOR_ARGS_MAX;
    }
    f->nparams = nparams > 0 ? (unsigned)nparams : 0;
    for (unsigned i = 0; i < f->nparams; i++) {
        parse_param(visit, f, clang_Cursor_getArgument(cursor, i), type, i);
    }
    append_function(idl, f);
}

static enum CXChildVisitResult visit_top(CXCursor cursor, CXCursor parent,
                                         CXClientData data)
{
    struct visit *visit = data;

    (void)parent;
    if (in_main_file(visit, cursor)) {
        if (clang_getCursorKind(cursor) == CXCursor_FunctionDecl) {
            parse_function(visit, cursor);
        } else if (clang_getCursorKind(cursor) == CXCursor_VarDecl) {
            parse_variable(visit, cursor);
        }
    }
    return CXChildVisit_Continue;
}

void idl_read_declarations(struct idl *idl, CXTranslationUnit unit)
{
    struct visit visit = {.idl = idl, .main_file = clang_getFile(unit, idl->header)};

    clang_visitChildren(clang_getTranslationUnitCursor(unit), visit_top, &visit);
}
