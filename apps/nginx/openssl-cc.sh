#!/bin/sh
# The compiler that OpenSSL's build sees: COMMAND, with assembly made readable for it (perlasm.py).
#
#   openssl-cc.sh COMMAND ARGUMENTS...
#
# The generators of assembly ask which version of GNU as there is. This one knew AVX2, and neither
# AVX-512 nor ADX, which a cubicle cannot have.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
case "$*" in
*-Wa,-v*)
    echo "GNU assembler version 2.22"
    exit 0
    ;;
esac
for word; do
    shift
    case $word in
    *.s)
        "$here/perlasm.py" <"$word" >"${word%.s}.readable.s"
        word=${word%.s}.readable.s
        ;;
    esac
    set -- "$@" "$word"
done
# shellcheck disable=SC2086 # a command and its options
exec "$@"
