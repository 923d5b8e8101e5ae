# The module nginx-tls: NGINX with TLS and HTTP/2, and OpenSSL's libraries, which it links.
# `make nginx-tls` builds them and the system; they are no part of `all`, for OpenSSL takes minutes.

FETCH += openssl
MODULES += nginx-tls
OPTIONAL += nginx-tls

OPENSSL_SRC := $(B)/src/openssl
OPENSSL_GEN := $(B)/obj/openssl/configured
TLS_GEN := $(B)/obj/nginx-tls
TLS_ROOT := $(B)/nginx-tls/root
TLS_CONFIGURE := --with-openssl=openssl --with-http_ssl_module --with-http_v2_module

# ---- OpenSSL ----

$(OPENSSL_GEN)/openssl.log: apps/nginx/openssl.sh $(B)/src/openssl.version
	$(call say,GEN,$(@D))
	$(PLUS)$(Q)apps/nginx/openssl.sh configure $(@D)

# $(1): kind
openssl_folder = $(B)/obj/openssl/$(1)
openssl_libraries = $(call openssl_folder,$(1))/libssl.a $(call openssl_folder,$(1))/libcrypto.a
define openssl_rules
$(call openssl_libraries,$(1)) &: $$(OPENSSL_GEN)/openssl.log apps/nginx/openssl-cc.sh \
        apps/nginx/perlasm.py $$(TOOLCHAIN_$(1)) | $$(LIBC_$(1)) $$(INTERFACES)
	$$(call say,LIB,$$(@D))
	$$(PLUS)$$(Q)apps/nginx/openssl.sh library $$(@D) $$(OPENSSL_GEN) \
	    "$$(CURDIR)/apps/nginx/openssl-cc.sh $$(CURDIR)/$$(CUBICLE_CC) \
	    --cubicle-isolation=$(ISOLATION_$(1)) --cubicle-sysroot=$$(CURDIR)/$$(B)/sysroot/$(1)"
nginx-tls_LIBS_$(1) := $(call openssl_libraries,$(1))
endef
$(foreach k,$(KINDS),$(eval $(call openssl_rules,$(k))))

# ---- the server ----

TLS_SOURCES := $(addprefix $(NGINX_SRC)/, \
    $(patsubst %,event/ngx_%.c,event_openssl event_openssl_stapling) \
    $(patsubst %,http/modules/ngx_http_%_module.c,ssl grpc) \
    $(patsubst %,http/ngx_http_%.c,huff_decode huff_encode) \
    $(patsubst %,http/v2/ngx_http_%.c,v2 v2_table v2_encode v2_filter_module v2_module))

nginx-tls_PARTS := pcre2 zlib
nginx-tls_SOURCES := $(NGINX_SOURCES) $(TLS_SOURCES) $(TLS_GEN)/objs/ngx_modules.c
nginx-tls_CFLAGS := $(NGINX_INCLUDES) -I$(NGINX_SRC)/http/v2 -I$(TLS_GEN)/objs \
    -I$(OPENSSL_GEN)/include -I$(OPENSSL_SRC)/include
nginx-tls_WARNINGS := -w
nginx-tls_PROVIDES := app
nginx-tls_DEPS := $(TLS_GEN)/objs/ngx_modules.c $(PCRE2_GEN)/pcre2_chartables.c \
    $(OPENSSL_GEN)/openssl.log

$(TLS_GEN)/objs/ngx_modules.c: apps/nginx/configure.sh apps/nginx/cc.sh apps/nginx/tls.mk \
        $(B)/src/nginx.version $(B)/src/pcre2.version $(B)/src/zlib.version \
        | $(LIBC_plain) $(INTERFACES)
	$(call say,GEN,$@)
	$(Q)CUBICLE_CC=$(CURDIR)/$(CUBICLE_CC) apps/nginx/configure.sh $(TLS_GEN) \
	    $(CURDIR)/apps/nginx/cc.sh $(TLS_CONFIGURE)
	@touch $@

# ---- the system ----

# The files that the system starts with: those of `nginx', a configuration, and a key that is
# made here and never leaves this machine.
$(TLS_ROOT)/etc/nginx/tls/server.key: apps/nginx/certificate.sh
	$(call say,KEY,$@)
	$(Q)apps/nginx/certificate.sh $(@D)

TLS_FILES := $(patsubst apps/nginx/root-tls/%,$(TLS_ROOT)/%,$(shell find apps/nginx/root-tls -type f)) \
    $(patsubst apps/nginx/root/%,$(TLS_ROOT)/%,apps/nginx/root/etc/nginx/mime.types \
        apps/nginx/root/www/index.html)
$(TLS_ROOT)/%: apps/nginx/root-tls/%
	$(call say,COPY,$@)
	@mkdir -p $(@D) && cp $< $@
$(TLS_ROOT)/%: apps/nginx/root/%
	$(call say,COPY,$@)
	@mkdir -p $(@D) && cp $< $@

.PHONY: nginx-tls
nginx-tls: $(TLS_ROOT)/etc/nginx/tls/server.key $(TLS_FILES) \
    $(call files_of,$(call modules_of,systems/nginx-tls.yaml))

# ---- the native program, to compare with ----

TLS_NATIVE_GEN := $(B)/obj/native/nginx-tls
.PHONY: native-tls
native-tls: $(B)/native/nginx-tls

$(call openssl_libraries,native) &: $(OPENSSL_GEN)/openssl.log
	$(call say,LIB,$(@D))
	$(PLUS)$(Q)apps/nginx/openssl.sh library $(@D) $(OPENSSL_GEN) gcc

$(TLS_NATIVE_GEN)/objs/ngx_modules.c: apps/nginx/configure.sh apps/nginx/tls.mk \
        $(B)/src/nginx.version $(B)/src/pcre2.version $(B)/src/zlib.version
	$(call say,GEN,$@)
	$(Q)apps/nginx/configure.sh $(TLS_NATIVE_GEN) "$$(command -v gcc)" $(TLS_CONFIGURE)
	@touch $@

$(B)/native/nginx-tls: $(TLS_NATIVE_GEN)/objs/ngx_modules.c $(B)/native/nginx \
        $(call openssl_libraries,native)
	$(call say,NATIVE,$@)
	@mkdir -p $(@D) $(TLS_NATIVE_GEN)/o
	$(Q)cd $(TLS_NATIVE_GEN)/o && rm -f *.o && \
	    gcc $(MODULE_CFLAGS) -w $(patsubst -I%,-I$(CURDIR)/%,$(NGINX_INCLUDES) \
	        -I$(NGINX_SRC)/http/v2 -I$(OPENSSL_GEN)/include -I$(OPENSSL_SRC)/include) \
	        -I$(CURDIR)/$(TLS_NATIVE_GEN)/objs -c $(addprefix $(CURDIR)/,$(NGINX_SOURCES) \
	        $(TLS_SOURCES) $(TLS_NATIVE_GEN)/objs/ngx_modules.c) && \
	    gcc -o $(CURDIR)/$@ *.o $(foreach p,pcre2 zlib,$(foreach s,$($(p)_SOURCES),\
	        $(CURDIR)/$(NGINX_NATIVE_GEN)/o/$(notdir $(basename $(s))).o)) \
	        $(addprefix $(CURDIR)/,$(call openssl_libraries,native)) -lcrypt
