/* The callee of the conformance tests: see peer.h for what each function does. */
#include <cubicle.h>
#include <cubicle/in.h>
#include <errno.h>
#include <home.h>
#include <peer.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <third.h>

int peer_null(void)
{
    return 0;
}

int64_t peer_sum6(int64_t a, int64_t b, int64_t c, int64_t d, int64_t e, int64_t f)
{
    return (int64_t)((uint64_t)a + (uint64_t)b + (uint64_t)c + (uint64_t)d +
                     (uint64_t)e + (uint64_t)f);
}

int64_t peer_weigh12(int64_t a, int64_t b, int64_t c, int64_t d, int64_t e, int64_t f,
                     int64_t g, int64_t h, int64_t i, int64_t j, int64_t k, int64_t l)
{
    return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h + 9 * i + 10 * j +
           11 * k + 12 * l;
}

double peer_scale(double x, int64_t k, double y)
{
    return x * (double)k + y;
}
int8_t peer_i8(int8_t x)
{
    return x;
}
uint8_t peer_u8(uint8_t x)
{
    return x;
}
int16_t peer_i16(int16_t x)
{
    return x;
}
uint16_t peer_u16(uint16_t x)
{
    return x;
}
int32_t peer_i32(int32_t x)
{
    return x;
}
uint32_t peer_u32(uint32_t x)
{
    return x;
}
uint64_t peer_opaque(void *p)
{
    return (uint64_t)p;
}
int peer_caller(int caller)
{
    return caller;
}

uint64_t peer_sum(const uint8_t *buf, size_t len)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < len; i++) {
        sum += buf[i];
    }
    return sum;
}

int peer_scribble(const uint8_t *buf, size_t len, int value)
{
    memset((uint8_t *)buf, value, len);
    return 0;
}

int peer_fill(uint8_t *buf, size_t len, int value)
{
    memset(buf, value, len);
    return 0;
}

ssize_t peer_fill_ret(uint8_t *buf, size_t len, int value, int64_t result)
{
    memset(buf, value, len);
    return result;
}

int peer_ignore(uint8_t *buf, size_t len, int result)
{
    (void)buf;
    (void)len;
    return result;
}

int peer_increment(uint8_t *buf, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        buf[i]++;
    }
    return 0;
}

int peer_fill_deref(uint8_t *buf, uint64_t *len, int value)
{
    memset(buf, value, *len);
    *len /= 2;
    return 0;
}

int peer_copy(const uint8_t *in, uint8_t *out, size_t len)
{
    memcpy(out, in, len);
    return 0;
}

int peer_length(const char *text)
{
    return (int)strlen(text);
}

int peer_or_null(const uint8_t *buf, size_t len)
{
    (void)len;
    return buf == NULL ? 1 : buf[0];
}

static uint8_t taken[200000];

int64_t peer_take(const uint8_t *buf, size_t len, size_t at, size_t n)
{
    (void)len;
    const int error = cubicle_in_copy(taken, buf + at, n);
    int64_t sum = error;
    for (size_t i = 0; error == 0 && i < n; i++) {
        sum += taken[i];
    }
    return sum;
}

int64_t peer_take_late(size_t at, size_t n)
{
    return cubicle_fetch(taken, at, n);
}

int peer_take_to(const uint8_t *buf, size_t len, uint64_t to)
{
    return cubicle_in_copy((void *)to, buf, len);
}

int64_t peer_pass(const uint8_t *buf, size_t len, size_t at, size_t n, int how)
{
    (void)len;
    switch (how) {
    case PASS_ON_DEMAND:
        return third_take(buf + at, n);
    case PASS_AS_RESULT:
        return third_fill((uint8_t *)(uintptr_t)(buf + at), n);
    case PASS_AFTER_CALL:
        (void)third_take(taken, n); /* what it was given has nothing to do with ours */
        return peer_take(buf, len, at, n);
    default:
        return third_sum(buf + at, n);
    }
}

int peer_peek(const uint8_t *buf, size_t len)
{
    (void)len;
    return *(const volatile uint8_t *)buf;
}

