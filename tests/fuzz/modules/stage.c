/*
 * Where tests/fuzz/escape runs code: memory to use, and room for the code. The room is full
 * of int3, so that whoever traces this stops at its first byte and goes on from there.
 */
#include <stdint.h>
#include <string.h>

#define ARENA 0x10000 /* bytes; STAGE_ARENA in escape.h */

static char arena[ARENA] __attribute__((aligned(4096)));

/* 1 KiB; STAGE_SLOT in escape.h */
void slot(void *memory, uint64_t size);
#ifdef PLAIN_CODE
void slot(void *memory, uint64_t size)
{
    (void)memory;
    (void)size;
}
#else
/* clang-format off */
#define TIMES8(text) text text text text text text text text
asm(".type slot,@function\n"
    ".p2align 5\n"
    "slot:\n"
    TIMES8(TIMES8(TIMES8("int3\nint3\n")))
    ".size slot,.-slot\n");
/* clang-format on */
#endif

int main(void)
{
    /* Every page of the arena is there, and much of the stack. */
    volatile char stack[0x20000];
    memset(arena, 1, sizeof(arena));
    for (unsigned i = 0; i < sizeof(stack); i += 4096) {
        stack[i] = 1;
    }
    slot(arena, sizeof(arena));
    return 1; /* nobody traces this */
}
