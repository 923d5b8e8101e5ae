/* The options that are not simply handed to the compiler. */
#ifndef CC_OPTION_TABLE_H
#define CC_OPTION_TABLE_H

#include "cc.h"

/* What to do with an option. */
enum option_action {
    TO_COMPILER,
    TO_LINKER,
    IGNORE, /* has no meaning here, or the contrary of what a module needs */
    REFUSE,
    ASK_GCC,
};

struct option_rule {
    const char *pattern; /* a final '*' stands for any rest */
    enum option_action action;
    bool argument;    /* the next word belongs to it */
    const char *help; /* refused: why */
};

/** Does @option fit @pattern, whose final '*' stands for any rest? */
bool option_matches(const char *pattern, const char *option);

/** Returns the rule for @option, or NULL: it goes to the compiler. */
const struct option_rule *option_rule_find(const char *option);

#endif
