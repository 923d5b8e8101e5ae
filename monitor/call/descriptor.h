/*
 * Interface descriptors (`NAME.desc` of the interface registry): what the monitor knows
 * of a function before it writes a trampoline for it. The file is text, written by
 * cubicle-idl; it is parsed strictly, because a wrong descriptor would be a wrong
 * trampoline. The format, one record per line, one space between words, LF:
 *
 *     cubicle-interface 1
 *     name vfs
 *     providers one                  (or: many)
 *     role allocator                 (optional, where the providers are one: a role's key)
 *     fingerprint 0123456789abcdef
 *     function vfs_pread             (1 to DESCRIPTOR_FUNCTIONS_MAX times)
 *     returns i64
 *     noreturn                       (optional)
 *     boot_only                      (optional, where the providers are one)
 *     arg fd i32                     (0 to DESCRIPTOR_ARGS_MAX times)
 *     arg buf out arg 2 ret
 *     arg data in arg 2 on_demand    (the words after a size: ret, on_demand, or_null)
 *     ...
 *     end                            (once, the last line)
 *
 * Invariants of an accepted descriptor (cited by number in test_descriptor.c):
 *  1. Names are C identifiers of bounded length; function names are unique.
 *  2. A size names an integer parameter of the same function, or an `in` or `inout`
 *     pointer (not on demand) to exactly the integer it is read from, or is a constant of
 *     1..DESCRIPTOR_RANGE_MAX bytes; a string's bound is 1..DESCRIPTOR_STRING_MAX.
 *  3. `ret` stands only where the function returns an integer, and never with noreturn.
 *  4. At most one parameter is the caller's id, one is on demand, DESCRIPTOR_RANGES_MAX
 *     are ranges.
 *  5. The fingerprint is that of the text.
 *  6. A role, and a function for boot only, is of an interface with one provider.
 */
#ifndef MONITOR_DESCRIPTOR_H
#define MONITOR_DESCRIPTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DESCRIPTOR_ARGS_MAX 12
#define DESCRIPTOR_RANGES_MAX 6 /* in, out and inout of one function */
#define DESCRIPTOR_FUNCTIONS_MAX 1024
#define DESCRIPTOR_NAME_MAX 127     /* of functions and parameters, without the NUL */
#define DESCRIPTOR_INTERFACE_MAX 63 /* of the interface */
#define DESCRIPTOR_RANGE_MAX 0x7fffffffu
#define DESCRIPTOR_STRING_MAX 65536u /* with the NUL */
#define DESCRIPTOR_FILE_MAX (1u << 20)

enum descriptor_type {
    DESCRIPTOR_VOID, /* as a return type only */
    DESCRIPTOR_I8,
    DESCRIPTOR_U8,
    DESCRIPTOR_I16,
    DESCRIPTOR_U16,
    DESCRIPTOR_I32,
    DESCRIPTOR_U32,
    DESCRIPTOR_I64,
    DESCRIPTOR_U64,
    DESCRIPTOR_F64,
    DESCRIPTOR_PTR,
};

enum descriptor_kind {
    DESCRIPTOR_VALUE,  /* an integer or double, of `type` */
    DESCRIPTOR_CALLER, /* i32, overwritten with the caller's cubicle id */
    DESCRIPTOR_OPAQUE, /* the other kinds are pointers: type is DESCRIPTOR_PTR */
    DESCRIPTOR_STRING,
    DESCRIPTOR_IN,
    DESCRIPTOR_OUT,
    DESCRIPTOR_INOUT,
};

enum descriptor_size {
    DESCRIPTOR_SIZE_NONE,  /* not a range */
    DESCRIPTOR_SIZE_CONST, /* size_value bytes */
    DESCRIPTOR_SIZE_ARG,   /* parameter size_value; a negative value is a bad range */
    DESCRIPTOR_SIZE_DEREF, /* the unsigned integer of size_width bytes that parameter
                            * size_value points to on entry. Where that parameter is
                            * NULL (or_null) and the range is not, the range is bad. */
};

/* Which modules may provide an interface: those that the manifest names under a key. */
enum descriptor_role {
    DESCRIPTOR_ROLE_NONE, /* any module */
    DESCRIPTOR_ROLE_APPLICATION,
    DESCRIPTOR_ROLE_ALLOCATOR,
    DESCRIPTOR_ROLE_HOST,
    DESCRIPTOR_ROLE_BOOT, /* and only the monitor calls it */
};

struct descriptor_arg {
    const char *name;
    enum descriptor_type type;
    enum descriptor_kind kind;
    enum descriptor_size size_kind;
    uint32_t size_value; /* bytes, parameter index, or the bound of a string */
    uint8_t size_width;  /* DEREF: 1, 2, 4 or 8 */
    bool ret;            /* out, inout: only the first `return value` bytes go back */
    bool on_demand;      /* in: brought in by the callee, not copied for it */
    bool or_null;        /* NULL crosses as NULL, and its size is not looked at */
};

struct descriptor_function {
    const char *name;
    enum descriptor_type returns;
    bool noreturn;
    bool boot_only; /* only the module that the manifest names as boot imports it */
    uint8_t nargs;
    uint32_t number; /* of the registry: no other function of the system has it */
    struct descriptor_arg args[DESCRIPTOR_ARGS_MAX];
};

struct descriptor {
    const char *name;
    bool many; /* several providers: bound by name, in the order of `functions` */
    enum descriptor_role role;
    uint64_t fingerprint;
    size_t nfunctions;
    struct descriptor_function *functions; /* in order of declaration */
    char *text;                            /* what all names point into */
};

/** Where and why a file was refused. */
struct descriptor_error {
    unsigned line;  /* from 1; 0: the file as a whole */
    char text[384]; /* "file:line: reason" */
};

/**
 * Parses @len bytes at @text; @file is for messages only.
 * Returns 0 and fills @descriptor, which the caller gives to descriptor_free(); or a
 * negative errno and fills @error: -EINVAL not a descriptor, -ENOMEM. Any thread; not
 * from a fault handler.
 */
int descriptor_parse(const char *file, const char *text, size_t len,
                     struct descriptor *descriptor, struct descriptor_error *error)
    __attribute__((warn_unused_result));

/** Reads and parses file @path; also returns the errno of open and read. */
int descriptor_read(const char *path, struct descriptor *descriptor,
                    struct descriptor_error *error) __attribute__((warn_unused_result));

/** Frees what the descriptor owns; also of a zeroed one. */
void descriptor_free(struct descriptor *descriptor);

/** Returns the index of function @name, or -1. */
int descriptor_find(const struct descriptor *descriptor, const char *name);

/**
 * FNV-1a, 64 bits, over the descriptor @text without its fingerprint line, the names of
 * parameters, and the rules of which modules may provide the interface and import a
 * function: it changes with the binary interface and nothing else.
 */
uint64_t descriptor_fingerprint(const char *text, size_t len);

/** The key of the manifest that names the modules with @role; NULL for NONE. */
const char *descriptor_role_key(enum descriptor_role role);

/** Sets *@role to the role whose key is @key. False: there is none. */
bool descriptor_role_of(const char *key, enum descriptor_role *role);

/** "i32", "ptr", ...: the word of the file. */
const char *descriptor_type_name(enum descriptor_type type);

/** Bytes that a value of @type occupies; 0 for void. */
size_t descriptor_type_size(enum descriptor_type type);

/** True for the eight integer types. */
bool descriptor_type_is_integer(enum descriptor_type type);

#endif
