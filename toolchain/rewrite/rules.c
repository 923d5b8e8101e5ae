#include "rules.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define HELP_SYSCALL \
    "a cubicle has no system calls: call the libc or interface function that does it"
#define HELP_FENV "use <fenv.h>, which asks the monitor"
#define HELP_X87 "compile with -msse3 (fisttp) and without -ffast-math, or use <fenv.h>"
#define HELP_STRING "use the string.h function, or movs/stos"
#define HELP_LOOP "use an explicit test and a conditional jump"
#define HELP_CLOCK "use clock_gettime()"
#define HELP_FLAGS "use setcc, lahf or sahf"
#define HELP_SEGMENT "only libc reads the thread pointer, as `mov %fs:0,%reg'"
#define HELP_VECTOR "use SSE or AVX2; do not compile with -mavx512*, -mmmx or 3DNow!"
#define HELP_MASKED \
    "use plain loads and stores; compile without the -m option behind it"
#define HELP_PRIVILEGED "only a kernel can do this"
#define HELP_STACK "the stack is pushed and popped in 64-bit words"
#define HELP_HAND "write it as plain instructions"
#define HELP_CMPXCHG16B "use two 8-byte words or a lock; compile without -mcx16"
#define HELP_TRANSACTION "compile without -mrtm"
/* For instructions that docs/libc.md does not list under "The processor": the verifier
 * refuses them. */
#define HELP_NOT_OFFERED                                                        \
    "`cpuid' does not show it to a cubicle: leave out the code for it, by the " \
    "project's own switch"
#define HELP_RANDOM "use getrandom()"

