# Generated liars, see docs/testing.md: for each component one that lies, liar-NAME; and test-caller,
# which calls all that there is.

LIARS := tests/liars/modules
LIARS_OUT := $(B)/liars
LIARS_MAKE := tests/liars/generate.py

# Interfaces that anybody may import: all but those that need a right, or that only the loader calls.
LIARS_ALL := $(basename $(notdir $(INTERFACE_HEADERS)))
LIARS_MANY := $(filter-out module,$(basename $(notdir $(INTERFACES_MANY))))
LIARS_ONE := $(filter-out host hostnet hostfiles module $(LIARS_MANY),$(LIARS_ALL))

LIARS_DESCRIPTORS := $(foreach i,$(LIARS_ALL),$(B)/interfaces/$(i).desc)

# $(1) file, $(2) arguments of generate.py
define liars_made
$(LIARS_OUT)/$(1): $$(LIARS_MAKE) $$(LIARS_DESCRIPTORS) $(LIARS)/module.mk
	$$(call say,LIAR,$$@)
	@mkdir -p $$(@D)
	$(Q)python3 $$(LIARS_MAKE) $(2) >$$@
endef

# An allocator may call the monitor only.
LIARS_IMPORTS_alloc := cubicle
LIARS_CFLAGS_alloc := -DLIAR_ALONE
# Those next to files of the host call its gates, too.
LIARS_IMPORTS_hostfs := $(LIARS_ONE) hostfiles

# $(1) component
define liars_of
MODULES += liar-$(1)
liar-$(1)_SOURCES := $($(1)_SOURCES) $(LIARS)/front.c $(LIARS)/sweep.c \
    $(LIARS_OUT)/$(1)-front.c $(LIARS_OUT)/$(1)-table.c
liar-$(1)_PARTS := $($(1)_PARTS)
liar-$(1)_PROVIDES := $($(1)_PROVIDES) tell
liar-$(1)_KINDS := sfi
liar-$(1)_CFLAGS := $($(1)_CFLAGS) $(LIARS_CFLAGS_$(1)) -Itests/interfaces -I$(LIARS) -Wno-infinite-recursion \
    -include $(LIARS_OUT)/$(1)-rename.h
liar-$(1)_DEPS := $($(1)_DEPS) $(LIARS_OUT)/$(1)-rename.h
$(call liars_made,$(1)-front.c,front $($(1)_PROVIDES))
$(call liars_made,$(1)-rename.h,rename $($(1)_PROVIDES))
$(call liars_made,$(1)-table.c,table $($(1)_PROVIDES) --imports $(filter-out $($(1)_PROVIDES),$(or $(LIARS_IMPORTS_$(1)),$(LIARS_ONE))))
endef

LIARS_COMPONENTS := $(patsubst components/%/module.mk,%,$(wildcard components/*/module.mk))
$(foreach c,$(LIARS_COMPONENTS),$(eval $(call liars_of,$(c))))

MODULES += test-caller
test-caller_SOURCES := $(LIARS)/caller.c $(LIARS)/say.c $(LIARS)/attempt.c $(LIARS_OUT)/caller-table.c
test-caller_CFLAGS := -Itests/interfaces -I$(LIARS)
test-caller_PROVIDES := app hostile
$(eval $(call liars_made,caller-table.c,table --imports $(LIARS_ONE) $(LIARS_MANY)))

MODULES += test-liars-believer
test-liars-believer_SOURCES := $(LIARS)/believer.c $(LIARS)/say.c $(LIARS)/workload.c $(LIARS_OUT)/believer-table.c
test-liars-believer_CFLAGS := -Itests/interfaces -I$(LIARS) -I$(B)/interfaces/gen
test-liars-believer_PROVIDES := app hostile
$(eval $(call liars_made,believer-table.c,table $(filter-out host hostnet hostfiles module cubicle,$(LIARS_ALL))))
