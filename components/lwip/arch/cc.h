/* What lwIP asks of its compiler and platform. */
#ifndef LWIP_ARCH_CC_H
#define LWIP_ARCH_CC_H

#include <endian.h>
#include <stdint.h>

/** A broken invariant ends the component: @what is in the report. */
void stack_assert(const char *what) __attribute__((noreturn));
/** 32 bits that nobody can guess. */
uint32_t stack_random(void);

#define LWIP_PLATFORM_DIAG(x) ((void)0)
#define LWIP_PLATFORM_ASSERT(x) stack_assert(x)
#define LWIP_RAND() stack_random()
#define LWIP_ERRNO_STDINCLUDE 1
#define LWIP_NO_CTYPE_H 1

#define lwip_htons(x) __builtin_bswap16((uint16_t)(x))
#define lwip_htonl(x) __builtin_bswap32((uint32_t)(x))

#endif
