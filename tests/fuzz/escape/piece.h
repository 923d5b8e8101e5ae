/* What snippet.c and piece.c share: chance, values, and pieces of code. */
#ifndef TESTS_FUZZ_ESCAPE_PIECE_H
#define TESTS_FUZZ_ESCAPE_PIECE_H

#include <stdbool.h>
#include <stdint.h>

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define CODE_MAX 256u /* bytes of a snippet */
#define PIECE_MAX 64u

struct piece {
    uint8_t bytes[PIECE_MAX];
    uint32_t length;
};

/** What is random from now on depends on @seed only. */
void chance_start(uint64_t seed);
uint64_t any(void);
uint32_t below(uint32_t limit);
bool one_in(uint32_t n);

/** What a register may hold. */
uint64_t any_value(void);

/** One piece, as it should be; and spoiled in one place. */
void piece_make(struct piece *piece);
void piece_spoil(struct piece *piece);

/** A move of rsp, and something that may or may not follow it. */
void piece_make_stack_move(struct piece *piece);
void piece_make_behind_move(struct piece *piece);

#endif
