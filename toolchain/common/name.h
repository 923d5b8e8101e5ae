/* The characters of names in assembly source, as GNU as reads them. */
#ifndef TOOLCHAIN_NAME_H
#define TOOLCHAIN_NAME_H

#include <ctype.h>
#include <stdbool.h>

/** May a name begin with @c? Every byte of a letter that is not ASCII (UTF-8) may. */
static inline bool name_starts(char c)
{
    return isalpha((unsigned char)c) || c == '_' || c == '.' || (c & 0x80);
}

/** May @c stand in a name? */
static inline bool name_has(char c)
{
    return name_starts(c) || (c >= '0' && c <= '9') || c == '$';
}

#endif
