# Conformance tests of libc (tests/systems/libc.yaml), run by tests/libc/run.py.
MODULES += test-libc
test-libc_SOURCES := $(wildcard tests/apps/libc/*.c)
test-libc_PROVIDES := app
test-libc_CFLAGS := -fno-builtin -frounding-math -Wno-error=unused-result
