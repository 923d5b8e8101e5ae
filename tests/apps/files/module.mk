# Conformance tests of files (tests/systems/files.yaml), run by tests/apps/files.py.
MODULES += test-files
test-files_SOURCES := $(wildcard tests/apps/files/*.c)
test-files_PROVIDES := app
test-files_CFLAGS := -D_GNU_SOURCE
