# CubicleOS: build, demonstrate, test, measure. `make help` lists the targets.
#
# Two build systems, each for what it is good at: meson builds the programs that run on
# this machine (build/host), modules.mk builds the modules that run in cubicles
# (build/modules), with the cubicle-cc that meson has just built.

MESON ?= meson
NINJA ?= ninja
PYTHON ?= python3
JOBS ?= $(shell nproc)
B := build
# What the monitor is built without: make WITHOUT="mpk ipc" leaves these two out
# (meson_options.txt).
WITHOUT ?=
PARTS := mpk ipc acl lazy direct net files observe
UNKNOWN := $(filter-out $(PARTS),$(WITHOUT))
ifneq ($(UNKNOWN),)
$(error WITHOUT names what cannot be left out: $(UNKNOWN); there are: $(PARTS))
endif
PART_OPTIONS := $(foreach part,$(PARTS),-D$(part)=$(if $(filter $(part),$(WITHOUT)),disabled,enabled))
SUBMAKE := $(MAKE) --no-print-directory -f modules.mk

.DEFAULT_GOAL := all
.PHONY: FORCE all help deps host programs modules demo demo-build demo-nginx demo-nginx-build pictures nginx-tls \
        test test-mpk test-programs bench check compile-commands format clean distclean

all: modules ## Build everything (default)

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-17s %s\n", $$1, $$2 }' Makefile

deps: ## Install the Debian packages that the build needs
	@tools/deps.sh

# $(1): what ninja builds; the programs of build/bin are part of it. Says nothing without work.
define build_host
@case $$($(NINJA) -C $(B)/host -n $(1)) in \
*'no work to do'*) ;; \
*) $(NINJA) -C $(B)/host -j $(JOBS) $(if $(V),-v) $(1) ;; \
esac
@$(MESON) install -C $(B)/host --no-rebuild --only-changed --quiet
@ln -sfn ../systems $(B)/systems
endef

host: $(B)/host/build.ninja ## Build the programs of this machine: cubicle, cubicle-cc, ...; WITHOUT="mpk ipc": fewer parts
	$(call build_host,all)

# Those of build/bin only, without tests.
programs: $(B)/host/build.ninja
	$(call build_host,programs)

$(B)/src/%.version:
	@tools/fetch.sh $*

# Newer than the build where it is of other parts.
$(B)/parts: FORCE
	@mkdir -p $(B)
	@echo '$(PART_OPTIONS)' | cmp -s - $@ || echo '$(PART_OPTIONS)' >$@

# All of them, so that a new folder is seen.
$(B)/host/build.ninja: $(wildcard meson.build meson_options.txt */meson.build */*/meson.build */*/*/meson.build) \
                         $(B)/parts | $(B)/src/bearssl.version
	@tools/deps.sh --check
	@$(MESON) setup $(B)/host --prefix=$(CURDIR)/$(B) --bindir=bin --buildtype=release \
	    -Dwerror=true $(PART_OPTIONS) $$(test -e $(B)/host/meson-private/coredata.dat && echo --reconfigure)

modules: host ## Build the modules, isolated and plain
	+@flock $(B)/.lock $(SUBMAKE) -j $(JOBS) all

demo: deps ## SQLite's benchmark with and without isolation, and one stopped attack
	@$(MAKE) --no-print-directory demo-build
	@tools/demo.sh

# Only what the demo runs.
demo-build: programs
	+@flock $(B)/.lock $(SUBMAKE) -j $(JOBS) demo

demo-nginx: deps ## NGINX in cubicles: a page, who calls whom, and one stopped attack
	@$(MAKE) --no-print-directory demo-nginx-build
	@tools/demo-nginx.sh

demo-nginx-build: programs
	+@flock $(B)/.lock $(SUBMAKE) -j $(JOBS) demo-nginx

pictures: deps ## Draw the pictures of docs/pictures anew
	@$(MAKE) --no-print-directory demo-build demo-nginx-build
	@tools/pictures.sh

# Not part of `all`: OpenSSL takes minutes.
nginx-tls: programs ## NGINX with TLS and HTTP/2, its modules and its certificate
	+@flock $(B)/.lock $(SUBMAKE) -j $(JOBS) nginx-tls

test: deps ## Run every test
	@$(MAKE) --no-print-directory all
	@tools/test.sh

test-mpk: all ## Run the suites under mpk in an emulated machine; HOST=1: here
	@tests/vm/run.py $(if $(HOST),--host) conformance attack sqlite counts

test-programs: all ## Build programs of others and run their tests; ONLY="lua bc": some
	@tests/programs/run.py --table $(ONLY)

bench: all ## Measure the matrix of benchmarks, with a report; BENCH=--quick: in 3 minutes
	@bench/run $(BENCH)

check: all ## Checks: clang, sanitizers, the smallest monitor, clang-tidy, cppcheck, shellcheck, format
	@tools/check.sh

compile-commands: host ## Write compile_commands.json, for editors and clangd
	@tools/compile_commands.py

format: ## Format the C sources with clang-format
	@tools/format.sh

clean: ## Remove what was built; keep fetched sources
	@rm -rf $(B)/host $(B)/bin $(B)/modules $(B)/interfaces $(B)/sysroot $(B)/obj \
	    $(B)/libc $(B)/native $(B)/programs

distclean: ## Remove the whole build folder
	@rm -rf $(B)
