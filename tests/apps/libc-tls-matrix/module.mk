# Thread-local storage: test-tls-DATA-BSS has variables of these alignments in .tdata and .tbss (0:
# none). Run by tests/libc/run.py, in the place of test-libc-tls in tests/systems/libc-tls.yaml.
TLS_PAIRS := 1-0 0-1 1-1 2-2 4-4 8-8 16-16 32-32 64-64 128-128 256-256 512-512 1024-1024 2048-2048 \
    4096-4096 1-64 64-1 4-4096 4096-4 0-128 128-0

define tls_module
MODULES += test-tls-$(1)
test-tls-$(1)_SOURCES := $$(wildcard tests/apps/libc-tls-matrix/*.c)
test-tls-$(1)_PROVIDES := app
test-tls-$(1)_CFLAGS := -DDATA_ALIGN=$(word 1,$(subst -, ,$(1))) -DBSS_ALIGN=$(word 2,$(subst -, ,$(1)))
endef
$(foreach pair,$(TLS_PAIRS),$(eval $(call tls_module,$(pair))))

# It says that its block begins elsewhere than the loader puts it.
MODULES += test-tls-wrong
test-tls-wrong_SOURCES := tests/apps/libc-tls/tls.c
test-tls-wrong_PROVIDES := app
test-tls-wrong_LIBS := -Wl,--defsym=__cubicle_tls_offset=64
