/* The reasons in words. One row per reason: the compiler checks the count below. */
#include "verify.h"

#define REASON(name, text) [VERIFY_##name] = {"VERIFY_" #name, text}

static const struct {
    const char *name, *text;
} reasons[] = {
    REASON(OK, "the code is accepted"),
    REASON(ARGUMENT, "base and length must be multiples of 32 below 2 GiB"),
    REASON(MEMORY, "the host is out of memory"),
    REASON(DECODE, "the bytes are not a complete, valid instruction"),
    REASON(BUNDLE_CROSS, "the instruction crosses a 32-byte boundary"),
    REASON(GROUP_CROSS, "the group that starts here crosses a 32-byte boundary"),
    REASON(FALL_THROUGH, "execution can run past the end of the code"),
    REASON(UNLISTED, "the instruction is not on the list of allowed instructions"),
    REASON(ENCODING, "the instruction is allowed, but not in this encoding"),
    REASON(REGISTER, "only integer, XMM, YMM and x87 registers may be named"),
    REASON(PREFIX_REPEATED, "two prefixes of the same group"),
    REASON(PREFIX_REX, "a REX prefix that is misplaced or has no effect"),
    REASON(PREFIX_SIZE, "an operand-size prefix that has no effect"),
    REASON(PREFIX_ADDRESS, "an address-size prefix without a memory operand"),
    REASON(PREFIX_SEGMENT, "a segment prefix that has no effect or is not GS"),
    REASON(PREFIX_REP, "REP or REPNE is allowed only as part of an instruction"),
    REASON(PREFIX_LOCK, "LOCK is allowed only on listed updates of memory"),
    REASON(ACCESS_SEGMENT, "memory is reached only through GS or from rsp"),
    REASON(ACCESS_WIDTH, "a GS operand must have 32-bit addressing"),
    REASON(ACCESS_FORM, "a GS operand has 32-bit base and index registers or none"),
    REASON(ACCESS_STACK, "an operand based on rsp has no index"),
    REASON(ACCESS_BIT, "a bit string in memory must not be indexed by a register"),
    REASON(ACCESS_HIDDEN, "the instruction reaches memory that no operand names"),
    REASON(ACCESS_FS, "FS is only for the 64-bit read of the thread pointer"),
    REASON(STACK_FORM, "this form of push or pop is not allowed"),
    REASON(STACK_WRITE, "rsp must not be written like this"),
    REASON(STACK_REBASE,
           "a write of esp must be re-based by the next two instructions"),
    REASON(STACK_UNPROBED,
           "rsp was moved, and must be probed before it is moved again or a branch"),
    REASON(RETURN, "ret must follow andq $0x7fffffe0,(%rsp)"),
    REASON(INDIRECT, "an indirect branch must follow andl $-32 of its register"),
    REASON(CALL_END, "a call must end at a multiple of 32"),
    REASON(TARGET_INSIDE, "the target is inside an instruction or a group"),
    REASON(TARGET_OUTSIDE, "the target is outside the code and not allowed"),
    REASON(STRING, "a string instruction must be in its guarding group"),
    REASON(VIEW, "the view's base may be read only as part of a complete group"),
};

_Static_assert(sizeof(reasons) / sizeof(reasons[0]) == VERIFY_REASON_COUNT,
               "every reason has a row");

const char *verify_reason_text(enum verify_reason reason)
{
    if ((unsigned)reason >= VERIFY_REASON_COUNT || reasons[reason].text == NULL) {
        return "unknown reason";
    }
    return reasons[reason].text;
}

const char *verify_reason_name(enum verify_reason reason)
{
    if ((unsigned)reason >= VERIFY_REASON_COUNT || reasons[reason].name == NULL) {
        return "VERIFY_UNKNOWN";
    }
    return reasons[reason].name;
}
