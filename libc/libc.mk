# Builds libc in both kinds: build/sysroot/{sfi,plain}/{include,lib}. Included by modules.mk.

LIBC_INPUTS := libc/build.sh libc/reused.txt $(shell find libc/arch libc/src libc/crt libc/compiler -type f) \
    interfaces/socket.h interfaces/cubicle.h include/cubicle/interface.h $(B)/interfaces/gen/socket_ops.h \
    $(patsubst %,$(B)/interfaces/%_functions.h,alloc clock cubicle plat random vfs)

FETCH += musl

define libc_rules
LIBC_$(1) += $(B)/sysroot/$(1)/lib/libc.a
$(B)/sysroot/$(1)/lib/libc.a: $(LIBC_INPUTS) $(TOOLCHAIN_$(1)) | $(B)/src/musl.version
	$$(call say,LIBC,$$@)
	$$(PLUS)$(Q)libc/build.sh $(1)
endef
$(foreach k,$(KINDS),$(eval $(call libc_rules,$(k))))
