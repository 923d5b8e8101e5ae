# The functions of <math.h>, to compare with another library's (tests/libc/math.py).
MODULES += test-math
test-math_SOURCES := $(wildcard tests/apps/math/*.c)
test-math_PROVIDES := app
test-math_CFLAGS := -fno-builtin -frounding-math

# The same natively, with musl's own.
all: $(B)/native/math
$(B)/native/math: tests/libc/native-math.sh $(wildcard tests/apps/math/*) | $(B)/src/musl.version
	$(call say,CC,$@)
	$(PLUS)$(Q)tests/libc/native-math.sh
