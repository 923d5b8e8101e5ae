/* The attacker: one case per run. */
#ifndef TEST_ATTACKER_H
#define TEST_ATTACKER_H

#include <stdint.h>

struct attack {
    const char *name;
    int (*run)(void);
};

/** Prints "target 0x..." for the runner to compare with the report; returns the
 * address. */
uint64_t target(uint64_t address);

/** Ends the run with "SURVIVED": what should have been stopped was not. */
int survived(void);

/** HOSTILE_LOOK and what follows; 0. */
int keys_event(int event);

extern const struct attack memory_attacks[], control_attacks[], deputy_attacks[],
    keys_attacks[], callee_attacks[], mapping_attacks[];

#endif
