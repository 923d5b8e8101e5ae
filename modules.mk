# Builds the modules with cubicle-cc: build/modules/KIND/NAME.cub. There are two kinds of code:
# `sfi` is rewritten, and verified by the loader; `plain` is as the compiler wrote it, for all
# other isolations.
#
# A folder under components/, apps/ or tests/*/ joins in with a module.mk:
#
#   MODULES += ramfs
#   ramfs_SOURCES  := $(wildcard components/ramfs/*.c)
#   ramfs_PROVIDES := fs              # interfaces, separated by spaces
#   ramfs_CFLAGS   := -DX=1           # optional
#   ramfs_WARNINGS := -w              # optional: instead of -Wall -Wextra -Werror
#   ramfs_LIBS     := -lm             # optional: what to add when linking
#   ramfs_LIBS_sfi := build/x.a       # optional: the same for one kind, and made before
#   ramfs_DEPS     := build/x.h       # optional: what must exist before compiling
#   ramfs_KINDS    := sfi             # optional: the kinds that `all` builds; default: each
#   FETCH          += zlib            # optional: build/src/zlib from a Debian source package
#
# Sources that several modules share are compiled once, as a part:
#
#   PARTS += sqlite3                  # with sqlite3_SOURCES, _CFLAGS, _WARNINGS, _DEPS as above
#   shell_PARTS := sqlite3            # parts of a module
#
# What takes long to build, and has a target of its own instead of `all`:
#
#   OPTIONAL += nginx-tls
#
# Paths are relative to the top folder, where this file runs. Use `:=` for lists of
# sources; a source under build/src/PACKAGE is fetched when PACKAGE is in FETCH.
#
# interfaces/interfaces.mk adds the interface registry to INTERFACES, libc/libc.mk adds
# to LIBC_sfi and LIBC_plain what must exist before any module is compiled or linked.

B := build
KINDS ?= sfi plain
# What cubicle-cc calls each.
ISOLATION_sfi := sfi
ISOLATION_plain := none
SHELL := /bin/sh
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules

# V=1 shows the commands.
Q := $(if $(V),,@)

# $(call say,WORD,FILE) begins a recipe and prints `[2/31] WORD   FILE`. The total is what a dry
# run would do, counted when the first step begins: without work there is no dry run.
say = $(if $(COUNTING),@: one step,$(if $(V),,@printf '[%s] %-6s %s\n' '$(count)' '$(1)' '$(2)'))
count = $(eval STEPS += 1)$(words $(STEPS))/$(TOTAL)
TOTAL = $(eval TOTAL := $(shell MAKEFLAGS= $(MAKE) -n$(call has_flag,B) -f modules.mk COUNTING=1 \
    $(MAKEOVERRIDES) $(MAKECMDGOALS) 2>/dev/null | grep -c '^: one step'))$(TOTAL)
# $(1) if make was given this flag.
has_flag = $(findstring $(1),$(firstword -$(MAKEFLAGS)))
# In front of a command that runs make: shares the jobs, but does nothing in a dry run.
PLUS = $(if $(call has_flag,n),,+)

CUBICLE_CC := $(B)/bin/cubicle-cc
# What modules of each kind depend on.
TOOLCHAIN_sfi := $(wildcard $(addprefix $(B)/bin/,cubicle-cc cubicle-rewrite))
TOOLCHAIN_plain := $(wildcard $(addprefix $(B)/bin/,cubicle-cc cubicle-plain))
MODULE_CFLAGS := -O2 -std=gnu11
MODULE_WARNINGS := -Wall -Wextra -Werror

MODULES :=
OPTIONAL :=
PARTS :=
FETCH :=
INTERFACES :=
LIBC_sfi :=
LIBC_plain :=

.PHONY: all demo demo-nginx interfaces libc
all demo demo-nginx: # with a recipe, so that make says nothing when all is there
	@:

# Names of the modules of the manifests $(1).
modules_of = $(sort $(shell sed -n 's/^ *modules: \[\(.*\)\]/\1/p' $(1) | tr ',' ' '))
# The files of modules $(1), of each kind. Fragments name both as prerequisites, which make expands at once.
files_of = $(foreach m,$(1),$(foreach k,$(KINDS),$(B)/modules/$(k)/$(m).cub))

