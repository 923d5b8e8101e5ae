#!/bin/sh
# build.sh OUTPUT: builds fuzz_frames, the network stack with a hostile device, for this machine. Needs clang, and what
# `make -f modules.mk build/modules/sfi/lwip.cub` makes: lwIP's patched source and the generated headers.
set -eu
cd "$(dirname "$0")/../../.."

source=build/obj/lwip-source
parts=$(sed -n '/^LWIP_PARTS/,/^LWIP_CFLAGS/p' components/lwip/module.mk | grep -o '[a-z]*/[a-z0-9_/]*' | grep -v '^components\|^obj')
core=''
for part in $parts; do
    [ -e "$source/$part.c" ] && core="$core $source/$part.c"
done
own=$(find components/lwip -name '*.c' ! -name arena.c)
# shellcheck disable=SC2086
"${CLANG:-clang-14}" -std=gnu11 -D_GNU_SOURCE -g -O1 -w -fsanitize=fuzzer,address,undefined \
    -fno-sanitize=alignment -fno-sanitize-recover=all -Icomponents/lwip -isystem "$source/include" \
    -Iinclude -Iinterfaces -Ibuild/interfaces/gen -o "$1" tests/fuzz/fuzz_frames.c \
    tests/fuzz/frames/stand_ins.c tests/fuzz/frames/frames.c $own $core
