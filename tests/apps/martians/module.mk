# Tells where datagrams come from, run by tests/apps/martians.py.
MODULES += test-martians
test-martians_SOURCES := $(wildcard tests/apps/martians/*.c)
test-martians_PROVIDES := app
test-martians_CFLAGS := -D_GNU_SOURCE
