# Conformance tests of libc (tests/systems/libc.yaml), run by tests/libc/run.py.
MODULES += test-libc
test-libc_SOURCES := $(wildcard tests/apps/libc/*.c) tests/support/check/check.c
test-libc_PROVIDES := app
test-libc_CFLAGS := -Itests/support/check -fno-builtin -frounding-math -Wno-error=unused-result