/* First match wins: exceptions stand before the patterns that they are taken from. */
static const struct rule rules[] = {
    {"mov", RULE_MOVE, NULL},
    {"movq", RULE_MOVE, NULL},
    {"movl", RULE_MOVE, NULL},
    {"movsb", RULE_STRING_MOVE, NULL},
    {"movsw", RULE_STRING_MOVE, NULL},
    {"movsl", RULE_STRING_MOVE, NULL},
    {"movsq", RULE_STRING_MOVE, NULL},
    {"movsd", RULE_STRING_MOVE, NULL},
    {"stosb", RULE_STRING_STORE, NULL},
    {"stosw", RULE_STRING_STORE, NULL},
    {"stosl", RULE_STRING_STORE, NULL},
    {"stosq", RULE_STRING_STORE, NULL},
    {"stosd", RULE_STRING_STORE, NULL},
    {"add", RULE_ARITHMETIC, NULL},
    {"addq", RULE_ARITHMETIC, NULL},
    {"addl", RULE_ARITHMETIC, NULL},
    {"sub", RULE_ARITHMETIC, NULL},
    {"subq", RULE_ARITHMETIC, NULL},
    {"subl", RULE_ARITHMETIC, NULL},
    {"and", RULE_ARITHMETIC, NULL},
    {"andq", RULE_ARITHMETIC, NULL},
    {"andl", RULE_ARITHMETIC, NULL},
    {"lea", RULE_LEA, NULL},
    {"leaq", RULE_LEA, NULL},
    {"leal", RULE_LEA, NULL},
    {"leaw", RULE_LEA, NULL},
    {"push", RULE_PUSH, NULL},
    {"pushq", RULE_PUSH, NULL},
    {"pop", RULE_POP, NULL},
    {"popq", RULE_POP, NULL},
    {"pushw", RULE_REFUSED, HELP_STACK},
    {"popw", RULE_REFUSED, HELP_STACK},
    {"leavew", RULE_REFUSED, HELP_STACK},
    {"leave", RULE_LEAVE, NULL},
    {"leaveq", RULE_LEAVE, NULL},
    {"call", RULE_CALL, NULL},
    {"callq", RULE_CALL, NULL},
    {"jmp", RULE_JUMP, NULL},
    {"jmpq", RULE_JUMP, NULL},
    {"ret", RULE_RETURN, NULL},
    {"retq", RULE_RETURN, NULL},
    {"ud2", RULE_TRAP, NULL},
    {"int3", RULE_TRAP, NULL},
    {"nop*", RULE_NOP, NULL},
    {"pause", RULE_NOP, NULL},
    {"endbr64", RULE_DROP, NULL},
    {"prefetch*", RULE_HINT, NULL},
    {"shl*", RULE_UNSURE, NULL},
    {"sal*", RULE_UNSURE, NULL},
    {"shr*", RULE_UNSURE, NULL},
    {"sar*", RULE_UNSURE, NULL},
    {"rol*", RULE_UNSURE, NULL},
    {"ror*", RULE_UNSURE, NULL},
    {"rcl*", RULE_UNSURE, NULL},
    {"rcr*", RULE_UNSURE, NULL},
    {"bsf*", RULE_BIT_SCAN, NULL},
    {"cmpxchg16b", RULE_REFUSED, HELP_CMPXCHG16B},
    {"cmpxchg8b", RULE_REFUSED, HELP_CMPXCHG16B},
    {"cmpxchg*", RULE_SWAP, NULL},
    {"cmpsb", RULE_REFUSED, HELP_STRING},
    {"cmpsw", RULE_REFUSED, HELP_STRING},
    {"cmpsl", RULE_REFUSED, HELP_STRING},
    {"cmpsq", RULE_REFUSED, HELP_STRING},
    {"cmp", RULE_READ, NULL},
    {"cmpb", RULE_READ, NULL},
    {"cmpw", RULE_READ, NULL},
    {"cmpl", RULE_READ, NULL},
    {"cmpq", RULE_READ, NULL},
    {"test*", RULE_READ, NULL},
    {"ptest", RULE_READ, NULL},
    {"comis*", RULE_READ, NULL},
    {"ucomis*", RULE_READ, NULL},
    {"xchg*", RULE_SWAP, NULL},
    {"xadd*", RULE_SWAP, NULL},
    {"mulx*", RULE_SWAP, NULL},
    {"btc*", RULE_BIT_STRING, NULL},
    {"btr*", RULE_BIT_STRING, NULL},
    {"bts*", RULE_BIT_STRING, NULL},
    {"bt", RULE_BIT_STRING, NULL},
    {"btw", RULE_BIT_STRING, NULL},
    {"btl", RULE_BIT_STRING, NULL},
    {"btq", RULE_BIT_STRING, NULL},
    {"jrcxz", RULE_REFUSED, HELP_LOOP},
    {"jecxz", RULE_REFUSED, HELP_LOOP},
    {"jcxz", RULE_REFUSED, HELP_LOOP},
    {"jmpf*", RULE_REFUSED, HELP_HAND},
    {"j*", RULE_BRANCH, NULL},
    {"loop*", RULE_REFUSED, HELP_LOOP},
    {"syscall", RULE_REFUSED, HELP_SYSCALL},
    {"sysenter", RULE_REFUSED, HELP_SYSCALL},
    {"sysexit*", RULE_REFUSED, HELP_PRIVILEGED},
    {"sysret*", RULE_REFUSED, HELP_PRIVILEGED},
    {"int", RULE_REFUSED, HELP_SYSCALL},
    {"int1", RULE_REFUSED, HELP_HAND},
    {"into", RULE_REFUSED, HELP_HAND},
    {"cpuid", RULE_PROCESSOR, NULL},
    {"xgetbv", RULE_PROCESSOR, NULL},
    {"rdtsc*", RULE_REFUSED, HELP_CLOCK},
    {"rdpmc", RULE_REFUSED, HELP_CLOCK},
    {"rdpid", RULE_REFUSED, HELP_CLOCK},
    {"hlt", RULE_REFUSED, "use ud2 to stop the program"},
    {"std", RULE_REFUSED, "the direction flag is always clear: copy with memmove()"},
    {"cld", RULE_REFUSED, "the direction flag is always clear: leave it out"},
    {"popf*", RULE_REFUSED, HELP_FLAGS},
    {"pushf*", RULE_REFUSED, HELP_FLAGS},
    {"ldmxcsr", RULE_REFUSED, HELP_FENV},
    {"stmxcsr", RULE_REFUSED, HELP_FENV},
    {"vldmxcsr", RULE_REFUSED, HELP_FENV},
    {"vstmxcsr", RULE_REFUSED, HELP_FENV},
    {"fldcw*", RULE_REFUSED, HELP_X87},
    {"fldenv*", RULE_REFUSED, HELP_X87},
    {"fnstenv*", RULE_REFUSED, HELP_X87},
    {"fstenv*", RULE_REFUSED, HELP_X87},
    {"fninit", RULE_REFUSED, HELP_X87},
    {"finit", RULE_REFUSED, HELP_X87},
    {"fnsave*", RULE_REFUSED, HELP_X87},
    {"fsave*", RULE_REFUSED, HELP_X87},
    {"frstor*", RULE_REFUSED, HELP_X87},
    {"fxsave*", RULE_REFUSED, HELP_FENV},
    {"fxrstor*", RULE_REFUSED, HELP_FENV},
    {"xsave*", RULE_REFUSED, HELP_FENV},
    {"xrstor*", RULE_REFUSED, HELP_FENV},
    {"rdfsbase*", RULE_REFUSED, HELP_SEGMENT},
    {"rdgsbase*", RULE_REFUSED, HELP_SEGMENT},
    {"wrfsbase*", RULE_REFUSED, HELP_SEGMENT},
    {"wrgsbase*", RULE_REFUSED, HELP_SEGMENT},
    {"swapgs", RULE_REFUSED, HELP_PRIVILEGED},
    {"scas*", RULE_REFUSED, HELP_STRING},
    {"lods*", RULE_REFUSED, HELP_STRING},
    {"xlat*", RULE_REFUSED, HELP_HAND},
    {"enter*", RULE_REFUSED, HELP_HAND},
    {"in", RULE_REFUSED, HELP_PRIVILEGED},
    {"inb", RULE_REFUSED, HELP_PRIVILEGED},
    {"inw", RULE_REFUSED, HELP_PRIVILEGED},
    {"inl", RULE_REFUSED, HELP_PRIVILEGED},
    {"insb", RULE_REFUSED, HELP_PRIVILEGED},
    {"insw", RULE_REFUSED, HELP_PRIVILEGED},
    {"insl", RULE_REFUSED, HELP_PRIVILEGED},
    {"out*", RULE_REFUSED, HELP_PRIVILEGED},
    {"cli", RULE_REFUSED, HELP_PRIVILEGED},
    {"sti", RULE_REFUSED, HELP_PRIVILEGED},
    {"lret*", RULE_REFUSED, HELP_HAND},
    {"lcall*", RULE_REFUSED, HELP_HAND},
    {"ljmp*", RULE_REFUSED, HELP_HAND},
    {"iret*", RULE_REFUSED, HELP_PRIVILEGED},
    {"wrpkru", RULE_REFUSED, HELP_PRIVILEGED},
    {"rdpkru", RULE_REFUSED, HELP_PRIVILEGED},
    {"maskmov*", RULE_REFUSED, HELP_MASKED},
    {"vmaskmovdqu", RULE_REFUSED, HELP_MASKED},
    {"vmaskmov*", RULE_UNSURE, NULL},
    {"vpmaskmov*", RULE_UNSURE, NULL},
    {"vgather*", RULE_REFUSED, HELP_MASKED},
    {"vpgather*", RULE_REFUSED, HELP_MASKED},
    {"xbegin", RULE_REFUSED, HELP_TRANSACTION},
    {"xend", RULE_REFUSED, HELP_TRANSACTION},
    {"xabort", RULE_REFUSED, HELP_TRANSACTION},
    {"xtest", RULE_REFUSED, HELP_TRANSACTION},
    {"gf2p8*", RULE_REFUSED, HELP_NOT_OFFERED},
    {"vgf2p8*", RULE_REFUSED, HELP_NOT_OFFERED},
    {"vcvtph2ps*", RULE_REFUSED, HELP_NOT_OFFERED},
    {"vcvtps2ph*", RULE_REFUSED, HELP_NOT_OFFERED},
    {"adcx*", RULE_REFUSED, HELP_NOT_OFFERED},
    {"adox*", RULE_REFUSED, HELP_NOT_OFFERED},
    {"rdrand*", RULE_REFUSED, HELP_RANDOM},
    {"rdseed*", RULE_REFUSED, HELP_RANDOM},
    {"emms", RULE_REFUSED, HELP_VECTOR},
    {"femms", RULE_REFUSED, HELP_VECTOR},
    {"movdir*", RULE_REFUSED, HELP_HAND},
    {"enqcmd*", RULE_REFUSED, HELP_HAND},
    {"monitor*", RULE_REFUSED, HELP_PRIVILEGED},
    {"mwait*", RULE_REFUSED, HELP_PRIVILEGED},
    {"rdssp*", RULE_REFUSED, HELP_PRIVILEGED},
    {"incssp*", RULE_REFUSED, HELP_PRIVILEGED},
};

static const struct rule plain = {"", RULE_PLAIN, NULL};

static bool rule_matches(const char *pattern, const char *name)
{
    size_t len = strlen(pattern);

    if (pattern[len - 1] == '*') {
        return !strncmp(pattern, name, len - 1);
    }
    return !strcmp(pattern, name);
}

const struct rule *rule_find(const char *name)
{
    for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++) {
        if (*rules[i].pattern == *name && rule_matches(rules[i].pattern, name)) {
            return &rules[i];
        }
    }
    return &plain;
}
