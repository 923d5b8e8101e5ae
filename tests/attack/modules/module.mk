# The attacker and its victim (tests/systems/attack.yaml), and a file system that spies.

ATTACK := tests/attack/modules

MODULES += test-attacker test-victim

test-attacker_SOURCES := $(addprefix $(ATTACK)/,attacker.c memory.c control.c deputy.c)
test-attacker_CFLAGS := -Itests/interfaces -Wno-infinite-recursion
test-attacker_PROVIDES := app hostile

test-victim_SOURCES := $(ATTACK)/victim.c
test-victim_CFLAGS := -Itests/interfaces
test-victim_PROVIDES := victim
