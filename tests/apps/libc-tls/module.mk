# Thread-local storage (tests/systems/libc-tls.yaml), run by tests/libc/run.py.
MODULES += test-libc-tls
test-libc-tls_SOURCES := tests/apps/libc-tls/tls.c
test-libc-tls_PROVIDES := app
