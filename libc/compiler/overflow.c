/* Arithmetic of -ftrapv. */
#include "int128.h"

#define TRAPPING(name, type, operation) \
    type name(type a, type b);          \
    type name(type a, type b)           \
    {                                   \
        type result;                    \
        if (operation(a, b, &result)) { \
            __builtin_trap();           \
        }                               \
        return result;                  \
    }

#define TRAPPING_NEGATION(name, type)                      \
    type name(type a);                                     \
    type name(type a)                                      \
    {                                                      \
        type result;                                       \
        if (__builtin_sub_overflow((type)0, a, &result)) { \
            __builtin_trap();                              \
        }                                                  \
        return result;                                     \
    }

TRAPPING(__addvsi3, int32_t, __builtin_add_overflow)
TRAPPING(__addvdi3, int64_t, __builtin_add_overflow)
TRAPPING(__addvti3, int128, __builtin_add_overflow)
TRAPPING(__subvsi3, int32_t, __builtin_sub_overflow)
TRAPPING(__subvdi3, int64_t, __builtin_sub_overflow)
TRAPPING(__subvti3, int128, __builtin_sub_overflow)
TRAPPING(__mulvsi3, int32_t, __builtin_mul_overflow)
TRAPPING(__mulvdi3, int64_t, __builtin_mul_overflow)
TRAPPING_NEGATION(__negvsi2, int32_t)
TRAPPING_NEGATION(__negvdi2, int64_t)
TRAPPING_NEGATION(__negvti2, int128)

#define TRAPPING_ABSOLUTE(name, type, negate) \
    type name(type a);                        \
    type name(type a)                         \
    {                                         \
        return a < 0 ? negate(a) : a;         \
    }

TRAPPING_ABSOLUTE(__absvsi2, int32_t, __negvsi2)
TRAPPING_ABSOLUTE(__absvdi2, int64_t, __negvdi2)
TRAPPING_ABSOLUTE(__absvti2, int128, __negvti2)
