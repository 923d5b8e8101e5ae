#!/bin/sh
# Builds libc in one kind of code: build/sysroot/KIND/{include,lib}.
#
#   libc/build.sh sfi|plain
#
# musl's tree (build/src/musl) is copied to build/libc/musl and ours laid over it: the folders
# arch/cubicle64 and src/*/cubicle64, which musl's makefile prefers to its own files of the same
# name. It then builds with its own configure and makefile, outside of its tree.
#
# CUBICLE_LIBC_CC replaces the compiler command, CUBICLE_LIBC_MAKEFLAGS adds to make's flags.
set -eu

kind=${1:?usage: libc/build.sh sfi|plain}
case $kind in
sfi) isolation=sfi assembles=cubicle-rewrite ;;
plain) isolation=none assembles=cubicle-plain ;;
*)
    echo "build.sh: '$kind': sfi or plain" >&2
    exit 2
    ;;
esac
top=$(cd "$(dirname "$0")/.." && pwd)
ours=$top/libc
upstream=$top/build/src/musl
merged=$top/build/libc/musl
objects=$top/build/libc/$kind
sysroot=$top/build/sysroot/$kind
cc=${CUBICLE_LIBC_CC:-$top/build/bin/cubicle-cc --cubicle-isolation=$isolation}

# What decides whether the merged tree must be made anew: files removed here, another upstream.
merge_key() {
    cat "$upstream.version"
    (cd "$ours" && find arch src crt compiler -type f | LC_ALL=C sort)
    cat "$ours/reused.txt"
}

# Copies a file only when it differs, so that make sees what has changed.
copy() {
    cmp -s "$1" "$2" && return 0
    mkdir -p "$(dirname "$2")"
    cp "$1" "$2"
    case $2 in # musl's makefile does not track headers of ours
    */arch/*.h) touch "$merged/.headers" ;;
    *.h) find "$(dirname "$2")" -maxdepth 1 -name '*.c' -exec touch {} + ;;
    esac
}

merge() {
    if ! merge_key | cmp -s - "$merged/.key"; then
        rm -rf "$merged"
        mkdir -p "$(dirname "$merged")"
        cp -R "$upstream" "$merged"
        mkdir -p "$merged/arch/cubicle64"
        cp -R "$merged/arch/x86_64/bits" "$merged/arch/cubicle64/"
        grep -v '^#' "$ours/reused.txt" | while read -r file; do
            to=$(printf '%s\n' "$file" | sed 's,/x86_64/,/cubicle64/,')
            mkdir -p "$merged/$(dirname "$to")"
            cp "$merged/$file" "$merged/$to"
            case $file in # musl leaves saying that their stack is not executable to a flag
            *.s) printf '\n.section .note.GNU-stack,"",@progbits\n' >>"$merged/$to" ;;
            esac
        done
        touch "$merged/.headers"
    fi
    (cd "$ours" && find arch src -type f) | while read -r file; do
        copy "$ours/$file" "$merged/$file"
    done
    for file in "$ours"/crt/*.c; do
        copy "$file" "$merged/crt/cubicle64/${file##*/}"
    done
    for file in "$ours"/compiler/*; do
        copy "$file" "$merged/src/compiler/${file##*/}"
    done
    for file in alloc clock cubicle plat random vfs; do
        copy "$top/build/interfaces/${file}_functions.h" "$merged/arch/cubicle64/${file}_functions.h"
    done
    # The stack's functions are bound by name, with the fingerprint of their interface.
    for file in interfaces/socket.h interfaces/cubicle.h include/cubicle/interface.h build/interfaces/gen/socket_ops.h; do
        sed 's,<socket.h>,"socket.h",; s,<cubicle.h>,"cubicle.h",; s,<cubicle/interface.h>,"interface.h",' \
            "$top/$file" >"$merged/.interface"
        copy "$merged/.interface" "$merged/src/network/cubicle64/${file##*/}"
    done
    merge_key >"$merged/.key"
}

# What every object depends on: the compiler command and the programs behind it.
compiler_key() {
    printf '%s\n' "$cc"
    for program in $cc "$top/build/bin/$assembles"; do
        case $program in
        /*) [ ! -e "$program" ] || cksum "$program" ;;
        esac
    done
}

configure() {
    if compiler_key | cmp -s - "$objects/.cc" && [ -e "$objects/config.mak" ] &&
        [ ! "$merged/configure" -nt "$objects/config.mak" ]; then
        return 0
    fi
    rm -rf "$objects"
    mkdir -p "$objects"
    # musl knows no cubicle64; the folder is chosen when make runs.
    (cd "$objects" && "$merged/configure" --build=x86_64 --target=x86_64 --prefix= \
        --disable-shared --enable-wrapper=no CC="$cc" CFLAGS="-O2 -Wno-return-local-addr" LIBCC= \
        >"$objects/configure.log" 2>&1) || {
        cat "$objects/configure.log" >&2
        exit 1
    }
    compiler_key >"$objects/.cc"
}

mkdir -p "$top/build/libc"
exec 9>"$top/build/libc/.lock"
flock 9 # the merged tree is shared by both kinds
merge
flock -u 9

exec 8>"$objects.lock"
flock 8 # two runs of make in one tree
configure
if [ "$merged/.headers" -nt "$objects/.built" ]; then
    rm -rf "${objects:?}/obj" "${objects:?}/lib"
fi
empty='lib/libm.a lib/librt.a lib/libpthread.a lib/libcrypt.a lib/libutil.a lib/libxnet.a
    lib/libresolv.a lib/libdl.a'
# shellcheck disable=SC2086
${MAKE:-make} ${CUBICLE_LIBC_MAKEFLAGS:-} -s -C "$objects" ARCH=cubicle64 DESTDIR="$sysroot" \
    lib/libc.a lib/crt1.o $empty install-headers
mkdir -p "$sysroot/lib"
for file in "$objects"/lib/*; do
    cmp -s "$file" "$sysroot/lib/${file##*/}" || cp "$file" "$sysroot/lib/"
done
touch "$objects/.built" "$sysroot/lib/libc.a"