-include interfaces/interfaces.mk
-include libc/libc.mk
# $(1) fragment: its modules and parts depend on it, for it holds their flags.
define add_fragment
known := $$(MODULES) $$(PARTS)
include $(1)
$$(foreach m,$$(filter-out $$(known),$$(MODULES) $$(PARTS)),$$(eval $$(m)_MK := $(1)))
endef
$(foreach f,$(wildcard components/*/module.mk apps/*/module.mk bench/*/module.mk \
                    tests/*/*/module.mk), \
    $(eval $(call add_fragment,$(f))))

# Third-party source: the whole tree appears with its .version file.
define fetch_rules
$(B)/src/$(1).version: | tools/fetch.sh
	$$(call say,FETCH,$(1))
	$(Q)tools/fetch.sh $(1)
$(B)/src/$(1)/%: | $(B)/src/$(1).version ;
endef
$(foreach p,$(sort $(FETCH)),$(eval $(call fetch_rules,$(p))))

# $(1) module or part, $(2) kind, $(3) source
object = $(B)/obj/$(2)/$(1)/$(patsubst $(B)/%,_build/%,$(3)).o
objects = $(foreach s,$($(1)_SOURCES),$(call object,$(1),$(2),$(s)))

# $(1) module or part, $(2) kind, $(3) source
define object_rule
$(call object,$(1),$(2),$(3)): $(3) $$(TOOLCHAIN_$(2)) $$($(1)_MK) | $$(LIBC_$(2)) $$(INTERFACES) \
                               $$($(1)_DEPS)
	$$(call say,CC,$$@)
	@mkdir -p $$(@D)
	$(Q)$$(CUBICLE_CC) --cubicle-isolation=$(ISOLATION_$(2)) --cubicle-sysroot=$(B)/sysroot/$(2) \
	    $$(MODULE_CFLAGS) $$(or $$($(1)_WARNINGS),$$(MODULE_WARNINGS)) \
	    $$($(1)_CFLAGS) $$($(1)_CFLAGS_$(2)) \
	    -MD -MP -MT $$@ -MF $$(@:.o=.d) -c -o $$@ $$<
-include $(patsubst %.o,%.d,$(call object,$(1),$(2),$(3)))
endef

# What linking read of the registry: the interfaces in the module's note; `app`, which tells
# an application; everything, where no file of dependencies says more.
#
# $(1) module, $(2) kind
link_depfile = $(B)/obj/$(2)/$(1)/module.d
link_reads = $(if $(wildcard $(link_depfile)),$(B)/interfaces/app.desc,$(INTERFACES))

# $(1) module, $(2) kind
define module_rules
$(1)_OBJECTS_$(2) := $$(foreach p,$(1) $$($(1)_PARTS),$$(call objects,$$(p),$(2)))

$(B)/modules/$(2)/$(1).cub: $$($(1)_OBJECTS_$(2)) $$(LIBC_$(2)) $$(TOOLCHAIN_$(2)) \
                            $$($(1)_LIBS_$(2)) $$($(1)_LINK_DEPS) $$($(1)_MK) $(link_reads) | $$(INTERFACES)
	$$(call say,LINK,$$@)
	@mkdir -p $$(@D)
	$(Q)$$(CUBICLE_CC) --cubicle-isolation=$(ISOLATION_$(2)) \
	    --cubicle-provides=$$(subst $$(space),$$(comma),$$(strip $$($(1)_PROVIDES))) \
	    -o $$@ $$($(1)_OBJECTS_$(2)) $$($(1)_LIBS_$(2)) $$($(1)_LIBS)
	$(Q)tools/note-deps.sh $$@ $(B)/interfaces >$(link_depfile)
-include $(link_depfile)
$(if $(filter $(1),$(OPTIONAL)),,$(if $(filter $(2),$(or $($(1)_KINDS),$(2))), \
    all: $(B)/modules/$(2)/$(1).cub))
endef

empty :=
space := $(empty) $(empty)
comma := ,
$(foreach k,$(KINDS), \
    $(foreach m,$(sort $(MODULES) $(PARTS)),$(foreach s,$($(m)_SOURCES), \
        $(eval $(call object_rule,$(m),$(k),$(s))))) \
    $(foreach m,$(sort $(MODULES)),$(eval $(call module_rules,$(m),$(k)))))

# What tools/demo.sh and tools/demo-nginx.sh run.
DEMO := $(call modules_of,systems/speedtest1.yaml tests/systems/spied.yaml systems/hello.yaml)
DEMO_NGINX := $(call modules_of,systems/nginx.yaml) mad-lwip
demo: $(call files_of,$(DEMO))
demo-nginx: $(call files_of,$(DEMO_NGINX))

interfaces: $(INTERFACES)
libc: $(foreach k,$(KINDS),$(LIBC_$(k)))
