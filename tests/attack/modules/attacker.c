/*
 * `attacker CASE` tries one attack. A case that must be stopped by a fault never gets
 * to the end; one that must be refused with an error code says "refused" and exits with
 * 0.
 */
#include "attacker.h"

#include <stdio.h>
#include <string.h>

uint64_t target(uint64_t address)
{
    printf("target 0x%08x\n", (uint32_t)address);
    return address;
}

int survived(void)
{
    printf("SURVIVED\n");
    return 77;
}

int main(int argc, char **argv)
{
    static const struct attack *const tables[] = {memory_attacks,  mapping_attacks,
                                                  control_attacks, deputy_attacks,
                                                  keys_attacks,    callee_attacks};
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (size_t t = 0; argc == 2 && t < sizeof tables / sizeof tables[0]; t++) {
        for (const struct attack *a = tables[t]; a->name != NULL; a++) {
            if (strcmp(a->name, argv[1]) == 0) {
                return a->run();
            }
        }
    }
    printf("no case '%s'\n", argc > 1 ? argv[1] : "");
    return 99;
}
