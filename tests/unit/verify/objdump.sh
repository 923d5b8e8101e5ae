#!/bin/sh
# objdump.sh TEST_HARDWARE: has binutils disassemble every instruction that the verifier
# accepts alone (see test_hardware.c); objdump.awk judges the text.
set -eu
list=$(mktemp)
trap 'rm -f "$list"' EXIT
count=$("$1" --list "$list")
objdump -D -b binary -m i386:x86-64 --insn-width=16 "$list" |
    awk -F '\t' -v count="$count" -f "${0%/*}/objdump.awk"
