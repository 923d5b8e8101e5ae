/*
 * Runs instructions as they were written and as cubicle-plain wrote them, from the same
 * registers, flags and memory, and compares what they leave. The rows are functions raw_N
 * and plain_N in the table that test_plain.sh makes. With a file: counts what is in it.
 */
#include "forbidden.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct row {
    const char *text;
    void (*raw)(void);
    const uint8_t *raw_end;
    void (*plain)(void);
    const uint8_t *plain_end;
};
extern const struct row rows[];

enum { RAX, RCX, RDX, RBX, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15, REGS };

struct state {
    uint64_t regs[REGS];
    uint64_t flags;
    uint8_t xmm[2][16];
};

#define BUFFER (1 << 20)
#define STACK 4096
#define RED_ZONE 128
static uint8_t buffer[BUFFER] __attribute__((aligned(64)));
static uint8_t stack[STACK] __attribute__((aligned(64)));

/* Used by name in the assembly below. */
struct state now __attribute__((used));
void (*function)(void) __attribute__((used));
uint64_t own_stack __attribute__((used));
uint64_t its_stack __attribute__((used));

void enter(void);
__asm__(".globl enter\n"
        "enter:\n"
        "pushq %rbx; pushq %rbp; pushq %r12; pushq %r13; pushq %r14; pushq %r15\n"
        "movq %rsp, own_stack(%rip)\n"
        "movq its_stack(%rip), %rsp\n"
        "movups now+128(%rip), %xmm0; movups now+144(%rip), %xmm1\n"
        "pushq now+120(%rip); popfq\n"
        "movq now(%rip), %rax; movq now+8(%rip), %rcx; movq now+16(%rip), %rdx\n"
        "movq now+24(%rip), %rbx; movq now+32(%rip), %rbp; movq now+40(%rip), %rsi\n"
        "movq now+48(%rip), %rdi; movq now+56(%rip), %r8; movq now+64(%rip), %r9\n"
        "movq now+72(%rip), %r10; movq now+80(%rip), %r11; movq now+88(%rip), %r12\n"
        "movq now+96(%rip), %r13; movq now+104(%rip), %r14; movq now+112(%rip), %r15\n"
        "call *function(%rip)\n"
        "movq %rax, now(%rip); movq %rcx, now+8(%rip); movq %rdx, now+16(%rip)\n"
        "movq %rbx, now+24(%rip); movq %rbp, now+32(%rip); movq %rsi, now+40(%rip)\n"
        "movq %rdi, now+48(%rip); movq %r8, now+56(%rip); movq %r9, now+64(%rip)\n"
        "movq %r10, now+72(%rip); movq %r11, now+80(%rip); movq %r12, now+88(%rip)\n"
        "movq %r13, now+96(%rip); movq %r14, now+104(%rip); movq %r15, now+112(%rip)\n"
        "movups %xmm0, now+128(%rip); movups %xmm1, now+144(%rip)\n"
        "pushfq; popq now+120(%rip)\n"
        "movq own_stack(%rip), %rsp\n"
        "popq %r15; popq %r14; popq %r13; popq %r12; popq %rbp; popq %rbx\n"
        "ret\n");

static uint64_t seed = 88172645463325252u;

static uint64_t next_random(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

static void fill(uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (uint8_t)next_random();
    }
}

#define STATUS_FLAGS 0x8d5u /* carry to overflow, without control flags */

static void begin(struct state *state)
{
    for (unsigned i = 0; i < REGS; i++) {
        state->regs[i] = next_random();
    }
    state->flags = (next_random() & STATUS_FLAGS) | 2;
    fill(state->xmm[0], sizeof(state->xmm));
    state->regs[RDI] = (uint64_t)(uintptr_t)buffer + BUFFER / 4;
    state->regs[RAX] = (uint64_t)(uintptr_t)buffer + BUFFER / 2;
    state->regs[RBP] = (uint64_t)(uintptr_t)buffer + BUFFER / 3;
    state->regs[RCX] = next_random() % 8;
    state->regs[R9] = next_random() % 8;
    /* Comparisons with memory are to come out either way. */
    if (next_random() % 2 == 0) {
        memcpy(buffer + BUFFER / 4 + 1295, &state->regs[RAX], 8);
    }
}

static void run(const struct state *from, void (*code)(void), struct state *to,
                uint8_t *memory, uint8_t *frame)
{
    now = *from;
    function = code;
    its_stack = (uint64_t)(uintptr_t)stack + STACK / 2;
    enter();
    *to = now;
    to->flags &= STATUS_FLAGS;
    memcpy(memory, buffer, BUFFER);
    /* From the red zone of the function upwards; not what it pushes below. */
    memcpy(frame, stack + STACK / 2 - 8 - RED_ZONE, STACK / 2);
}

static const char *compare(const struct row *row)
{
    static uint8_t memory[3][BUFFER];
    static uint8_t frames[3][STACK];
    struct state from, to[2];

    fill(buffer, BUFFER);
    fill(stack, STACK);
    begin(&from);
    memcpy(memory[2], buffer, BUFFER);
    memcpy(frames[2], stack, STACK);
    run(&from, row->raw, &to[0], memory[0], frames[0]);
    memcpy(buffer, memory[2], BUFFER);
    memcpy(stack, frames[2], STACK);
    run(&from, row->plain, &to[1], memory[1], frames[1]);
    return memcmp(to[0].regs, to[1].regs, sizeof(to[0].regs)) != 0 ? "registers"
           : to[0].flags != to[1].flags                            ? "flags"
           : memcmp(to[0].xmm, to[1].xmm, sizeof(to[0].xmm)) != 0  ? "xmm registers"
           : memcmp(memory[0], memory[1], BUFFER) != 0             ? "memory"
           : memcmp(frames[0], frames[1], STACK / 2) != 0          ? "the stack"
                                                                   : NULL;
}

/* Does it hold anything? */
static bool holds(void (*begin_)(void), const uint8_t *end)
{
    const uint8_t *code = (const uint8_t *)(uintptr_t)begin_;
    const size_t size = (size_t)(end - code);
    const char *name;

    return forbidden_find(code, size, true, &name) < size;
}

/* Prints how many there are in @file. */
static int count(const char *file)
{
    FILE *in = fopen(file, "rb");
    const size_t size = in != NULL ? fread(buffer, 1, sizeof(buffer), in) : 0;
    const char *name;
    unsigned found = 0;

    for (size_t at = 0;
         (at += forbidden_find(buffer + at, size - at, true, &name)) < size; at++) {
        found++;
    }
    printf("%u\n", found);
    return size == 0;
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        return count(argv[1]);
    }
    int failed = 0;
    unsigned number = 0;

    for (const struct row *row = rows; row->text; row++) {
        const char *differs =
            !holds(row->raw, row->raw_end) ? "there was nothing to write differently"
            : holds(row->plain, row->plain_end) ? "there is still something"
                                                : NULL;

        for (unsigned i = 0; i < 5 && !differs; i++) {
            differs = compare(row);
        }
        failed += differs != NULL;
        printf("%s %u - %s\n", differs ? "not ok" : "ok", ++number, row->text);
        if (differs) {
            printf("# %s\n", differs);
        }
    }
    printf("1..%u\n", number);
    return failed != 0;
}
