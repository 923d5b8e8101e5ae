/*
 * Instructions that only the monitor's code may hold. Other code may not hold them at any byte,
 * for plain code can jump into the middle of an instruction. cubicle-plain, which writes code
 * without them, is built with this file too.
 */
#ifndef MONITOR_BACKEND_MPK_FORBIDDEN_H
#define MONITOR_BACKEND_MPK_FORBIDDEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** The longest encoding, without prefixes. */
#define FORBIDDEN_MAX 3u

/**
 * Looks at every byte of [@code, @code + @len) for the beginning of one that changes rights
 * (WRPKRU, XRSTOR, XRSTORS, WRFSBASE, WRGSBASE) or, with @calls, enters the kernel (SYSCALL,
 * SYSENTER, INT 0x80). Returns the offset of the first and sets @name; @len: there is none.
 */
size_t forbidden_find(const uint8_t *code, size_t len, bool calls, const char **name);

#endif
