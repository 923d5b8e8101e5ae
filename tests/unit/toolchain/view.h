/*
 * A view for tests: 4 GiB of memory reached through GS, code below 2 GiB, a stack. The
 * monitor's loader in small, without isolation from the host: it runs trusted programs.
 */
#ifndef TESTS_TOOLCHAIN_VIEW_H
#define TESTS_TOOLCHAIN_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VIEW_CODE 0x00100000u  /* where modules are placed */
#define VIEW_STUBS 0x7f000000u /* one page of import stubs */
#define VIEW_STACK 0x80000000u
#define VIEW_STACK_SIZE 0x00800000u
#define VIEW_HEAP 0x90000000u
#define VIEW_HEAP_SIZE 0x00400000u

/** Base of the view. Set by view_create(). */
extern char *view_base;

/** Reserves the view and maps its stack and heap. Returns false after a message. */
bool view_create(void);

/** The host's address of @offset. */
void *view_pointer(uint64_t offset);

/** Gives host function @function an address that a module can call; 32-aligned. */
uint32_t view_stub(void *function);

/** Calls the code at @entry on the view's stack, GS and thread pointer in place. */
uint64_t view_call(uint32_t entry, uint64_t first, uint64_t second);

/** The FS displacements of the slots with the thread pointer and the view's base. */
int32_t view_tp_displacement(void);
int32_t view_base_displacement(void);

/** Sets what the slot holds: an offset. */
void view_set_tp(uint64_t tp);

#endif
