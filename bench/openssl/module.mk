# What TLS's ciphers and signatures cost: cubicle run build/modules/sfi/openssl-speed.cub
MODULES += openssl-speed
OPTIONAL += openssl-speed
openssl-speed_SOURCES := bench/openssl/speed.c
openssl-speed_CFLAGS := -isystem $(OPENSSL_GEN)/include -isystem $(OPENSSL_SRC)/include
openssl-speed_PROVIDES := app
openssl-speed_DEPS := $(OPENSSL_GEN)/openssl.log
$(foreach k,$(KINDS),$(eval openssl-speed_LIBS_$(k) := $(call openssl_libraries,$(k))))
nginx-tls: $(call files_of,openssl-speed)
