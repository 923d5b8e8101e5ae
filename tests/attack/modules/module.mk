# The attacker and its victim (tests/systems/attack.yaml), and a file system that spies.

ATTACK := tests/attack/modules

MODULES += test-attacker test-victim test-giver

test-attacker_SOURCES := $(addprefix $(ATTACK)/,attacker.c memory.c control.c deputy.c keys.c callee.c mapping.c)
test-attacker_CFLAGS := -Itests/interfaces -Wno-infinite-recursion
test-attacker_CFLAGS_plain := -DPLAIN_CODE
test-attacker_PROVIDES := app greedy hostile

# For --isolation=ipc.
MODULES += test-forger test-answerer test-asker
test-forger_SOURCES := $(ATTACK)/forger.c
test-forger_CFLAGS := -Itests/interfaces -Imonitor
test-forger_PROVIDES := app
test-answerer_SOURCES := $(ATTACK)/answerer.c
test-answerer_CFLAGS := -Itests/interfaces -Imonitor
test-answerer_PROVIDES := answer
test-asker_SOURCES := $(ATTACK)/asker.c
test-asker_CFLAGS := -Itests/interfaces
test-asker_PROVIDES := app

test-giver_SOURCES := $(ATTACK)/giver.c
test-giver_CFLAGS := -Itests/interfaces
test-giver_PROVIDES := giver

test-victim_SOURCES := $(ATTACK)/victim.c
test-victim_CFLAGS := -Itests/interfaces
test-victim_CFLAGS_plain := -DPLAIN_CODE
test-victim_PROVIDES := victim sharer

# The real ramfs, whose fs_mount and fs_write a spy calls in its own time.
MODULES += ramfs-evil
ramfs-evil_SOURCES := $(wildcard components/ramfs/*.c) $(ATTACK)/spy.c
ramfs-evil_CFLAGS := -include $(ATTACK)/spy.h
ramfs-evil_PROVIDES := fs

# The real ramfs behind answers that no honest file system gives.
MODULES += ramfs-liar test-believer
ramfs-liar_SOURCES := $(wildcard components/ramfs/*.c) $(ATTACK)/liar.c
ramfs-liar_CFLAGS := -include $(ATTACK)/liar.h
ramfs-liar_PROVIDES := fs

test-believer_SOURCES := $(addprefix $(ATTACK)/,believer.c believer_map.c)
test-believer_PROVIDES := app

# The real hostfs, which first tries to get out of its directories.
MODULES += hostfs-outlaw
hostfs-outlaw_SOURCES := $(wildcard components/hostfs/*.c) $(ATTACK)/outlaw.c
hostfs-outlaw_CFLAGS := -include $(ATTACK)/outlaw.h
hostfs-outlaw_PROVIDES := fs
