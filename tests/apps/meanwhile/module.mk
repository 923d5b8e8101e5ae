# What a peer gets of a program that sends and then does something else, run by tests/apps/meanwhile.py.
MODULES += test-meanwhile
test-meanwhile_SOURCES := $(wildcard tests/apps/meanwhile/*.c)
test-meanwhile_PROVIDES := app
test-meanwhile_CFLAGS := -D_GNU_SOURCE
