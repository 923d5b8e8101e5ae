#include "int128.h"

uint128 __udivti3(uint128 n, uint128 d);
uint128 __umodti3(uint128 n, uint128 d);
int128 __divti3(int128 n, int128 d);
int128 __modti3(int128 n, int128 d);
int128 __divmodti4(int128 n, int128 d, int128 *rest);

uint128 __udivti3(uint128 n, uint128 d)
{
    return __udivmodti4(n, d, 0);
}

uint128 __umodti3(uint128 n, uint128 d)
{
    uint128 rest;
    __udivmodti4(n, d, &rest);
    return rest;
}

int128 __divmodti4(int128 n, int128 d, int128 *rest)
{
    uint128 r;
    const uint128 q = __udivmodti4(magnitude128(n), magnitude128(d), &r);
    *rest = n < 0 ? -r : r;
    return (n < 0) != (d < 0) ? -q : q;
}

int128 __divti3(int128 n, int128 d)
{
    int128 rest;
    return __divmodti4(n, d, &rest);
}

int128 __modti3(int128 n, int128 d)
{
    int128 rest;
    __divmodti4(n, d, &rest);
    return rest;
}
