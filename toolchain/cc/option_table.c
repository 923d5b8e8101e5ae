#include "option_table.h"

#include <string.h>

/* First match wins. What is not listed goes to the compiler. */
static const struct option_rule rules[] = {
    {"-I", TO_COMPILER, true, NULL},
    {"-D", TO_COMPILER, true, NULL},
    {"-U", TO_COMPILER, true, NULL},
    {"-include", TO_COMPILER, true, NULL},
    {"-imacros", TO_COMPILER, true, NULL},
    {"-isystem", TO_COMPILER, true, NULL},
    {"-iquote", TO_COMPILER, true, NULL},
    {"-idirafter", TO_COMPILER, true, NULL},
    {"-iprefix", TO_COMPILER, true, NULL},
    {"-iwithprefix", TO_COMPILER, true, NULL},
    {"-isysroot", TO_COMPILER, true, NULL},
    {"-aux-info", TO_COMPILER, true, NULL},
    {"-Xpreprocessor", TO_COMPILER, true, NULL},
    {"--param", TO_COMPILER, true, NULL},
    {"-L", TO_LINKER, true, NULL},
    {"-L*", TO_LINKER, false, NULL},
    {"-u", TO_LINKER, true, NULL},
    {"-T", REFUSE, true, "the layout of a module is fixed"},
    {"-z", IGNORE, true, NULL},
    {"-e", IGNORE, true, NULL},
    {"-Xassembler", IGNORE, true, NULL},
    {"-Wa,*", IGNORE, false, NULL},
    {"-flto*", IGNORE, false, NULL},
    {"-ffat-lto-objects", IGNORE, false, NULL},
    {"-fuse-ld=*", IGNORE, false, NULL},
    {"-fpic", IGNORE, false, NULL},
    {"-fPIC", IGNORE, false, NULL},
    {"-fpie", IGNORE, false, NULL},
    {"-fPIE", IGNORE, false, NULL},
    {"-pie", IGNORE, false, NULL},
    {"-no-pie", IGNORE, false, NULL},
    {"-static-pie", IGNORE, false, NULL},
    {"-static", IGNORE, false, NULL},
    {"-static-libgcc", IGNORE, false, NULL},
    {"-pthread", IGNORE, false, NULL},
    {"-rdynamic", IGNORE, false, NULL},
    {"-pipe", IGNORE, false, NULL},
    {"-save-temps*", IGNORE, false, NULL},
    {"-fstack-protector*", IGNORE, false, NULL},
    {"-fcf-protection*", IGNORE, false, NULL},
    {"-mcmodel=*", IGNORE, false, NULL},
    {"-mtls-dialect=*", IGNORE, false, NULL},
    {"-shared", REFUSE, false, "modules are linked statically; make an archive"},
    {"-m32", REFUSE, false, "cubicles run 64-bit code"},
    {"-mx32", REFUSE, false, "cubicles run 64-bit code"},
    {"-m16", REFUSE, false, "cubicles run 64-bit code"},
    {"-mabi=ms", REFUSE, false, "cubicles use the System V calling convention"},
    {"-pg", REFUSE, false, "use `cubicle run --stats' or `perf'"},
    {"-p", REFUSE, false, "use `cubicle run --stats' or `perf'"},
    {"-fsanitize=*", REFUSE, false, "sanitizers need a run time of their own"},
    {"-fsplit-stack", REFUSE, false, "stacks are of fixed size"},
    {"-dump*", ASK_GCC, false, NULL},
    {"-print-*", ASK_GCC, false, NULL},
    {"--print-*", ASK_GCC, false, NULL},
    {"--help=*", ASK_GCC, false, NULL},
    {"--target-help", ASK_GCC, false, NULL},
    {"-MT", TO_COMPILER, true, NULL},
    {"-MQ", TO_COMPILER, true, NULL},
};

bool option_matches(const char *pattern, const char *option)
{
    size_t len = strlen(pattern);

    return pattern[len - 1] == '*' ? !strncmp(pattern, option, len - 1)
                                   : !strcmp(pattern, option);
}

const struct option_rule *option_rule_find(const char *option)
{
    for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++) {
        if (option_matches(rules[i].pattern, option)) {
            return &rules[i];
        }
    }
    return NULL;
}
