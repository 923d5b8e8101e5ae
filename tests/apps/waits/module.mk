# Conformance tests of what waits (tests/systems/waits.yaml), run by tests/apps/waits.py.
MODULES += test-waits
test-waits_SOURCES := $(wildcard tests/apps/waits/*.c) tests/support/check/check.c
test-waits_PROVIDES := app
test-waits_CFLAGS := -Itests/support/check -D_GNU_SOURCE
