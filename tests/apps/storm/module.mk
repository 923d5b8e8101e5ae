# Three cubicles that call each other while they are killed (tests/systems/storm.yaml), and the program that calls them.

STORM := tests/apps/storm

MODULES += test-storm test-east test-north test-west

test-storm_SOURCES := $(STORM)/main.c
test-storm_CFLAGS := -Itests/interfaces
test-storm_PROVIDES := app

test-east_SOURCES := $(STORM)/hop.c
test-east_CFLAGS := -Itests/interfaces -DSELF=STEP_EAST -DSELF_GO=east_go
test-east_PROVIDES := east

test-north_SOURCES := $(STORM)/hop.c
test-north_CFLAGS := -Itests/interfaces -DSELF=STEP_NORTH -DSELF_GO=north_go
test-north_PROVIDES := north

test-west_SOURCES := $(STORM)/hop.c
test-west_CFLAGS := -Itests/interfaces -DSELF=STEP_WEST -DSELF_GO=west_go
test-west_PROVIDES := west
