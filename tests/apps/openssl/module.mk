# OpenSSL's own tests of what it computes, against the libraries of nginx-tls (tests/apps/openssl.py).

OPENSSL_TESTS := evp_test bntest ectest
PARTS += openssl-testutil
MODULES += $(addprefix test-openssl-,$(OPENSSL_TESTS))
OPTIONAL += $(addprefix test-openssl-,$(OPENSSL_TESTS))

OPENSSL_TEST_CFLAGS := $(foreach d,$(OPENSSL_GEN) $(OPENSSL_SRC), \
    -I$(d)/include -I$(d)/apps/include -I$(d)) -I$(OPENSSL_SRC)/test

openssl-testutil_SOURCES := $(OPENSSL_SRC)/apps/lib/opt.c $(patsubst %,$(OPENSSL_SRC)/test/testutil/%.c, \
    basic_output output driver tests cb stanza format_output load fake_random main testutil_init \
    options provider apps_shims random)
openssl-testutil_CFLAGS := $(OPENSSL_TEST_CFLAGS)
openssl-testutil_WARNINGS := -w
openssl-testutil_DEPS := $(OPENSSL_GEN)/openssl.log

# What a test says itself, or leaves to this.
evp_test_DEFAULTS :=
bntest_DEFAULTS :=
ectest_DEFAULTS := test_options

define openssl_test_module
test-openssl-$(1)_PARTS := openssl-testutil
test-openssl-$(1)_SOURCES := $$(OPENSSL_SRC)/test/$(1).c \
    $$(patsubst %,$$(OPENSSL_SRC)/test/testutil/%.c,$$($(1)_DEFAULTS))
test-openssl-$(1)_CFLAGS := $$(OPENSSL_TEST_CFLAGS)
test-openssl-$(1)_WARNINGS := -w
test-openssl-$(1)_PROVIDES := app
test-openssl-$(1)_DEPS := $$(OPENSSL_GEN)/openssl.log
$$(foreach k,$$(KINDS),$$(eval test-openssl-$(1)_LIBS_$$(k) := $$(call openssl_libraries,$$(k))))
nginx-tls: $$(call files_of,test-openssl-$(1))
endef
$(foreach t,$(OPENSSL_TESTS),$(eval $(call openssl_test_module,$(t))))
