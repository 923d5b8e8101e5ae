#!/bin/sh
# Links tests/apps/math with musl's own mathematics, built by gcc for this machine, into
# build/native/math: what libc's in a cubicle is compared with.
set -eu

top=$(cd "$(dirname "$0")/../.." && pwd)
objects=$top/build/obj/native/musl
sources=$top/tests/apps/math

mkdir -p "$objects" "$top/build/native"
if [ ! -e "$objects/config.mak" ]; then
    (cd "$objects" && "$top/build/src/musl/configure" --disable-shared --enable-wrapper=no \
        --prefix="$objects" CC=gcc CFLAGS=-O2 >configure.log 2>&1) || {
        cat "$objects/configure.log" >&2
        exit 1
    }
fi

# The objects that musl's makefile would put into libc.a.
cat >"$objects/math.mk" <<'MAKEFILE'
include Makefile
libmath.a: $(filter obj/src/math/% obj/src/complex/% obj/src/fenv/%,$(AOBJS))
	ar rcs $@ $^
MAKEFILE
${MAKE:-make} -s -C "$objects" -f math.mk libmath.a

# fmaf() is libc's: musl's, as GCC compiles it, loses FE_UNDERFLOW.
gcc -O2 -std=gnu11 -Wall -Wextra -fno-builtin -frounding-math -z noexecstack -o "$top/build/native/math" \
    "$sources"/*.c "$top/libc/src/math/cubicle64/fmaf.c" "$objects/libmath.a"
