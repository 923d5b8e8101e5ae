# A program that lives through components that are begun anew (tests/systems/restart.yaml).
MODULES += test-restart
test-restart_SOURCES := tests/apps/restart/main.c
test-restart_PROVIDES := app
test-restart_CFLAGS := -D_GNU_SOURCE
