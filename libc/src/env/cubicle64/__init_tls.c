/*
 * The thread pointer and the thread-local storage of the one thread.
 *
 * Variant II: the TLS block ends at the thread pointer, where struct pthread begins;
 * its start is round_up(memsz, align) below, which is what the loader's TPOFF32
 * relocations assume. The loader says how far that is. If the two differed, each thread-local
 * variable would overlap another one, so the module stops.
 *
 * Modules that share a cubicle (grouped, or everything with --link=direct) share one
 * thread pointer: the first libc sets it, the others find it set (-EBUSY) and use what
 * is there. The fields of struct pthread mean the same to all of them. Only the first module can
 * have a TLS block.
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "libc.h"
#include "pthread_impl.h"
#include "syscall.h"

/* Enough for struct pthread and a little TLS without asking alloc. */
#define STATIC_SIZE 1024
#define PAGE 4096ul

/* The loader's, see docs/libc.md: an address and five absolute symbols that are
 * numbers. */
extern const char __cubicle_tls_image[], __cubicle_tls_filesz[], __cubicle_tls_memsz[],
    __cubicle_tls_align[], __cubicle_tls_offset[], __cubicle_stack_size[];

volatile int __thread_list_lock;

static char static_tls[STATIC_SIZE] __attribute__((__aligned__(64)));

/* The number behind an absolute symbol; the compiler must not conclude that it is not
 * 0. */
static size_t init_number(const char *symbol)
{
    __asm__("" : "+r"(symbol));
    return (size_t)symbol;
}

/* mman/cubicle64/__mmap.c replaces it, in programs and in other modules that use malloc. */
static void *dummy_map(size_t size)
{
    cubicle_abort("thread-local variables: no room for them in a component without malloc(); "
                  "let it call malloc(), or have less of them");
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

/* For pthread_getattr_np(): module_init() is called on an empty stack, so this is its highest page. */
static void init_stack(pthread_t td)
{
    const uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    td->stack = (void *)((here & -PAGE) + PAGE);
    td->stack_size = init_number(__cubicle_stack_size);
    td->guard_size = PAGE;
}

int __init_thread(void)
{
    const size_t memsz = init_number(__cubicle_tls_memsz);
    const size_t tls_align = init_number(__cubicle_tls_align);
    const size_t align = tls_align < 64 ? 64 : tls_align;
    /* Where the linker counts from: rounded to the alignment of the variables, and no further. */
    const size_t start = tls_align > 1 ? (memsz + tls_align - 1) & -tls_align : memsz;
    if (start != init_number(__cubicle_tls_offset)) {
        cubicle_abort("thread-local variables: libc and the loader place them differently; "
                      "build the module and CubicleOS from the same source");
    }
    const size_t below = (start + align - 1) & -align;
    const size_t need = below + sizeof(struct pthread) + align;
    char *mem = need <= sizeof static_tls ? static_tls : __tls_map(need);
    if (!mem) {
        return -ENOMEM;
    }
    char *tp = (char *)(((uintptr_t)mem + below + align - 1) & -align);
    memcpy(tp - start, __cubicle_tls_image, init_number(__cubicle_tls_filesz));

    init_stack((pthread_t)tp);
    const int r = __init_tp(tp);
    if (r == -EBUSY) {
        return memsz == 0 ? 0 : -ENOTSUP;
    }
    return r;
}
