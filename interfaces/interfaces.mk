# The interface registry: build/interfaces/NAME.desc for every annotated header, and
# build/interfaces/gen/NAME_ops.h where an interface has several providers, and for libc
# build/interfaces/NAME_functions.h. Headers that
# all modules may include go where cubicle-cc looks for them: SYSROOT/include/NAME.h,
# SYSROOT/include/NAME_ops.h, SYSROOT/include/cubicle/*.h.

CUBICLE_IDL := $(B)/bin/cubicle-idl
INTERFACE_HEADERS := $(sort $(wildcard interfaces/*.h))
TEST_INTERFACE_HEADERS := $(sort $(wildcard tests/interfaces/*.h))
INTERFACES_MANY := $(shell grep -l '^CUBICLE_INTERFACE_MANY' $(INTERFACE_HEADERS))

# $(1) header
interface_desc = $(B)/interfaces/$(basename $(notdir $(1))).desc
interface_ops = $(B)/interfaces/gen/$(basename $(notdir $(1)))_ops.h

define interface_rule
INTERFACES += $(call interface_desc,$(1))
$(call interface_desc,$(1)): $(1) $(CUBICLE_IDL)
	$$(call say,IDL,$$@)
	@mkdir -p $$(@D)
	$(Q)$(CUBICLE_IDL) --strict --functions -Iinclude -Iinterfaces -o $$(@D) \
	    --depfile $$(@:.desc=.d) $$<
-include $(patsubst %.desc,%.d,$(call interface_desc,$(1)))
endef
$(foreach h,$(INTERFACE_HEADERS) $(TEST_INTERFACE_HEADERS), \
    $(eval $(call interface_rule,$(h))))

# Made together with the descriptor.
$(B)/interfaces/gen/%_ops.h: $(B)/interfaces/%.desc ;
$(B)/interfaces/%_functions.h: $(B)/interfaces/%.desc ;

# $(1) kind, $(2) source, $(3) name under include/
define sysroot_header
INTERFACES += $(B)/sysroot/$(1)/include/$(3)
$(B)/sysroot/$(1)/include/$(3): $(2)
	$(Q)install -D -m 644 $$< $$@
endef
$(foreach k,$(KINDS), \
    $(foreach h,$(wildcard include/cubicle/*.h), \
        $(eval $(call sysroot_header,$(k),$(h),$(h:include/%=%)))) \
    $(foreach h,$(INTERFACE_HEADERS), \
        $(eval $(call sysroot_header,$(k),$(h),$(notdir $(h))))) \
    $(foreach h,$(INTERFACES_MANY), \
        $(eval $(call sysroot_header,$(k),$(call interface_ops,$(h)),$(notdir $(call interface_ops,$(h)))))))
