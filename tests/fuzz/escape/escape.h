/*
 * Code that the verifier accepts, run in a real cubicle of a real system, and watched.
 *
 *   stage.c    the system under ptrace: the cubicle that runs the code, what lies around it
 *   memory.c   what must not change
 *   snippet.c  makes code that is likely to be accepted, and registers to start with
 *   piece.c    what it is made of
 *   judge.c    what accepted code may never do
 *   main.c     the loop, options, reports
 */
#ifndef TESTS_FUZZ_ESCAPE_H
#define TESTS_FUZZ_ESCAPE_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/user.h>

#define GIB (UINT64_C(1) << 30)
#define PAGE 4096u

#define STAGE_SLOT 1024u /* bytes of code; test-stage's */
#define STAGE_ARENA 0x10000u
#define STAGE_HOT 24 /* pages */

/** What the pages of neighbours are full of: read, it ends up in registers. */
#define STAGE_SECRET 0x5ec2e7c0u

/* ---- snippets ---- */

/** One try: code, and the state it starts from. All that is needed to do it again. */
struct snippet {
    struct user_regs_struct regs;
    uint8_t code[STAGE_SLOT]; /* multiples of 32 bytes, the rest int3 */
    uint32_t length;
    uint32_t lost;             /* GS is the park at the start */
    uint64_t memory[PAGE / 8]; /* one page at the start of the arena, one around rsp */
};

/** Makes the snippet number @number of @seed: the same on each call in the same system. */
void snippet_make(struct snippet *snippet, uint64_t seed, uint64_t number);

/** May a direct branch leave the code for @target? Like those of modules: for a bundle. */
bool snippet_target_allowed(void *context, uint32_t target);

/* ---- the stage ---- */

/** Memory that the cubicle must not change: a copy of it is kept. */
struct region {
    uint64_t from, to;
    uint8_t *copy;
    bool executable, writable;
};

struct stage {
    uint64_t view, park, fs;
    uint32_t slot, arena;          /* offsets: of the code, of memory */
    uint64_t stack_from, stack_to; /* addresses in the view */
    uint64_t rsp;                  /* usual start, in the middle of the stack */
    int32_t tp_disp, view_disp;    /* distances from FS */
    struct region *regions;        /* outside the view, and code */
    size_t nregions;
    uint64_t hot[STAGE_HOT]; /* pages of them that snippets aim at */
    unsigned nhot;
    uint8_t *corpus; /* code of the system's modules */
    size_t ncorpus;
};

extern struct stage stage;

/** Starts `cubicle run ...` under ptrace, up to where test-stage is ready. Ends the
 *  program where that is not possible. */
void stage_open(char **argv);

/** Why this machine cannot: no ptrace, no backend `sfi`. NULL: it can. */
const char *stage_missing(void);

/** How a run ended. */
enum stage_end {
    STAGE_TRAP,    /* int3 */
    STAGE_FAULT,   /* SIGSEGV, SIGBUS */
    STAGE_ILLEGAL, /* ud2, or an instruction that this processor does not have */
    STAGE_DIVIDE,
    STAGE_STEP, /* after one instruction */
    STAGE_TIME, /* stopped in a loop */
    STAGE_CALL, /* a system call, which was not made */
    STAGE_GONE, /* the process ended */
};

struct stage_state {
    enum stage_end end;
    struct user_regs_struct regs;
    siginfo_t info; /* of STAGE_TRAP to STAGE_DIVIDE */
};

/** Puts code, memory and registers in place. */
void stage_set(const struct snippet *snippet);

/** Runs until something happens; one instruction where @step. */
void stage_run(struct stage_state *state, bool step);

/** As stage_set() does, of registers alone. */
void stage_set_registers(const struct user_regs_struct *regs);

/** The low 16 bytes of the 16 vector registers, MXCSR and the x87 control word. */
void stage_vectors(struct user_fpregs_struct *vectors);

/** The first byte that differs from its copy: in the hot pages, or anywhere. 0: none. */
uint64_t stage_changed(bool everywhere);

void stage_close(void);

/* ---- the judge ---- */

/** Reads the code of @snippet: what is an instruction, what is inside a group. False: it
 *  cannot be read, so that it should not have been accepted. */
bool judge_read(const struct snippet *snippet);

/** Each answers what is wrong, or NULL. */
const char *judge_end(const struct stage_state *state);
const char *judge_next(const struct user_regs_struct *regs); /* before it runs */
const char *judge_step(const struct user_regs_struct *before,
                       const struct user_regs_struct *after);

const char *judge_secrets(const struct user_regs_struct *regs);
const char *judge_vectors(const struct user_fpregs_struct *vectors);

/** Is this a lost base of GS, as the monitor's handler would see and mend it? */
bool judge_heals(const struct stage_state *state);

/** Writes the code as assembly to @path, with the registers, and where it ended. */
void judge_write(const char *path, const struct snippet *snippet,
                 const struct stage_state *state, const char *wrong);

#endif
