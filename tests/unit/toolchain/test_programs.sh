#!/bin/sh
# Runs every program under programs/ rewritten, in a view, and compares what it prints with
# the same program built by the host's compiler. TAP.
#
#   test_programs.sh CUBICLE-CC RUN-VIEW
set -u

cc=$1
run_view=$2
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

programs='control stack floats atomics strings integers data threads jumps vectors assembly
    algorithms'
levels='-O0 -O1 -O2 -O3 -Os'
number=0

if grep -qw avx2 /proc/cpuinfo && grep -qw bmi2 /proc/cpuinfo; then
    levels="$levels -O3@-march=x86-64-v3"
fi

# $1 program, $2 compiler options: prints what went wrong
run() {
    # shellcheck disable=SC2086
    set -- "$1" $2 -I"$here/programs" -w -fno-math-errno
    sources="$here/programs/$1.c $here/programs/probe.c"
    [ "$1" != assembly ] || sources="$sources $here/programs/assembly_forms.S"
    name=$1
    shift
    # shellcheck disable=SC2086
    gcc "$@" -fno-pie -no-pie -msse3 -o "$work/host" $sources "$here/programs/host_main.c" \
        >"$work/log" 2>&1 && "$work/host" >"$work/expected" 2>>"$work/log" || return 1
    # shellcheck disable=SC2086
    "$cc" --cubicle-isolation=sfi --cubicle-interfaces="$here/registry" "$@" \
        --cubicle-provides=probe -nostdinc -isystem "$(gcc -print-file-name=include)" \
        -ffreestanding -nostdlib -o "$work/$name.cub" $sources \
        "$here/programs/memory.c" >"$work/log" 2>&1 || return 1
    "$run_view" "$work/$name.cub" >"$work/output" 2>"$work/log" || return 1
    diff "$work/expected" "$work/output" >"$work/log"
}

# shellcheck disable=SC2086
set -- $programs
echo "1..$(($# * $(echo "$levels" | wc -w)))"
for program in $programs; do
    for level in $levels; do
        number=$((number + 1))
        if run "$program" "$(echo "$level" | tr @ ' ')"; then
            echo "ok $number - $program $level"
        else
            echo "not ok $number - $program $level"
            sed 's/^/# /' "$work/log" | head -20
        fi
    done
done
