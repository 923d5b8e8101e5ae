# Sockets over a stack's own loopback (tests/systems/sockets.yaml), and natively on Linux: run by tests/apps/sockets.py.
MODULES += test-sockets
test-sockets_SOURCES := $(filter-out %/net_linux.c,$(wildcard tests/apps/sockets/*.c))
test-sockets_PROVIDES := app
test-sockets_CFLAGS := -D_GNU_SOURCE
