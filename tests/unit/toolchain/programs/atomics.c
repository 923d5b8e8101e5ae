/* Atomic operations, from builtins and as musl writes them in inline assembly. */
#include "probe.h"

static int8_t byte = 1;
static int16_t word = 2;
static int32_t dword = 3;
static int64_t qword = 4;

static int exchange(volatile int *p, int v)
{
    __asm__ volatile("xchg %0, %1" : "=r"(v), "=m"(*p) : "0"(v) : "memory");
    return v;
}

static int fetch_add(volatile int *p, int v)
{
    __asm__ volatile("lock ; xadd %0, %1" : "=r"(v), "=m"(*p) : "0"(v) : "memory");
    return v;
}

static int compare_swap(volatile int *p, int t, int s)
{
    __asm__ volatile("lock ; cmpxchg %3, %1"
                     : "=a"(t), "=m"(*p)
                     : "a"(t), "r"(s)
                     : "memory");
    return t;
}

static void barrier(void)
{
    __asm__ volatile("" : : : "memory");
    __asm__ volatile("lock ; orl $0,(%%rsp)" : : : "memory");
    __asm__ volatile("rep; nop" : : : "memory");
}

static void or64(volatile uint64_t *p, uint64_t v)
{
    __asm__("lock ; or %1, %0" : "=m"(*p) : "r"(v) : "memory");
}

void program(void)
{
    volatile int local = 10;
    volatile uint64_t bits = 0x100;
    int expected = 3;

    probe_int("add8", __atomic_fetch_add(&byte, 5, __ATOMIC_SEQ_CST));
    probe_int("sub16", __atomic_sub_fetch(&word, 5, __ATOMIC_SEQ_CST));
    probe_int("cas32", __atomic_compare_exchange_n(&dword, &expected, 77, 0, 5, 5));
    probe_int("cas32", __atomic_compare_exchange_n(&dword, &expected, 78, 0, 5, 5));
    probe_int("expected", expected);
    probe_int("and64", __atomic_fetch_and(&qword, 6, __ATOMIC_SEQ_CST));
    probe_int("nand", __atomic_fetch_nand(&qword, 6, __ATOMIC_SEQ_CST));
    probe_int("xchg", __atomic_exchange_n(&qword, 9, __ATOMIC_SEQ_CST));
    probe_int("load", __atomic_load_n(&qword, __ATOMIC_ACQUIRE));
    __atomic_store_n(&qword, 12, __ATOMIC_SEQ_CST);
    __sync_synchronize();
    probe_int("exchange", exchange(&local, 11));
    probe_int("fetch_add", fetch_add(&local, 5));
    probe_int("compare_swap", compare_swap(&local, 16, 20));
    probe_int("compare_swap", compare_swap(&local, 16, 21));
    barrier();
    or64(&bits, 0xff);
    probe_int("or64", (int64_t)bits);
    probe_int("all", byte + word + dword + qword + local);
}
