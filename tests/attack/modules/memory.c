/* Attacks on memory (A of the catalogue): every one must end in a fault. */
#include "attacker.h"

#include <cubicle.h>
#include <stdlib.h>
#include <string.h>
#include <victim.h>

static int read_byte(uint64_t address)
{
    (void)*(volatile char *)target(address);
    return survived();
}

static int write_byte(uint64_t address)
{
    *(volatile char *)target(address) = 1;
    return survived();
}

#define VICTIM_CASE(name, what)                  \
    static int read_##name(void)                 \
    {                                            \
        return read_byte(victim_address(what));  \
    }                                            \
    static int write_##name(void)                \
    {                                            \
        return write_byte(victim_address(what)); \
    }
VICTIM_CASE(heap, VICTIM_HEAP)
VICTIM_CASE(stack, VICTIM_STACK)
VICTIM_CASE(data, VICTIM_DATA)
VICTIM_CASE(rodata, VICTIM_RODATA)
VICTIM_CASE(tls, VICTIM_TLS)
VICTIM_CASE(code, VICTIM_ENTRY)

/* The upper half of a pointer means nothing: whatever it says, the access stays in the
 * view. */
static int read_high_half(void)
{
    uint64_t address = UINT64_C(0x7ff000000000) | victim_address(VICTIM_HEAP);
    return read_byte(address);
}

static int read_noncanonical(void)
{
    uint64_t address = UINT64_C(0xdead000000000000) | victim_address(VICTIM_HEAP);
    return read_byte(address);
}

/* Other views lie a few GiB away: an index must not get there. */
static int index_out_of_view(void)
{
    volatile char *base = (volatile char *)target(victim_address(VICTIM_HEAP));
    volatile uint64_t index = UINT64_C(8) << 30;
    (void)base[index];
    return survived();
}

static int index_wraps(void)
{
    uint64_t heap = target(victim_address(VICTIM_HEAP));
    volatile char *base = (volatile char *)UINT64_C(0xfffffff0);
    volatile uint64_t index = heap + 16;
    (void)base[index];
    return survived();
}

static int null_read(void)
{
    return read_byte(0);
}
static int null_write(void)
{
    return write_byte(8);
}
static int guard_low(void)
{
    return read_byte(0xffff);
}
static int guard_high(void)
{
    return write_byte(0xffff0000);
}
static int last_byte(void)
{
    return read_byte(0xffffffff);
}
static int read_stubs(void)
{
    return read_byte(0x7f000000);
}
static int write_stubs(void)
{
    return write_byte(0x7f000000);
}

static int write_own_code(void)
{
    return write_byte((uint32_t)(uintptr_t)write_byte);
}
static int read_own_code(void)
{
    return read_byte((uint32_t)(uintptr_t)read_byte);
}

static const char constant[64] = "constant";
static int write_own_rodata(void)
{
    return write_byte((uint32_t)(uintptr_t)constant);
}

static int write_string_op(void)
{
    void *to = (void *)target(victim_address(VICTIM_DATA));
    uint64_t count = 16;
    asm volatile("rep stosb" : "+D"(to), "+c"(count) : "a"(1) : "memory");
    return survived();
}

static int read_string_op(void)
{
    static char buffer[16];
    const void *from = (const void *)target(victim_address(VICTIM_HEAP));
    void *to = buffer;
    uint64_t count = 16;
    asm volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
    return survived();
}

static int recurse(int depth)
{
    volatile char frame[1000];
    frame[depth % 1000] = (char)depth;
    return recurse(depth + 1) + frame[(depth * 7) % 1000];
}

static int stack_overflow(void)
{
    return recurse(0);
}

/* Steps over any guard of the stack in one go: what lies below is not the attacker's. */
static int huge_alloca(void)
{
    volatile uint64_t size = UINT64_C(1) << 30;
    volatile char *frame = __builtin_alloca(size);
    frame[0] = 1;
    return survived();
}

static int stack_pivot(void)
{
    uint64_t to = target(victim_address(VICTIM_DATA) + 64) + 8;
    asm volatile("movq %0, %%rsp\n pushq %%rax" : : "r"(to) : "memory");
    return survived();
}

/* Further from the stack pointer than the view is large: @at is a constant, @rest a
 * displacement from there. */
#define FAR(name, at, move, rest)                                            \
    static int name(void)                                                    \
    {                                                                        \
        uint64_t value;                                                      \
        asm volatile("movq %1, %%rsp\n" move "\n movq " rest "(%%rsp), %0\n" \
                     : "=r"(value)                                           \
                     : "r"(UINT64_C(at))                                     \
                     : "memory");                                            \
        return survived();                                                   \
    }

FAR(read_below, 0x20000, "subq $0x7fffff00, %%rsp", "0")
FAR(read_far_below, 0x20000, "subq $0x7fffff00, %%rsp", "-0x7fffff00")
FAR(read_vsyscall, 0x20000, "", "-0xa20000") /* where the view begins at 0 */
FAR(read_behind, 0xfff00000, "", "0x7ffffff0")
FAR(read_far_behind, 0xfff00000, "addq $0x7fffff00, %%rsp", "0x7fffff00")

static int after_window(void)
{
    int id = victim_lend(cubicle_self());
    volatile char *heap = (volatile char *)victim_address(VICTIM_HEAP);
    if (id <= 0 || heap[0] != 'a') {
        return 98;
    }
    return read_byte(((uint64_t)heap | 4095) + 1);
}

static int through_read_only(void)
{
    if (victim_lend(cubicle_self()) <= 0) {
        return 98;
    }
    return write_byte(victim_address(VICTIM_HEAP));
}

#define ROW(x) \
    {          \
#x, x  \
    }
const struct attack memory_attacks[] = {
    ROW(read_heap),      ROW(write_heap),        ROW(read_stack),
    ROW(write_stack),    ROW(read_data),         ROW(write_data),
    ROW(read_rodata),    ROW(write_rodata),      ROW(read_tls),
    ROW(write_tls),      ROW(read_code),         ROW(write_code),
    ROW(read_high_half), ROW(read_noncanonical), ROW(index_out_of_view),
    ROW(index_wraps),    ROW(null_read),         ROW(null_write),
    ROW(guard_low),      ROW(guard_high),        ROW(last_byte),
    ROW(read_stubs),     ROW(write_stubs),       ROW(write_own_code),
    ROW(read_own_code),  ROW(write_own_rodata),  ROW(write_string_op),
    ROW(read_string_op), ROW(stack_overflow),    ROW(huge_alloca),
    ROW(stack_pivot),    ROW(read_below),        ROW(read_far_below),
    ROW(read_vsyscall),  ROW(read_behind),       ROW(read_far_behind),
    ROW(after_window),   ROW(through_read_only), {0},
};
