#!/bin/sh
# Checks what cubicle-rewrite makes of the blocks of rules.txt, and how it refuses those of
# refuse.txt. TAP.
#
#   test_rules.sh CUBICLE-REWRITE CHECK-OBJECT
set -u

rewrite=$1
check_object=$2
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Splits the blocks of file $1 into folder $2: N.name, N.in, N.out.
split() {
    mkdir -p "$2"
    awk -v folder="$2" '
        /^= / { n++; part = "in"; print substr($0, 3) > (folder "/" n ".name"); next }
        /^->$/ { part = "out"; next }
        part == "out" && /^$/ { part = ""; next }
        part != "" { print > (folder "/" n "." part) }
    ' "$1"
}

# What was emitted, without padding, also inside instructions, and line markers.
plain() {
    tr '\t' ' ' <"$1" | sed -e 's/^ *//' -e 's/^{rex} //' -e '/ j/!s/^{disp32} //' -e '/^# /d' -e '/^\.balign/d' \
        -e '/^\.byte 0x/d' -e '/^\.fill/d' -e '/^\.allow_index_reg/d' \
        -e '/^\.section \.text$/d'
}

accepts() {
    "$rewrite" -S -o "$1.s" "$1.in" >"$1.log" 2>&1 || return 1
    plain "$1.s" >"$1.got"
    diff "$1.out" "$1.got" >"$1.log" || return 1
    "$rewrite" -o "$1.o" "$1.in" >"$1.log" 2>&1 && "$check_object" "$1.o" >"$1.log" 2>&1
}

# Every expected line must occur in the messages, in order.
refuses() {
    if "$rewrite" -o "$1.o" "$1.in" >"$1.log" 2>&1; then
        echo 'was accepted' >"$1.log"
        return 1
    fi
    [ ! -e "$1.o" ] || return 1
    awk 'NR == FNR { want[++count] = $0; next }
         at < count && index($0, want[at + 1]) { at++ }
         END { if (at < count) { print "missing: " want[at + 1]; exit 1 } }' \
        "$1.out" "$1.log" >"$1.missing" && return 0
    cat "$1.missing" >>"$1.log"
    return 1
}

number=0
run() {
    i=1
    while [ -e "$2/$i.name" ]; do
        number=$((number + 1))
        if "$1" "$2/$i"; then
            echo "ok $number - $1: $(cat "$2/$i.name")"
        else
            echo "not ok $number - $1: $(cat "$2/$i.name")"
            sed 's/^/# /' "$2/$i.log"
        fi
        i=$((i + 1))
    done
}

split "$here/rules.txt" "$work/rules"
split "$here/refuse.txt" "$work/refuse"
echo "1..$(cat "$work"/*/*.name | wc -l)"
run accepts "$work/rules"
run refuses "$work/refuse"
