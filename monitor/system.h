/*
 * The system that is to run, in the steps that make it of its description: each in turn, by
 * start.c. A step that fails has said why, and returns a negative errno.
 */
#ifndef MONITOR_SYSTEM_H
#define MONITOR_SYSTEM_H

#include "call/trampoline.h"
#include "load/link.h"
#include "monitor.h"

/* The system with what `--link=direct` makes of it: one cubicle that holds all modules. */
struct system {
    struct link_system link;
    struct monitor_cubicle whole; /* direct only */
    struct monitor_module *all;   /* direct only; owned */
    const struct monitor_cubicle *cubicles;
    size_t ncubicles;
};

/** Which cubicles, and which modules in them. @config must stay as long as @system. */
int system_plan(const struct monitor_config *config, struct system *system)
    __attribute__((warn_unused_result));

/** The same for --link=direct, when modules are counted: one cubicle with all of them. A build can
 *  leave it out (parts.h). */
int system_plan_direct(struct system *system) __attribute__((warn_unused_result));

/** Makes the cubicles and reads their modules. */
int system_read(struct system *system) __attribute__((warn_unused_result));

/** Gives each directory of the host to the cubicle of its module. */
int system_give_directories(const struct system *system)
    __attribute__((warn_unused_result));

/** Gives modules their places. */
int system_place(struct system *system) __attribute__((warn_unused_result));

/** Binds all imports, writes all trampolines, makes code executable and has it verified. *@boot
 *  is what the monitor calls when all modules are set up. */
int system_link(struct system *system, const struct trampoline **boot)
    __attribute__((warn_unused_result));

/** Gives cubicles their stacks. */
int system_give_stacks(void) __attribute__((warn_unused_result));

/** Keeps what cubicles that may begin anew need for that. */
int system_keep(struct system *system) __attribute__((warn_unused_result));

/** Says where code lies, for debuggers. */
void system_log(const struct system *system);

/** Frees what @system owns. */
void system_free(struct system *system);

#endif
