# SQLite from unmodified upstream source: `sqlite` is its shell, `speedtest1` its benchmark.
# Both are linked with the same object, for SQLite takes most of the time of a build.
#
# The same flags go to every configuration that is compared: isolated, plain, and the native
# Linux programs in build/native. They are upstream's defaults for a single-threaded program
# plus what its configure finds here, and what its Makefile adds for the shell. HAVE_PREAD and
# its kin are left out, as in the plain `gcc sqlite3.c` that upstream documents, so that
# os_unix.c uses lseek and read; speedtest1-pread has them. They decide with #if inside of
# sqlite3.c, so speedtest1-pread needs an object of its own.

FETCH += sqlite3

SQLITE_SRC := $(B)/src/sqlite3
SQLITE_GEN := $(B)/obj/sqlite3
SQLITE_CFLAGS := -I$(SQLITE_GEN) -DSQLITE_THREADSAFE=0 -DSQLITE_OMIT_LOAD_EXTENSION \
    -DHAVE_FDATASYNC=1 -DHAVE_GMTIME_R=1 -DHAVE_ISNAN=1 -DHAVE_LOCALTIME_R=1 \
    -DHAVE_STDINT_H=1 -DHAVE_INTTYPES_H=1 -DHAVE_STRCHRNUL=1 -DHAVE_USLEEP=1 \
    -DHAVE_UTIME=1
# What upstream's Makefile adds for its shell. The benchmark uses none of it; it executes 0.1 %
# more instructions with these flags (579.8 million instead of 579.1 with `--size 5`) in the
# same time.
SQLITE_SHELL_CFLAGS := -DSQLITE_ENABLE_FTS4 -DSQLITE_ENABLE_RTREE \
    -DSQLITE_ENABLE_EXPLAIN_COMMENTS -DSQLITE_ENABLE_UNKNOWN_SQL_FUNCTION \
    -DSQLITE_ENABLE_STMTVTAB -DSQLITE_ENABLE_DBPAGE_VTAB -DSQLITE_ENABLE_DBSTAT_VTAB \
    -DSQLITE_ENABLE_BYTECODE_VTAB -DSQLITE_ENABLE_OFFSET_SQL_FUNC

PARTS += sqlite3 sqlite3-pread

sqlite3_SOURCES := $(SQLITE_GEN)/sqlite3.c
sqlite3_CFLAGS := $(SQLITE_CFLAGS) $(SQLITE_SHELL_CFLAGS)
sqlite3_WARNINGS := -w

sqlite3-pread_SOURCES := $(sqlite3_SOURCES)
sqlite3-pread_CFLAGS := $(sqlite3_CFLAGS) -DUSE_PREAD64
sqlite3-pread_WARNINGS := -w

MODULES += sqlite speedtest1 speedtest1-pread

sqlite_PARTS := sqlite3
sqlite_SOURCES := $(SQLITE_GEN)/shell.c
sqlite_CFLAGS := $(SQLITE_CFLAGS) $(SQLITE_SHELL_CFLAGS)
sqlite_PROVIDES := app
sqlite_WARNINGS := -w

# The benchmark's own source has no part in the shell's flags: they would add tests to it.
speedtest1_PARTS := sqlite3
speedtest1_SOURCES := $(SQLITE_SRC)/test/speedtest1.c
speedtest1_CFLAGS := $(SQLITE_CFLAGS)
speedtest1_PROVIDES := app
speedtest1_WARNINGS := -w
speedtest1_DEPS := $(SQLITE_GEN)/sqlite3.c

speedtest1-pread_PARTS := sqlite3-pread
speedtest1-pread_SOURCES := $(speedtest1_SOURCES)
speedtest1-pread_CFLAGS := $(SQLITE_CFLAGS)
speedtest1-pread_PROVIDES := app
speedtest1-pread_WARNINGS := -w
speedtest1-pread_DEPS := $(SQLITE_GEN)/sqlite3.c

# Upstream puts its source together out of the tree, with tclsh.
$(SQLITE_GEN)/sqlite3.c: $(SQLITE_SRC).version
	$(call say,GEN,$@)
	@mkdir -p $(@D)
	$(PLUS)$(Q)cd $(@D) && { $(CURDIR)/$(SQLITE_SRC)/configure --disable-tcl --disable-readline \
	    --disable-threadsafe --disable-load-extension && \
	    make -f Makefile sqlite3.c shell.c; } >generate.log 2>&1 || \
	    { tail -n 20 generate.log >&2; exit 1; }
	@touch $@ $(@D)/shell.c # in this order: shell.c is never older
$(SQLITE_GEN)/shell.c: $(SQLITE_GEN)/sqlite3.c ;

# The native Linux programs to compare with: gcc -O2, the machine's libc.
SQLITE_NATIVE := $(addprefix $(B)/native/,sqlite3 speedtest1 speedtest1-pread)
.PHONY: native
native: $(SQLITE_NATIVE)
all: native

# $(1) module or part
define sqlite_native_rules
$(B)/obj/native/$(1).o: $($(1)_SOURCES) apps/sqlite/module.mk | $(SQLITE_GEN)/sqlite3.c
	$$(call say,NATIVE,$$@)
	@mkdir -p $$(@D)
	$$(Q)gcc -O2 -std=gnu11 -w $$($(1)_CFLAGS) -c -o $$@ $$<
endef
$(foreach u,sqlite3 sqlite3-pread sqlite speedtest1,$(eval $(call sqlite_native_rules,$(u))))

$(B)/native/sqlite3: $(addprefix $(B)/obj/native/,sqlite.o sqlite3.o)
$(B)/native/speedtest1: $(addprefix $(B)/obj/native/,speedtest1.o sqlite3.o)
$(B)/native/speedtest1-pread: $(addprefix $(B)/obj/native/,speedtest1.o sqlite3-pread.o)
$(SQLITE_NATIVE):
	$(call say,NATIVE,$@)
	@mkdir -p $(@D)
	$(Q)gcc -o $@ $^ -lm
