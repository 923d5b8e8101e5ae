/*
 * Backend `mpk`: memory protection keys. notes.md tells how it works and what holds it up.
 */
#ifndef MONITOR_BACKEND_MPK_MPK_H
#define MONITOR_BACKEND_MPK_MPK_H

#include "backend/backend.h"
#include "base/thread.h"

/** PKRU, two bits a key: 1 no access, 2 no writing. Everything is 0 for the monitor. */
#define MPK_NO_ACCESS 1u
#define MPK_NO_WRITE 2u
#define MPK_RIGHTS(key, bits) ((uint32_t)(bits) << 2 * (key))
#define MPK_RIGHTS_NONE 0x55555555u

#define MPK_KEY_MONITOR 0 /* what is mapped without a key: all that is the monitor's */

/* --- keys.c: keys, and the pages that carry them ------------------------------------------------------ */

/** Takes all keys of the process. 0; -ENOTSUP where the CPU or kernel has none. */
int keys_init(size_t ncubicles);

/** Keys of what all cubicles may read (struct thread_shown), and of the signal stack. */
extern int keys_shown, keys_signal;

/** The key of cubicle @id, MPK_KEY_MONITOR while it has none. */
int keys_of(unsigned id);

/** Gives cubicle @id a key, another's if need be; what it owns is its again. 0 or -errno. */
int keys_give(unsigned id);

/** Does every key belong to a cubicle, or to a group of hot.c? */
bool keys_all_taken(void);

/** Tags pages of one owner as theirs, with the rights that the page table says. */
int keys_tag_own(uint32_t page, uint32_t npages);

/** Tags them for @id, with @rights. */
int keys_tag(unsigned id, uint32_t page, uint32_t npages, unsigned rights);

/** The peer that the page is tagged for; 0: none, it is its owner's. */
unsigned keys_holder(uint32_t page);

/** K4: one change of tags in a range of pages of one owner may follow; it can cut a run in
 *  two and be one itself. @page is one of them. 0 or -errno. */
int keys_make_room(uint32_t page);

/** Tags a page that is tagged for another as its owner's. -EPERM it was not; 0 or -errno. */
int keys_reclaim(uint32_t page);

/** Drops the contents of the pages: zero from now on. 0 or -errno. */
int keys_empty(uint32_t page, uint32_t npages);

/** Ends the mapping of the pages and drops their contents. 0 or -errno. */
int keys_drop(uint32_t page, uint32_t npages);

/** Holders from here on are groups of hot.c. */
#define KEYS_HOT 0x8000u

/** A key that nobody has, as an index of the pool; false where there is none. */
bool keys_borrow(unsigned *index);
void keys_return(unsigned index);
int keys_pool(unsigned index);
/** Tags a page for group @holder, with the owner's rights. */
int keys_tag_group(unsigned holder, unsigned index, uint32_t page);
/** Works out PKRU of cubicle @id again. */
void keys_refresh(unsigned id);

/* --- hot.c: windows that are opened again and again ----------------------------------- */

/** PKRU @rights of cubicle @id with what groups give it besides. */
uint32_t hot_rights(unsigned id, uint32_t rights);

/** Gives @peer @rights to the page by way of a group; false: it has to be tagged. */
bool hot_share(unsigned owner, unsigned peer, uint32_t page, unsigned rights);

/** Is the page in a group of @peer's? */
bool hot_is(unsigned peer, uint32_t page);
uint32_t hot_next(unsigned peer, uint32_t page, uint32_t npages);

/** Closes the group of pages that begin at @page to @peer. How many of @npages need nothing
 *  more; 0: they have to be tagged. */
uint32_t hot_close(unsigned peer, uint32_t page, uint32_t npages);

/** A page of group @holder is in it no longer. */
void hot_left(unsigned holder);

/** Gives the key of one group back. False where there is none. */
bool hot_dissolve(void);

/* --- scan.c ---------------------------------------------------------------------------- */

/** Makes the process's own libraries harmless. 0, or -errno after a message. */
int scan_process(void);

/* --- signal.c, entry.S --------------------------------------------------------------- */

extern const char mpk_entry_begin[], mpk_entry_end[];

int signal_start_thread(void);
void *signal_entry_for(int signal, void (*handler)(int, siginfo_t *, void *),
                       void (*stop)(void *, struct cubicle *, const char *));
bool signal_interrupted_cubicle(const ucontext_t *context);
void signal_continue_as_monitor(ucontext_t *context);

#endif
