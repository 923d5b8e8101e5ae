# Looks at the network as a program does (tests/systems/lookup.yaml), run by tests/apps/lookup.py.
MODULES += test-lookup
test-lookup_SOURCES := tests/apps/lookup/main.c
test-lookup_PROVIDES := app
test-lookup_CFLAGS := -D_GNU_SOURCE
