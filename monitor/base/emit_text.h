/*
 * Texts: machine code that is written as assembly, once, and copied to where it runs. What
 * differs from copy to copy is a hole: a constant that the assembler has written as a
 * placeholder, and that emit_steps() of emit.h replaces when it copies. Holes are found by
 * their placeholders, so a text needs no list of them.
 *
 * A text is a row of steps, which can be copied one by one:
 *
 *     TEXT name                       name is what C calls it: extern const struct emit_text
 *         movq %rdi, (%r11)
 *     STEP                            a step ends, and another begins
 *         movq $HOLE_CALLER, %fs:8
 *     END name                        the last step ends
 *
 * A hole is the last operand in the bytes of an instruction. Jumps to what is copied later are
 * holes too: jne_to, jmp_to. emit_macros.S has TEXT, STEP, END and these.
 */
#ifndef MONITOR_EMIT_TEXT_H
#define MONITOR_EMIT_TEXT_H

/* Of an instruction with 32 bits, or with 64. In memory: the hole's number in two bytes, then
 * d0 5e, once or three times. */
#define HOLE32(number) (0x5ed00000 + (number))
#define HOLE64(number) (0x5ed05ed05ed00000 + (number))

/* Numbers: ids, and what else is not negative. */
#define HOLE_CALLER HOLE32(1)
#define HOLE_CALLEE HOLE32(2)
#define HOLE_ID HOLE32(3) /* of the trampoline */
/* What FS is to be displaced by: to a field of thread_self.cubicle[...]. */
#define HOLE_CALLER_STACK HOLE32(4)
#define HOLE_CALLER_TP HOLE32(5)
#define HOLE_CALLEE_STACK HOLE32(6)
#define HOLE_CALLEE_TP HOLE32(7)
#define HOLE_CALLEE_ENTRY_MASK HOLE32(8)
#define HOLE_RIGHTS HOLE32(9) /* mpk: of thread_self.shown.rights[...] */
/* Bits. */
#define HOLE_RIGHTS_MASK HOLE32(10) /* mpk */
/* The distance from the end of the instruction. */
#define HOLE_FUNCTION HOLE32(11)
/* The same, but known when the jump's target is copied: emit_land(). */
#define HOLE_NOT_CALLER HOLE32(12)
#define HOLE_NOT_OURS HOLE32(13)
#define HOLE_CHANGED HOLE32(14)
#define HOLE_FAILED HOLE32(15)
#define HOLE_RETURNED HOLE32(16)
/* Loaded into a register by movabs: addresses. */
#define HOLE_COUNT HOLE64(17)
#define HOLE_TRAMPOLINE HOLE64(18)
#define HOLE_ENTER HOLE64(19)
#define HOLE_LEAVE HOLE64(20)
#define HOLE_TARGET HOLE64(21) /* 0 where it is not to run */
#define HOLE_REPORT HOLE64(22)
#define HOLE_CALL HOLE64(23)
#define HOLE_BODY HOLE64(24)
#define HOLE_RETURN HOLE64(25)
#define HOLE_VIEW HOLE64(26) /* sfi: a base, perhaps 0 */
#define HOLES 27

/* struct thread; each is checked by who uses it. */
#define TEXT_TP 0
#define TEXT_RUNNING 8
#define TEXT_HOST_CALLS 16
#define TEXT_VIEW 1048
#define TEXT_CONTROL 4096
#define TEXT_MONITOR_STACK 4104

#endif
