/*
 * What the conformance tests call: every kind of parameter that an interface can have,
 * and a callee that reads and writes wherever it is told to.
 */
#ifndef CUBICLE_TEST_PEER_H
#define CUBICLE_TEST_PEER_H

#include <cubicle/interface.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

CUBICLE_INTERFACE(peer);

int peer_null(void);
int64_t peer_sum6(int64_t a, int64_t b, int64_t c, int64_t d, int64_t e, int64_t f);
/** Sum of the arguments, each multiplied by its position from 1: six of them on the
 * stack. */
int64_t peer_weigh12(int64_t a, int64_t b, int64_t c, int64_t d, int64_t e, int64_t f,
                     int64_t g, int64_t h, int64_t i, int64_t j, int64_t k, int64_t l);
double peer_scale(double x, int64_t k, double y);
/** Returns its argument: the callee sees what the declared width can hold. */
int8_t peer_i8(int8_t x);
uint8_t peer_u8(uint8_t x);
int16_t peer_i16(int16_t x);
uint16_t peer_u16(uint16_t x);
int32_t peer_i32(int32_t x);
uint32_t peer_u32(uint32_t x);
uint64_t peer_opaque(CUBICLE_OPAQUE void *p);
int peer_caller(CUBICLE_CALLER int caller);

/** Sum of the bytes. */
uint64_t peer_sum(CUBICLE_IN(len) const uint8_t *buf, size_t len);
/** Writes @value over its copy of @buf. */
int peer_scribble(CUBICLE_IN(len) const uint8_t *buf, size_t len, int value);
/** Fills all of @buf. */
int peer_fill(CUBICLE_OUT(len) uint8_t *buf, size_t len, int value);
/** Fills all of @buf, returns @result: only so many bytes come back. */
ssize_t peer_fill_ret(CUBICLE_OUT(len, ret) uint8_t *buf, size_t len, int value,
                      int64_t result);
/** Returns @result without a look at @buf: what the caller then finds must not be the
 *  callee's memory. */
int peer_ignore(CUBICLE_OUT(len) uint8_t *buf, size_t len, int result);
/** Adds one to every byte. */
int peer_increment(CUBICLE_INOUT(len) uint8_t *buf, size_t len);
/** Fills *@len bytes, then stores *@len / 2. */
int peer_fill_deref(CUBICLE_OUT(*len) uint8_t *buf,
                    CUBICLE_INOUT(sizeof(uint64_t)) uint64_t *len, int value);
/** Copies @in to @out; overlap of the caller's ranges does not show. */
int peer_copy(CUBICLE_IN(len) const uint8_t *in, CUBICLE_OUT(len) uint8_t *out,
              size_t len);
/** Length of the string, at most 15. */
int peer_length(CUBICLE_STRING(16) const char *text);
/** 1 when @buf is NULL, else its first byte. */
int peer_or_null(CUBICLE_IN(len) CUBICLE_OR_NULL const uint8_t *buf, size_t len);
/** Brings in [@at, @at + @n) of @buf: their sum, or -EFAULT. */
int64_t peer_take(CUBICLE_IN(len) CUBICLE_ON_DEMAND const uint8_t *buf, size_t len,
                  size_t at, size_t n);
/** The same for whatever call peer_take() was before. */
int64_t peer_take_late(size_t at, size_t n);
/** Brings @buf in to @to, which need not be the peer's. */
int peer_take_to(CUBICLE_IN(len) CUBICLE_ON_DEMAND const uint8_t *buf, size_t len,
                 uint64_t to);
/** Passes [@at, @at + @n) of @buf on: as PASS_ says. */
enum { PASS_COPIED, PASS_ON_DEMAND, PASS_AS_RESULT, PASS_AFTER_CALL };
int64_t peer_pass(CUBICLE_IN(len) CUBICLE_ON_DEMAND const uint8_t *buf, size_t len,
                  size_t at, size_t n, int how);
/** Reads the first byte without bringing it in. */
int peer_peek(CUBICLE_IN(len) CUBICLE_ON_DEMAND const uint8_t *buf, size_t len);
/** Address of the callee's copy. */
uint64_t peer_address(CUBICLE_IN(len) const uint8_t *buf, size_t len);

/** Calls home_step(depth - 1) back while @depth is above 0; returns the number of calls
 * made. */
int peer_step(int depth);
/** Calls home_event(@event) and then reads the byte at @address. */
int peer_event_then_read(int event, uint64_t address);

/** Reads, writes one byte, wherever it is. */
int peer_read(uint64_t address);
int peer_write(uint64_t address, int value);
/** Opens a window of its own over [@address, @address + @len) to @to; the id or an
 * error. */
int peer_lend(uint64_t address, size_t len, int rights, int to);
/** cubicle_window_destroy(@id) as the peer. */
int peer_unlend(int id);

/** Maps @size bytes, checks that they are zero, dirties them, unmaps. 0, 1 not zero,
 * -errno. */
int peer_dirty_pages(size_t size);
/** malloc(@size) and keep; the address or 0. */
uint64_t peer_keep(size_t size);

/** Keeps @value in variables of every kind. What they held before; -1 where that differs. */
int peer_state(int value);
#define PEER_STATE_AT_FIRST 41

/** How peer_die() ends the peer. */
enum {
    DIE_NULL,
    DIE_ILLEGAL,
    DIE_DIVIDE,
    DIE_STACK,
    DIE_ABORT,
    DIE_EXIT,
    DIE_THIRD /* by a call to third_die(), whose error it returns */
};
int peer_die(int how);

/** Changes every register; returns 42. */
int peer_clobber(void);
/** What is in the arguments' registers above what is declared; should be 0. */
uint64_t peer_above(uint8_t a, uint16_t b, uint32_t c, CUBICLE_OPAQUE void *d);
/** Return with ones in all of the result's register. */
int32_t peer_half(void);
void peer_nothing(void);
/** Sets its floating-point control words, unless @fenv is 0; those that it was called with. */
uint64_t peer_control_words(uint64_t fenv);
/** Sets a thread-local variable of its own, which begins as 1; what was there. */
int peer_thread_local(int value);
/** Is its x87 stack empty, so that it can compute? Fills it then. */
int peer_x87(void);
/** Stores what it finds in the registers on entry: 16 general, then 16 ymm of 32 bytes. */
int peer_registers(CUBICLE_OUT(640) uint8_t *registers);

#endif