uint64_t peer_address(const uint8_t *buf, size_t len)
{
    (void)len;
    return (uint32_t)(uintptr_t)buf;
}

int peer_step(int depth)
{
    if (depth <= 0) {
        return 1;
    }
    int made = home_step(depth - 1);
    return made < 0 ? made : made + 1;
}

int peer_event_then_read(int event, uint64_t address)
{
    int error = home_event(event);
    return error != 0 ? error : peer_read(address);
}

int peer_read(uint64_t address)
{
    return *(volatile uint8_t *)address;
}

int peer_write(uint64_t address, int value)
{
    *(volatile uint8_t *)address = (uint8_t)value;
    return 0;
}

int peer_lend(uint64_t address, size_t len, int rights, int to)
{
    int id = cubicle_window_init();
    if (id < 0) {
        return id;
    }
    int error = cubicle_window_add(id, (void *)address, len, rights);
    if (error == 0) {
        error = cubicle_window_open(id, to);
    }
    if (error != 0) {
        cubicle_window_destroy(id);
        return error;
    }
    return id;
}

int peer_unlend(int id)
{
    return cubicle_window_destroy(id);
}

int peer_dirty_pages(size_t size)
{
    uint8_t *base =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED) {
        return -errno;
    }
    int found = 0;
    for (size_t i = 0; i < size; i++) {
        found |= base[i];
    }
    memset(base, 0xd1, size);
    munmap(base, size);
    return found != 0;
}

uint64_t peer_keep(size_t size)
{
    return (uint32_t)(uintptr_t)calloc(1, size);
}

static int volatile zero;

static int recurse(int depth)
{
    volatile char frame[1000];
    frame[depth % 1000] = (char)depth;
    return recurse(depth + 1) + frame[(depth * 7) % 1000];
}

int peer_state(int value)
{
    static int initialised = PEER_STATE_AT_FIRST, zeroed;
    static _Thread_local int of_thread = PEER_STATE_AT_FIRST;
    static int *allocated;
    const int before = initialised;
    const int zero = before == PEER_STATE_AT_FIRST ? 0 : before;
    const int same = zeroed == zero && of_thread == before &&
                     (allocated == NULL ? 0 : *allocated) == zero;
    if (allocated == NULL) {
        allocated = malloc(sizeof(*allocated));
    }
    initialised = zeroed = of_thread = *allocated = value;
    return same ? before : -1;
}

int peer_die(int how)
{
    switch (how) {
    case DIE_NULL:
        return *(volatile int *)(uintptr_t)zero;
    case DIE_ILLEGAL:
        __builtin_trap();
    case DIE_DIVIDE:
        return how / zero;
    case DIE_STACK:
        return recurse(0);
    case DIE_ABORT:
        cubicle_abort("the peer wants to");
    case DIE_EXIT:
        cubicle_exit(7);
    default:
        return third_die();
    }
}

uint64_t peer_control_words(uint64_t fenv)
{
    const uint64_t before = cubicle_fenv_get();
    if (fenv != 0 && cubicle_fenv_set(fenv) != 0) {
        return 0;
    }
    return before;
}

int peer_thread_local(int value)
{
    static _Thread_local int mine = 1;
    const int before = mine;
    mine = value;
    return before;
}

void fill_x87(void);

int peer_x87(void)
{
    volatile long double three = 3;
    volatile int empty = three * three == 9; /* before it is full */
    fill_x87();
    return empty;
}

asm(".type fill_x87,@function\n"
    ".p2align 5\n"
    "fill_x87:\n"
    "fld1\n fld1\n fld1\n fld1\n fld1\n fld1\n fld1\n fld1\n"
    "ret\n"
    ".size fill_x87,.-fill_x87\n"

    ".globl peer_above\n"
    ".type peer_above,@function\n"
    ".p2align 5\n"
    "peer_above:\n"
    "shrq $8,%rdi\n shrq $16,%rsi\n shrq $32,%rdx\n shrq $32,%rcx\n"
    "movq %rdi,%rax\n orq %rsi,%rax\n orq %rdx,%rax\n orq %rcx,%rax\n"
    "orq %r8,%rax\n orq %r9,%rax\n"
    "ret\n"
    ".size peer_above,.-peer_above\n"

    ".globl peer_half\n"
    ".type peer_half,@function\n"
    ".p2align 5\n"
    "peer_half:\n"
    "movq $-1,%rax\n"
    "ret\n"
    ".size peer_half,.-peer_half\n"

    ".globl peer_nothing\n"
    ".type peer_nothing,@function\n"
    ".p2align 5\n"
    "peer_nothing:\n"
    "movq $-1,%rax\n"
    "ret\n"
    ".size peer_nothing,.-peer_nothing\n");

