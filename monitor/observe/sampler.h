/*
 * Where time goes: at each tick of the process's processor time, the innermost cross-cubicle
 * call in progress is counted once (trampoline.samples). Calls themselves pay nothing for it. A
 * cubicle that is a process of its own counts the call that it carries out, its waits for
 * others by looking included, or that it has carried out last.
 */
#ifndef MONITOR_SAMPLER_H
#define MONITOR_SAMPLER_H

/** Milliseconds of processor time, the kernel's included, between two ticks. */
#define SAMPLER_TICK_MS 1

/** Starts counting. 0 or a negative errno. */
int sampler_start(void) __attribute__((warn_unused_result));

#endif
