# The modules of the conformance systems (tests/systems/conformance*.yaml).

CONFORMANCE := tests/conformance/modules

MODULES += test-driver test-peer test-third

test-driver_SOURCES := $(addprefix $(CONFORMANCE)/,driver.c windows.c calls.c demand.c memory.c \
    death.c restart.c denied.c dense.c hot.c registers.c switches.c \
    waits.c)
test-driver_CFLAGS := -Itests/interfaces
test-driver_PROVIDES := app home

test-peer_SOURCES := $(CONFORMANCE)/peer.c
test-peer_CFLAGS := -Itests/interfaces -Wno-infinite-recursion
test-peer_PROVIDES := peer

test-third_SOURCES := $(CONFORMANCE)/third.c
test-third_CFLAGS := -Itests/interfaces
test-third_PROVIDES := third
