/*
 * What every cubicle may ask of the monitor: its identity, windows, its pages' rights,
 * its thread pointer, its floating-point environment, and to stop.
 *
 * All functions: any thread, never from a fault handler. Errors are negative errno values.
 */
#ifndef CUBICLE_CUBICLE_H
#define CUBICLE_CUBICLE_H

#include <cubicle/interface.h>
#include <stddef.h>
#include <stdint.h>

CUBICLE_INTERFACE(cubicle);

/** Rights of a window. Write implies read. */
#define CUBICLE_READ 1
#define CUBICLE_WRITE 3

/** Returns the id of the running cubicle, >= 1. */
int cubicle_self(void);

/** Returns the id of the cubicle named @name in the manifest, or -ENOENT. */
int cubicle_find(CUBICLE_STRING(64) const char *name);

/**
 * Creates an empty window of the running cubicle.
 * Returns its id (> 0), or -ENOSPC when the cubicle has too many windows.
 * Ids are never valid for another cubicle, and are not soon reused.
 */
int cubicle_window_init(void);

/**
 * Adds [@base, @base + @len) with @rights to window @id. Sharing is per 4 KiB page: whoever the window is
 * opened to can reach every byte of every page that the range touches. Pages of a stack cannot be lent.
 * The memory is the caller's own, or is granted to it by a window at least as wide and as strong (delegation):
 * such a range ends with the grant it comes from.
 * Returns 0; -EINVAL @id unknown, empty or wrapping range, bad rights; -EPERM not the caller's memory and no
 * grant covers it, or a stack; -ENOSPC no free range.
 */
int cubicle_window_add(int id, CUBICLE_OPAQUE void *base, size_t len, int rights);

/** Takes the range that starts at @base out of window @id and revokes it. 0, -EINVAL, -ENOENT. */
int cubicle_window_remove(int id, CUBICLE_OPAQUE void *base);

/** Opens window @id to cubicle @peer. 0; -EINVAL unknown window, -ESRCH no such cubicle or a dead one. */
int cubicle_window_open(int id, int peer);

/**
 * Closes window @id to @peer. When it returns, @peer (and whoever @peer delegated to) can no longer reach the
 * memory, unless the system runs with --revoke=lazy. 0, -EINVAL, -ESRCH.
 */
int cubicle_window_close(int id, int peer);

/** Closes window @id to everybody. 0, -EINVAL. */
int cubicle_window_close_all(int id);

/** Closes window @id to everybody and frees the id. 0, -EINVAL. */
int cubicle_window_destroy(int id);

/**
 * The cubicle that lends [@base, @base + @len) to the caller: every page of the range is owned by that one other
 * cubicle, and windows let the caller use it with @rights now. It can end the loan at any time.
 * Its id (> 0); -EINVAL empty or wrapping range, bad rights; -EPERM a page is the caller's own, nobody's, another
 * owner's than the first, or not lent with these rights.
 */
int cubicle_window_lender(CUBICLE_OPAQUE const void *base, size_t len, int rights);

/**
 * Changes the rights of the caller's own heap pages.
 * @base, @len  multiples of 4096.
 * @rights      0 (no access), CUBICLE_READ or CUBICLE_WRITE.
 * 0; -EINVAL misaligned or empty, -EPERM not own heap pages.
 */
int cubicle_page_protect(CUBICLE_OPAQUE void *base, size_t len, int rights);

/**
 * Makes the caller's own heap pages zero, for whoever reaches them; rights and windows stay. Costs the host nothing for
 * pages that were not touched. @base, @len multiples of 4096.
 * 0; -EINVAL misaligned or empty, -EPERM not own heap pages; then nothing has changed.
 */
int cubicle_page_discard(CUBICLE_OPAQUE void *base, size_t len);

/** The rights of the caller's own heap pages [@base, @base + @len): 0, CUBICLE_READ or CUBICLE_WRITE; -EINVAL misaligned
 *  or empty, or not the same on all; -EPERM not own heap pages. */
int cubicle_page_rights(CUBICLE_OPAQUE const void *base, size_t len);

/**
 * Gives [@base, @base + @npages * 4096) of free heap space to the cubicle that called the running one, zeroed.
 * Only for modules that the manifest names as `allocator`. @owner must be the caller's id as the trampoline
 * passed it (0: the running cubicle itself).
 * Pages that are all heap pages of @owner already become what fresh ones are: zero, writable, in no window.
 * 0; -EPERM not an allocator or @owner did not call it, -EINVAL range not in heap space, -EBUSY a page is not
 * free, -ENOMEM @owner's quota is used up or the host has no memory.
 */
int cubicle_page_assign(int owner, CUBICLE_OPAQUE void *base, size_t npages);

/** Takes heap pages of @owner out of every window: when it returns nobody but @owner can reach them. They stay
 *  @owner's, as they are, and can be released at any time. Errors as above, -EPERM also where a page is not a heap page
 *  of @owner. */
int cubicle_page_recall(int owner, CUBICLE_OPAQUE void *base, size_t npages);

/** Ends what a recall of these pages began: they are @owner's to use, with the contents that they had. Errors as above,
 *  -EPERM also where a page was not recalled. */
int cubicle_page_resume(int owner, CUBICLE_OPAQUE void *base, size_t npages);

