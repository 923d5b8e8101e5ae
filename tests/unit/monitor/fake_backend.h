/*
 * A backend that maps nothing and remembers what it was asked: what each cubicle could
 * reach if it were real, and how often it was called.
 */
#ifndef TESTS_UNIT_MONITOR_FAKE_BACKEND_H
#define TESTS_UNIT_MONITOR_FAKE_BACKEND_H

#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>

#define FAKE_CUBICLES 8
#define FAKE_PAGES 4096 /* pages from FAKE_FIRST on are watched */
#define FAKE_FIRST 0x80000u

/** Rights with which @page is mapped in the view of @id; 0: not mapped. */
unsigned fake_rights(unsigned id, uint32_t page);

/** How many mappings the host has for these pages (fake_keys.c only). */
unsigned fake_mappings(uint32_t page, uint32_t npages);

/** Calls of each operation since fake_reset(). */
struct fake_calls {
    unsigned map, unmap, empty, protect, share, revoke;
    uint32_t emptied, nemptied; /* the last that were */
};
extern struct fake_calls fake_calls;

/** The next calls of these fail with -ENOMEM while the flag is set; share_many: of more than
 *  a page; split: of a part of what is mapped alike. */
extern bool fake_fail_map, fake_fail_unmap, fake_fail_protect, fake_fail_share,
    fake_fail_share_many, fake_fail_revoke, fake_fail_split, fake_fail_empty;

/** Forgets everything; makes itself the backend. */
void fake_reset(void);

/* panic() lands here, with its text. */
extern jmp_buf fake_panic;
extern const char *fake_panic_text;

/** True when @statement ends in panic(). */
#define FAKE_PANICS(statement) (setjmp(fake_panic) != 0 || ((void)(statement), false))

#endif
