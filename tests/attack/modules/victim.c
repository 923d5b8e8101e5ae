/* The cubicle that is attacked: a secret in every kind of memory. */
#include "leftovers.h"

#include <cubicle.h>
#include <errno.h>
#include <fcntl.h>
#include <hostile.h>
#include <sharer.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <vfs.h>
#include <victim.h>

static const char secret[16] = "attack at dawn";

static char data[4096] __attribute__((aligned(4096)));
static const char rodata[4096] __attribute__((aligned(4096))) = "attack at dawn";
static _Thread_local char tls[16];
static char *heap;
static uint64_t stack;

int component_init(void);

int component_init(void)
{
    char local[16];
    heap = malloc(8192);
    if (heap == NULL) {
        return -12;
    }
    memcpy(heap, secret, sizeof secret);
    memcpy(data, secret, sizeof secret);
    memcpy(tls, secret, sizeof secret);
    stack = (uint32_t)(uintptr_t)local;
    return 0;
}

static __attribute__((noinline, used, aligned(32))) void private_function(void)
{
    memcpy(data, "attack at noon", 15);
}

uint64_t victim_address(int what)
{
    const volatile void *volatile addresses[] = {
        [VICTIM_HEAP] = heap,
        [VICTIM_STACK] = (void *)stack,
        [VICTIM_DATA] = data,
        [VICTIM_RODATA] = rodata,
        [VICTIM_TLS] = tls,
        [VICTIM_PRIVATE] = (void *)(uintptr_t)private_function,
        [VICTIM_IMPORT] = (void *)(uintptr_t)vfs_umask,
        [VICTIM_ENTRY] = (void *)(uintptr_t)victim_intact,
    };
    return what >= 0 && what <= VICTIM_ENTRY ? (uint32_t)(uintptr_t)addresses[what] : 0;
}

static volatile char *mapped;
static size_t mapped_size;

int64_t sharer_map(size_t size)
{
    const int fd = open("/tmp/shared", O_RDWR | O_CREAT, 0600);
    if (mapped_size != 0) {
        munmap((void *)mapped, mapped_size);
    }
    mapped_size = 0;
    if (fd < 0 || ftruncate(fd, (off_t)size) != 0) {
        return -errno;
    }
    void *base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (base == MAP_FAILED) {
        return -errno;
    }
    close(fd);
    mapped = base;
    mapped_size = size;
    mapped[0] = 0;
    return (int64_t)(uint32_t)(uintptr_t)base;
}

int sharer_store(size_t at, int byte)
{
    if (at >= mapped_size) {
        return -EINVAL;
    }
    const int before = mapped[at];
    mapped[at] = (char)byte;
    return before;
}

int victim_intact(void)
{
    return memcmp(heap, secret, sizeof secret) == 0 &&
           memcmp(data, secret, sizeof secret) == 0 &&
           memcmp(tls, secret, sizeof secret) == 0 &&
           memcmp(rodata, secret, sizeof secret) == 0;
}

int victim_call(int event)
{
    volatile char guard[64];
    for (int i = 0; i < 64; i++) {
        guard[i] = (char)i;
    }
    register uint64_t kept asm("r12") = UINT64_C(0x1122334455667788);
    asm volatile("" : "+r"(kept));
    int result = hostile_event(event);
    asm volatile("" : "+r"(kept));
    int good = kept == UINT64_C(0x1122334455667788);
    for (int i = 0; i < 64; i++) {
        good &= guard[i] == (char)i;
    }
    /* Nobody else's flag makes this trap. */
    uint32_t misaligned;
    memcpy(&misaligned, (const char *)guard + 1, sizeof(misaligned));
    asm volatile("" : : "r"(misaligned));
    return result < 0 ? result : good;
}

int victim_hold(char *memory, size_t size, int event)
{
    (void)memory;
    (void)size;
    return hostile_event(event);
}

int victim_increment(uint64_t address, uint64_t stride, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        ++*(char *)(address + i * stride);
    }
    return 0;
}

#ifdef PLAIN_CODE
static void leave(int kind)
{
    if (kind == VICTIM_AVX512) {
        leave_avx512();
    } else {
        leave_x87(kind == VICTIM_X87_FLAGS);
    }
}
#else
static void leave(int kind)
{
    (void)kind;
}
#endif

int victim_leave(int kind, int event)
{
    leave(kind);
    const int result = hostile_event(event);
    leave(kind);
    return result;
}

int victim_lend(int peer)
{
    int id = cubicle_window_init();
    if (id > 0 && cubicle_window_add(id, heap, 16, CUBICLE_READ) == 0) {
        cubicle_window_open(id, peer);
    }
    return id;
}