asm(".globl peer_registers\n"
    ".type peer_registers,@function\n"
    ".p2align 5\n"
    "peer_registers:\n"
    "movq %rax,0(%rdi)\n movq %rcx,8(%rdi)\n movq %rdx,16(%rdi)\n movq %rsi,24(%rdi)\n"
    "movq %r8,32(%rdi)\n movq %r9,40(%rdi)\n movq %r10,48(%rdi)\n movq %rbx,56(%rdi)\n"
    "movq %rbp,64(%rdi)\n movq %r12,72(%rdi)\n movq %r13,80(%rdi)\n movq "
    "%r14,88(%rdi)\n"
    "movq %r15,96(%rdi)\n movq $0,104(%rdi)\n movq $0,112(%rdi)\n movq $0,120(%rdi)\n"
    "vmovdqu %ymm0,128(%rdi)\n vmovdqu %ymm1,160(%rdi)\n vmovdqu %ymm2,192(%rdi)\n"
    "vmovdqu %ymm3,224(%rdi)\n vmovdqu %ymm4,256(%rdi)\n vmovdqu %ymm5,288(%rdi)\n"
    "vmovdqu %ymm6,320(%rdi)\n vmovdqu %ymm7,352(%rdi)\n vmovdqu %ymm8,384(%rdi)\n"
    "vmovdqu %ymm9,416(%rdi)\n vmovdqu %ymm10,448(%rdi)\n vmovdqu %ymm11,480(%rdi)\n"
    "vmovdqu %ymm12,512(%rdi)\n vmovdqu %ymm13,544(%rdi)\n vmovdqu %ymm14,576(%rdi)\n"
    "vmovdqu %ymm15,608(%rdi)\n"
    "xorl %eax,%eax\n"
    "ret\n"
    ".size peer_registers,.-peer_registers\n"

    /* Returns through a copy of its return address, with another stack pointer. */
    ".globl peer_clobber\n"
    ".type peer_clobber,@function\n"
    ".p2align 5\n"
    "peer_clobber:\n"
    "movq (%rsp),%rax\n"
    "subq $128,%rsp\n"
    "pushq %rax\n"
    "movq $-1,%rbx\n movq %rbx,%rbp\n movq %rbx,%rcx\n movq %rbx,%rdx\n movq "
    "%rbx,%rsi\n"
    "movq %rbx,%rdi\n movq %rbx,%r8\n movq %rbx,%r9\n movq %rbx,%r10\n movq %rbx,%r12\n"
    "movq %rbx,%r13\n movq %rbx,%r14\n movq %rbx,%r15\n"
    "vpcmpeqd %ymm0,%ymm0,%ymm0\n"
    "vmovdqa %ymm0,%ymm1\n vmovdqa %ymm0,%ymm2\n vmovdqa %ymm0,%ymm3\n"
    "vmovdqa %ymm0,%ymm4\n vmovdqa %ymm0,%ymm5\n vmovdqa %ymm0,%ymm6\n"
    "vmovdqa %ymm0,%ymm7\n vmovdqa %ymm0,%ymm8\n vmovdqa %ymm0,%ymm9\n"
    "vmovdqa %ymm0,%ymm10\n vmovdqa %ymm0,%ymm11\n vmovdqa %ymm0,%ymm12\n"
    "vmovdqa %ymm0,%ymm13\n vmovdqa %ymm0,%ymm14\n vmovdqa %ymm0,%ymm15\n"
    "movl $42,%eax\n"
    "ret\n"
    ".size peer_clobber,.-peer_clobber\n");
