/*
 * The box: a child process with one view and one piece of code, driven instruction by
 * instruction with ptrace. What the processor does is compared with what the verifier
 * promised: a second opinion that shares no code and no table with it.
 */
#ifndef TESTS_UNIT_VERIFY_BOX_H
#define TESTS_UNIT_VERIFY_BOX_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/user.h>

#define BOX_CODE 0x10000000u /* where code runs */
#define BOX_CODE_SIZE 0x10000u
#define BOX_TP (-64) /* FS slots of the child */
#define BOX_VIEW (-56)

/* Offsets in the view that are mapped: writable memory, and a stack near the top, with
 * rsp in the middle of it: constants carry rsp out of the view on both sides. */
#define BOX_DATA 0x00200000u
#define BOX_DATA_SIZE 0x20000u
#define BOX_STACK 0xfffa0000u
#define BOX_STACK_SIZE 0x20000u

struct box {
    int pid;
    uint64_t view;       /* base of the view */
    uint64_t fs;         /* FS base of the child: must not change */
    uint8_t *code;       /* the code, writable here, [BOX_CODE, ...) in the child */
    const char *problem; /* of box_open() */
};

enum box_event {
    BOX_STEPPED, /* one instruction done */
    BOX_FAULTED, /* SIGSEGV, SIGBUS: see address */
    BOX_TRAPPED, /* SIGILL, SIGFPE, int3 */
    BOX_BROKEN,  /* the child is gone: the box must be opened again */
};

/** Starts the child. False: this machine cannot do it, and box->problem says why. */
bool box_open(struct box *box);
void box_close(struct box *box);

/** Registers to start with: recognisable values, all 64-bit addresses unmapped. */
void box_registers(const struct box *box, struct user_regs_struct *regs,
                   uint32_t entry);

bool box_set(const struct box *box, struct user_regs_struct *regs);

/**
 * Executes one instruction. @regs: the state afterwards; a fault leaves rip at it.
 * @info: the signal, for BOX_FAULTED and BOX_TRAPPED.
 */
enum box_event box_step(const struct box *box, struct user_regs_struct *regs,
                        siginfo_t *info);

/** MXCSR and x87 control word of the child. */
bool box_control_words(const struct box *box, uint32_t *mxcsr, uint16_t *x87);

/**
 * What the verifier promises of every state between two instructions, and of every
 * fault. @transient: the last instruction was the first or second of a group that sets
 * rsp. Returns NULL, or what is wrong.
 */
const char *box_check(const struct box *box, const struct user_regs_struct *regs,
                      bool transient);
const char *box_check_fault(const struct box *box, const struct user_regs_struct *regs,
                            const siginfo_t *info);

#endif
