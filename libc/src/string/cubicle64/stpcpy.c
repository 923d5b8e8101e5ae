#define _GNU_SOURCE
#include <string.h>

#include "vec.h"

char *__stpcpy(char *restrict d, const char *restrict s)
{
    const size_t n = strlen(s);
    memcpy(d, s, n + 1);
    return d + n;
}

char *stpcpy(char *restrict, const char *restrict)
    __attribute__((__weak__, VEC_ALIAS(__stpcpy)));
