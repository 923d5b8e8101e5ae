# Conformance tests of files (tests/systems/files.yaml), run by tests/apps/files.py.
MODULES += test-files
test-files_SOURCES := $(wildcard tests/apps/files/*.c) tests/support/check/check.c
test-files_PROVIDES := app
test-files_CFLAGS := -Itests/support/check -D_GNU_SOURCE
