/*
 * The thread pointer and the thread-local storage of the one thread.
 *
 * Variant II: the TLS block ends at the thread pointer, where struct pthread begins;
 * its start is round_up(memsz, align) below, with the module's own alignment, which is
 * what the loader's TPOFF32 relocations assume. The thread pointer itself is aligned to
 * 64 at least.
 *
 * Modules that share a cubicle (grouped, or everything with --link=direct) share one
 * thread pointer: the first libc sets it, the others find it set (-EBUSY) and use what
 * is there. The fields of struct pthread mean the same to all; a TLS block of their own
 * they cannot have.
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "libc.h"
#include "pthread_impl.h"
#include "syscall.h"

/* Enough for struct pthread and a little TLS without asking alloc. */
#define STATIC_SIZE 1024

/* The loader's, see docs/libc.md: an address and three absolute symbols that are
 * numbers. */
extern const char __cubicle_tls_image[], __cubicle_tls_filesz[], __cubicle_tls_memsz[],
    __cubicle_tls_align[];

volatile int __thread_list_lock;

static char static_tls[STATIC_SIZE] __attribute__((__aligned__(64)));

/* The number behind an absolute symbol; the compiler must not conclude that it is not
 * 0. */
static size_t init_number(const char *symbol)
{
    __asm__("" : "+r"(symbol));
    return (size_t)symbol;
}

/* mman/cubicle64/__mmap.c has the real one, in modules that use malloc. */
static void *dummy_map(size_t size)
{
    return 0;
}
weak_alias(dummy_map, __tls_map);

int __init_tp(void *p)
{
    pthread_t td = p;
    td->self = td;
    td->detach_state = DT_JOINABLE;
    td->tid = 1;
    td->robust_list.head = &td->robust_list.head;
    td->next = td->prev = td;
    return cubicle_thread_pointer_set(td);
}

int __init_thread(void)
{
    const size_t memsz = init_number(__cubicle_tls_memsz);
    const size_t own_align = init_number(__cubicle_tls_align);
    const size_t align = own_align < 64 ? 64 : own_align;
    const size_t start = own_align == 0 ? memsz : (memsz + own_align - 1) & -own_align;
    const size_t below = (memsz + align - 1) & -align;
    const size_t need = below + sizeof(struct pthread) + align;
    char *mem = need <= sizeof static_tls ? static_tls : __tls_map(need);
    if (!mem) {
        return -ENOMEM;
    }
    char *tp = (char *)(((uintptr_t)mem + below + align - 1) & -align);
    memcpy(tp - start, __cubicle_tls_image, init_number(__cubicle_tls_filesz));

    const int r = __init_tp(tp);
    if (r == -EBUSY) {
        return memsz == 0 ? 0 : -ENOTSUP;
    }
    return r;
}
