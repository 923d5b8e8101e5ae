#!/bin/sh
# mutants.sh: does every check of the verifier have a test? Takes out one refusal after the
# other (a reason to refuse becomes VERIFY_OK) and one listed instruction per list, and
# runs the tables of test_verify.c on what is left. In plain.c it takes out what keeps
# the table from finding too much, and runs test_plain.c. A mutant that passes is reported.
# Lines that are marked `never' cannot be reached, and are left alone.
# By hand, a few minutes; needs what the unit tests need.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
source=$(cd "$here/../../../monitor/verify" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
CC=${CC:-cc}
flags="-std=gnu11 -D_GNU_SOURCE -O1 -w -I$work"

mkdir "$work/objects" "$work/tables" "$work/plain"
cp "$source"/*.[ch] "$work"

# compile FOLDER FILE...
compile() {
    folder=$1
    shift
    for file in "$@"; do
        # shellcheck disable=SC2086 # flags are words
        $CC $flags -I"$here" -c "$file" -o "$work/$folder/$(basename "$file" .c).o"
    done
}

compile objects "$work"/*.c
compile tables "$here"/test_verify.c "$here"/cases_*.c "$here"/forms_*.c
compile plain "$here"/test_plain.c

survivors=0
mutants=0

# try FILE LINE SED: one mutant. $tests: the folder of what must fail.
tests=tables
try() {
    sed "$2$3" "$source/$1" >"$work/$1"
    if cmp -s "$source/$1" "$work/$1"; then
        return
    fi
    mutants=$((mutants + 1))
    compile objects "$work/$1"
    wrap=
    if [ "$tests" = tables ]; then
        wrap=-Wl,--wrap=calloc
    fi
    # shellcheck disable=SC2086
    $CC -o "$work/test" "$work/$tests"/*.o "$work"/objects/*.o $wrap -lZydis -lcmocka
    if timeout 200 "$work/test" >/dev/null 2>&1; then
        survivors=$((survivors + 1))
        echo "survives: $1:$2: $(sed -n "$2p" "$source/$1" | sed 's/^ *//')"
    fi
    cp "$source/$1" "$work/$1"
    compile objects "$work/$1"
}

for file in verify.c stack.c groups.c branch.c classify.c decode.c prefix.c operands.c; do
    # shellcheck disable=SC2013 # line numbers are words
    for line in $(grep -n 'VERIFY_[A-Z]' "$source/$file" |
        grep -v '/\* never\|enum\|!= VERIFY_OK\|== VERIFY_OK\|VERIFY_BUNDLE[^_]' | cut -d: -f1); do
        try "$file" "$line" 's/VERIFY_[A-NP-Z][A-Z_]*/VERIFY_OK/'
    done
done
for list in "$source"/rules_*.c; do
    list=$(basename "$list")
    # shellcheck disable=SC2013
    for line in $(grep -n '^    [A-Z0-9]*([A-Z0-9]*[,)]' "$source/$list" | cut -d: -f1); do
        try "$list" "$line" 's/[A-Z0-9]*([A-Z0-9|_, ]*),//'
    done
done
tests=plain
# shellcheck disable=SC2013
for line in $(grep -n 'return false' "$source/plain.c" | cut -d: -f1); do
    try plain.c "$line" 's/return false/;/'
done
# shellcheck disable=SC2013
for line in $(grep -n '^    \[0x.*TO_R' "$source/plain.c" | cut -d: -f1); do
    try plain.c "$line" 's/ | TO_REG//g'
    try plain.c "$line" 's/TO_RM | SHIFT/TO_RM/g'
    try plain.c "$line" 's/ | MOVE//g'
    try plain.c "$line" 's/0x\(fc\|03\|01\), /0xff, /g'
done
echo "$mutants mutants, $survivors survive"
test "$survivors" -eq 0
