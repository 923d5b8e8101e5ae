/*
 * Annotations of interface headers: plain C declarations plus what the monitor must
 * know to carry a call between two cubicles that share no memory.
 *
 * An ordinary compiler sees plain C. The interface compiler sees the annotations as
 * clang `annotate` attributes whose text is "cubicle:<kind>:<argument>,...".
 *
 * Every pointer parameter is either annotated, and then the range it names is checked
 * and copied by the trampoline, or crosses as an opaque value.
 */
#ifndef CUBICLE_INTERFACE_H
#define CUBICLE_INTERFACE_H

#if defined(__clang__) && defined(CUBICLE_IDL)
#define CUBICLE_ANNOTATE(text) __attribute__((annotate("cubicle:" text)))
#define CUBICLE_DECLARE(text) \
    __attribute__((annotate("cubicle:" text))) extern char cubicle_idl_declaration
#else
#define CUBICLE_ANNOTATE(text)
#define CUBICLE_DECLARE(text) extern char cubicle_idl_declaration
#endif

/** Names the interface that the header declares; once per header, before any function. */
#define CUBICLE_INTERFACE(name) CUBICLE_DECLARE("interface:" #name)

/** As CUBICLE_INTERFACE, but several modules of one system may provide it. A consumer
 *  then names its provider and gets a table of trampolines (see <name>_bind()). */
#define CUBICLE_INTERFACE_MANY(name) CUBICLE_DECLARE("interface_many:" #name)

/**
 * After CUBICLE_INTERFACE: the interface is a role, which the system's manifest gives to modules under @key:
 * `application`, `allocator`, `host` or `boot`. Imports of it are bound to no other module, whatever that provides,
 * unless a row of `bind` names one. Only the monitor calls the interface of `boot`.
 */
#define CUBICLE_ROLE(key) CUBICLE_DECLARE("role:" #key)

/**
 * The callee reads [p, p + size) and writes nothing back.
 * size: an integer parameter's name, `*name` of a pointed-to parameter (which must itself
 * be annotated), or an integer constant expression such as sizeof(struct flock).
 * Sizes are in bytes.
 */
#define CUBICLE_IN(size) CUBICLE_ANNOTATE("in:" #size)

/**
 * The callee writes [p, p + size); nothing is copied in. CUBICLE_OUT(size, ret) copies back only the
 * first `return value` bytes, none when it is negative.
 */
#define CUBICLE_OUT(...) CUBICLE_ANNOTATE("out:" #__VA_ARGS__)

/** The callee reads and writes [p, p + size); arguments as for CUBICLE_OUT. */
#define CUBICLE_INOUT(...) CUBICLE_ANNOTATE("inout:" #__VA_ARGS__)

/** A NUL-terminated string of at most @max bytes with its NUL, read by the callee. */
#define CUBICLE_STRING(max) CUBICLE_ANNOTATE("string:" #max)

/** The pointer crosses as a value; the callee uses it only through a window, or never. */
#define CUBICLE_OPAQUE CUBICLE_ANNOTATE("opaque")

/**
 * Added to CUBICLE_IN(size), for one parameter: the range is not copied for the callee, which brings in what it
 * needs with cubicle_in_copy() (cubicle/in.h), or passes the pointer on to functions that it calls. It cannot look at
 * the bytes otherwise.
 */
#define CUBICLE_ON_DEMAND CUBICLE_ANNOTATE("on_demand")

/** Added to an annotated pointer: NULL is allowed and crosses as NULL. Without it a NULL
 *  with a size above 0 is EFAULT to the caller. */
#define CUBICLE_OR_NULL CUBICLE_ANNOTATE("or_null")

/**
 * Before a function: only the module that the system's manifest names as `boot` may import it. Any other that does is
 * refused when the system starts, so the callee need not ask who calls. Not in an interface with several providers,
 * where the manifest's `bind` says who may.
 */
#define CUBICLE_BOOT_ONLY CUBICLE_ANNOTATE("boot_only")

/**
 * An `int` parameter that the trampoline overwrites with the caller's cubicle id (>= 1).
 * Whatever the caller passes is ignored. In a plain call inside one cubicle nothing is
 * overwritten and callers pass 0, which names the callee's own cubicle.
 */
#define CUBICLE_CALLER CUBICLE_ANNOTATE("caller")

#endif
