# NGINX from unmodified upstream source, with PCRE2 and zlib, which upstream links too.
#
# The configuration is upstream's own, made when this is built (configure.sh): its probes are
# linked with cubicle-cc, so it finds what a cubicle has. build/native/nginx is the same source
# configured with gcc, a Linux process to compare with.

FETCH += nginx pcre2 zlib

NGINX_SRC := $(B)/src/nginx/src
NGINX_GEN := $(B)/obj/nginx
PCRE2_SRC := $(B)/src/pcre2/src
PCRE2_GEN := $(B)/obj/pcre2
ZLIB_SRC := $(B)/src/zlib

PARTS += pcre2 zlib
MODULES += nginx

# As upstream's NON-AUTOTOOLS-BUILD says. No JIT: a cubicle cannot make code.
pcre2_SOURCES := $(PCRE2_GEN)/pcre2_chartables.c $(patsubst %,$(PCRE2_SRC)/pcre2_%.c, \
    auto_possess compile config context convert dfa_match error extuni find_bracket jit_compile \
    maketables match match_data newline ord2utf pattern_info script_run serialize string_utils \
    study substitute substring tables ucd valid_utf xclass)
pcre2_CFLAGS := -I$(PCRE2_GEN) -I$(PCRE2_SRC) -DHAVE_CONFIG_H -DPCRE2_CODE_UNIT_WIDTH=8 \
    -DSUPPORT_PCRE2_8 -DSUPPORT_UNICODE
pcre2_WARNINGS := -w
pcre2_DEPS := $(PCRE2_GEN)/pcre2_chartables.c

zlib_SOURCES := $(patsubst %,$(ZLIB_SRC)/%.c,adler32 crc32 deflate inffast inflate inftrees \
    trees zutil)
zlib_CFLAGS := -DHAVE_UNISTD_H
zlib_WARNINGS := -w

NGINX_CORE := nginx array buf conf_file connection cpuinfo crc32 crypt cycle file hash inet list \
    log md5 module murmurhash open_file_cache output_chain palloc parse parse_time \
    proxy_protocol queue radix_tree rbtree regex resolver rwlock sha1 shmtx slab spinlock string \
    syslog times
NGINX_EVENT := event event_accept event_connect event_pipe event_posted event_timer event_udp
NGINX_HTTP := http http_copy_filter_module http_core_module http_file_cache \
    http_header_filter_module http_parse http_postpone_filter_module http_request \
    http_request_body http_script http_special_response http_upstream \
    http_upstream_round_robin http_variables http_write_filter_module
NGINX_HTTP_MODULES := access addition_filter auth_basic auth_request autoindex browser \
    charset_filter chunked_filter empty_gif fastcgi geo gunzip_filter gzip_filter gzip_static \
    headers_filter index limit_conn limit_req log map memcached mirror not_modified_filter proxy \
    random_index range_filter realip referer rewrite scgi secure_link slice_filter \
    split_clients ssi_filter static stub_status sub_filter try_files upstream_hash \
    upstream_ip_hash upstream_keepalive upstream_least_conn upstream_random upstream_zone \
    userid_filter uwsgi
NGINX_OS := alloc channel daemon dlopen errno files linux_init linux_sendfile_chain posix_init \
    process process_cycle readv_chain recv send setaffinity setproctitle shmem socket time \
    udp_recv udp_send udp_sendmsg_chain user writev_chain

NGINX_SOURCES := $(subst ngx_nginx,nginx,$(patsubst %,$(NGINX_SRC)/core/ngx_%.c,$(NGINX_CORE))) \
    $(patsubst %,$(NGINX_SRC)/event/ngx_%.c,$(NGINX_EVENT)) \
    $(NGINX_SRC)/event/modules/ngx_epoll_module.c \
    $(patsubst %,$(NGINX_SRC)/http/ngx_%.c,$(NGINX_HTTP)) \
    $(patsubst %,$(NGINX_SRC)/http/modules/ngx_http_%_module.c,$(NGINX_HTTP_MODULES)) \
    $(patsubst %,$(NGINX_SRC)/os/unix/ngx_%.c,$(NGINX_OS))