/** Takes the pages back: every mapping ends and they are zeroed before another use. Of recalled pages any cubicle may
 *  be @owner, not only the caller's caller. Errors as above, -EPERM also where a page is not a heap page of @owner. */
int cubicle_page_release(int owner, CUBICLE_OPAQUE void *base, size_t npages);

/** Takes the next run of heap pages away from @owner, who has ended and is about to be set up anew: *@base becomes the
 *  offset of the first. Their number; 0 there are none left; -EPERM not an allocator, or @owner has not ended. */
int64_t cubicle_page_reclaim(int owner, CUBICLE_OUT(sizeof(uint64_t)) uint64_t *base);

/** First offset of the heap space and its size in bytes (what an allocator may hand out). 0, -EPERM. */
int cubicle_page_space(CUBICLE_OUT(sizeof(uint64_t)) uint64_t *base,
                       CUBICLE_OUT(sizeof(uint64_t)) uint64_t *size);

/**
 * Sets the running cubicle's thread pointer (what the thread-pointer slot reads while it runs).
 * Once per cubicle and thread: later calls answer -EBUSY and change nothing.
 */
int cubicle_thread_pointer_set(CUBICLE_OPAQUE void *tp);

/** Reads the MXCSR (low 32 bits) and the x87 control word (bits 32-47) and status word (48-63). */
uint64_t cubicle_fenv_get(void);

/** Sets both, in the format of cubicle_fenv_get(); bits that unmask an exception are refused with -EINVAL.
 *  Lasts until the running cross-cubicle call returns; a callee always starts with the default. */
int cubicle_fenv_set(uint64_t fenv);

/** Ends the outermost call into the running cubicle; that call returns @status to its caller. */
void cubicle_exit(int status) __attribute__((noreturn));

/** Stops the running cubicle as a fault would, with @reason in the report. */
void cubicle_abort(CUBICLE_STRING(256) const char *reason) __attribute__((noreturn));

/**
 * The running cubicle's epoch: a number that it changes when what others remember of its answers is no longer true.
 * 0, as in the beginning: nothing may be remembered. A cubicle that is begun anew has another one than before, unless
 * it was 0, and goes on from there: no number comes back.
 */
void cubicle_epoch_set(uint64_t epoch);

/** The epoch of cubicle @id; 0 where there is none, or a dead one. As cheap as a call gets: it stays in the monitor. */
uint64_t cubicle_epoch(int id);

/**
 * Nanoseconds of the host's CLOCK_REALTIME (0) or CLOCK_MONOTONIC (1), exactly; -EINVAL. As cheap as cubicle_epoch(), and what
 * the host's vDSO takes for it: no other cubicle is entered.
 */
int64_t cubicle_clock(int clock);

/**
 * Copies @size bytes from @at on of the CUBICLE_ON_DEMAND range of the call that the running cubicle is in to @to.
 * Use cubicle_in_copy() of cubicle/in.h, which also knows ranges that are there already.
 * 0; -EFAULT there is no such range, or it is shorter, or one of the two is not to be accessed.
 */
int cubicle_fetch(CUBICLE_OPAQUE void *to, size_t at, size_t size);

/*
 * Signals that somebody outside sends to the system: TERM, INT, QUIT, HUP, USR1, USR2, WINCH, ALRM. Bit n - 1 of a set
 * is signal n. Only the application's cubicle may use these four: to others they are -EPERM. What it does not name in
 * cubicle_signal_set() has the effect that Linux gives it by default.
 */

/**
 * From now on signals of @catches are noted and end waits with -EINTR, those of @holds are noted, and those of @ignores
 * are dropped, also where they were noted. @ignores goes before @catches before @holds. The set of those that were
 * ignored when the system started, and are until the first call.
 */
int64_t cubicle_signal_set(uint64_t catches, uint64_t holds, uint64_t ignores);

/** Takes what has been noted of @which: a set, perhaps empty. */
int64_t cubicle_signal_take(uint64_t which);

/** Waits until one of @which, or of the caught ones, is noted, at most @timeout_ns (-1: for ever). 1; 0 the time is over. */
int cubicle_signal_wait(uint64_t which, int64_t timeout_ns);

/** setitimer(2), ITIMER_REAL: ALRM in @first_ns (0: never) and then each @interval_ns (0: only once). @first_ns
 *  UINT64_MAX changes nothing. *@left becomes what both were. 0. */
int cubicle_signal_timer(uint64_t first_ns, uint64_t interval_ns,
                         CUBICLE_OUT(2 * sizeof(uint64_t)) uint64_t *left);

/**
 * Binds provider @provider of interface @interface (one with several providers).
 * @fingerprint  of the interface as the caller was built with it: what <interface>_bind() passes.
 * @table  receives @size bytes: one trampoline address of 8 bytes per function, in the order of declaration.
 * 0; -ENOENT no such provider; -EACCES no row of the manifest's `bind` lets the caller use it; -EINVAL @size or
 * @fingerprint differs: the caller was built from another version of the header.
 */
int cubicle_bind(CUBICLE_STRING(64) const char *interface, uint64_t fingerprint,
                 CUBICLE_STRING(64) const char *provider, CUBICLE_OUT(size) void *table, size_t size);

#endif
