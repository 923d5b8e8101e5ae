/* Which C types can cross between cubicles: integers, double, pointers. */
#include "idl.h"

#include <string.h>

/* Sizes are those of x86-64, which is all that a cubicle runs on. */
static const struct {
    enum CXTypeKind kind;
    enum descriptor_type type;
} scalar_table[] = {
    {CXType_Void, DESCRIPTOR_VOID},    {CXType_Bool, DESCRIPTOR_U8},
    {CXType_Char_S, DESCRIPTOR_I8},    {CXType_SChar, DESCRIPTOR_I8},
    {CXType_Char_U, DESCRIPTOR_U8},    {CXType_UChar, DESCRIPTOR_U8},
    {CXType_Short, DESCRIPTOR_I16},    {CXType_UShort, DESCRIPTOR_U16},
    {CXType_Int, DESCRIPTOR_I32},      {CXType_UInt, DESCRIPTOR_U32},
    {CXType_Long, DESCRIPTOR_I64},     {CXType_ULong, DESCRIPTOR_U64},
    {CXType_LongLong, DESCRIPTOR_I64}, {CXType_ULongLong, DESCRIPTOR_U64},
    {CXType_Double, DESCRIPTOR_F64},   {CXType_Pointer, DESCRIPTOR_PTR},
};

/* Types that people are likely to try, each with what to use instead. */
static const struct {
    enum CXTypeKind kind;
    const char *refusal, *hint;
} refusal_table[] = {
    {CXType_Record, "a structure or union by value",
     "pass a pointer to it with CUBICLE_IN(sizeof(...)) or CUBICLE_OUT(sizeof(...))"},
    {CXType_Float, "a float", "pass a double"},
    {CXType_LongDouble, "a long double",
     "pass a double, or a pointer with CUBICLE_IN(sizeof(long double))"},
    {CXType_Int128, "a 128-bit integer", "pass two uint64_t"},
    {CXType_UInt128, "a 128-bit integer", "pass two uint64_t"},
    {CXType_Float128, "a 128-bit floating-point number", "pass a double"},
    {CXType_Float16, "a 16-bit floating-point number", "pass a double"},
    {CXType_Half, "a 16-bit floating-point number", "pass a double"},
    {CXType_Complex, "a complex number", "pass two doubles"},
    {CXType_Vector, "a vector", "pass a pointer to it with CUBICLE_IN(sizeof(...))"},
    {CXType_ExtVector, "a vector", "pass a pointer to it with CUBICLE_IN(sizeof(...))"},
};

char *idl_take(CXString string)
{
    const char *s = clang_getCString(string);
    char *copy = idl_strdup(s != NULL ? s : "");

    clang_disposeString(string);
    return copy;
}

static bool scalar(CXType type, enum descriptor_type *result)
{
    for (size_t i = 0; i < sizeof(scalar_table) / sizeof(scalar_table[0]); i++) {
        if (scalar_table[i].kind == type.kind) {
            *result = scalar_table[i].type;
            return true;
        }
    }
    return false;
}

static CXType canonical(CXType type)
{
    type = clang_getCanonicalType(type);
    if (type.kind == CXType_Enum) {
        CXCursor declaration = clang_getTypeDeclaration(type);
        type = clang_getCanonicalType(clang_getEnumDeclIntegerType(declaration));
    }
    return type;
}

static void look_at_pointee(struct idl_type *t, CXType pointer)
{
    CXType pointee = canonical(clang_getPointeeType(pointer));
    enum descriptor_type type;

    t->pointee_const = clang_isConstQualifiedType(pointee) != 0;
    t->pointee_function =
        pointee.kind == CXType_FunctionProto || pointee.kind == CXType_FunctionNoProto;
    t->pointee_char = pointee.kind == CXType_Char_S || pointee.kind == CXType_SChar ||
                      pointee.kind == CXType_Char_U || pointee.kind == CXType_UChar;
    if (scalar(pointee, &type) && descriptor_type_is_integer(type)) {
        t->pointee_integer = (unsigned)descriptor_type_size(type);
    }
    if (pointee.kind == CXType_Record &&
        strstr(idl_take(clang_getTypeSpelling(pointee)), "__va_list_tag") != NULL) {
        t->refusal = "a va_list";
        t->hint = "format the text in the caller and pass it with CUBICLE_STRING(...)";
    }
}

struct idl_type idl_type_of(CXType type)
{
    struct idl_type t = {.spelling = idl_take(clang_getTypeSpelling(type))};

    t.canonical = idl_take(clang_getTypeSpelling(clang_getCanonicalType(type)));
    type = canonical(type);
    if (type.kind == CXType_Pointer) {
        t.type = DESCRIPTOR_PTR;
        look_at_pointee(&t, type);
        return t;
    }
    if (scalar(type, &t.type)) {
        return t;
    }
    t.refusal = "a type that the compiler of interfaces does not know";
    t.hint = "pass integers, doubles or pointers";
    for (size_t i = 0; i < sizeof(refusal_table) / sizeof(refusal_table[0]); i++) {
        if (refusal_table[i].kind == type.kind) {
            t.refusal = refusal_table[i].refusal;
            t.hint = refusal_table[i].hint;
        }
    }
    return t;
}