NGINX_INCLUDES := $(addprefix -I$(NGINX_SRC)/,core event event/modules os/unix http http/modules) \
    -I$(PCRE2_GEN) -I$(ZLIB_SRC)

nginx_PARTS := pcre2 zlib
nginx_SOURCES := $(NGINX_SOURCES) $(NGINX_GEN)/objs/ngx_modules.c
nginx_CFLAGS := $(NGINX_INCLUDES) -I$(NGINX_GEN)/objs
nginx_WARNINGS := -w
nginx_PROVIDES := app
nginx_DEPS := $(NGINX_GEN)/objs/ngx_modules.c $(PCRE2_GEN)/pcre2_chartables.c

# A probe is linked like a program: libc and the interfaces must be there.
$(NGINX_GEN)/objs/ngx_modules.c: apps/nginx/configure.sh apps/nginx/cc.sh \
        $(B)/src/nginx.version $(B)/src/pcre2.version $(B)/src/zlib.version \
        | $(LIBC_plain) $(INTERFACES)
	$(call say,GEN,$@)
	$(Q)CUBICLE_CC=$(CURDIR)/$(CUBICLE_CC) apps/nginx/configure.sh $(NGINX_GEN) \
	    $(CURDIR)/apps/nginx/cc.sh
	@touch $@

$(PCRE2_GEN)/pcre2_chartables.c: apps/nginx/module.mk $(B)/src/pcre2.version
	$(call say,GEN,$@)
	@mkdir -p $(@D)
	$(Q)cp $(PCRE2_SRC)/config.h.generic $(@D)/config.h
	$(Q)cp $(PCRE2_SRC)/pcre2.h.generic $(@D)/pcre2.h
	$(Q)cp $(PCRE2_SRC)/pcre2_chartables.c.dist $@
	@touch $@

# ---- the native program ----

NGINX_NATIVE_GEN := $(B)/obj/native/nginx
.PHONY: native
native: $(B)/native/nginx
all: native

$(NGINX_NATIVE_GEN)/objs/ngx_modules.c: apps/nginx/configure.sh $(B)/src/nginx.version \
        $(B)/src/pcre2.version $(B)/src/zlib.version
	$(call say,GEN,$@)
	$(Q)apps/nginx/configure.sh $(NGINX_NATIVE_GEN) "$$(command -v gcc)"
	@touch $@

# One compiler for all files: gcc takes them at once.
$(B)/native/nginx: apps/nginx/module.mk $(NGINX_NATIVE_GEN)/objs/ngx_modules.c \
        $(PCRE2_GEN)/pcre2_chartables.c
	$(call say,NATIVE,$@)
	@mkdir -p $(@D) $(NGINX_NATIVE_GEN)/o
	$(Q)cd $(NGINX_NATIVE_GEN)/o && rm -f *.o && \
	    gcc $(MODULE_CFLAGS) -w $(patsubst -I%,-I$(CURDIR)/%,$(pcre2_CFLAGS)) -c \
	        $(addprefix $(CURDIR)/,$(pcre2_SOURCES)) && \
	    gcc $(MODULE_CFLAGS) -w $(patsubst -I%,-I$(CURDIR)/%,$(zlib_CFLAGS)) -c \
	        $(addprefix $(CURDIR)/,$(zlib_SOURCES)) && \
	    gcc $(MODULE_CFLAGS) -w $(patsubst -I%,-I$(CURDIR)/%,$(NGINX_INCLUDES)) \
	        -I$(CURDIR)/$(NGINX_NATIVE_GEN)/objs -c $(addprefix $(CURDIR)/,$(NGINX_SOURCES) \
	        $(NGINX_NATIVE_GEN)/objs/ngx_modules.c) && \
	    gcc -o $(CURDIR)/$@ *.o -lcrypt

include apps/nginx/tls.mk
