#!/bin/sh
# Prints a make rule: a module must be linked again when an interface changes that it
# provides or uses. The linker wrote their names into the module's note.
#
#   tools/note-deps.sh MODULE REGISTRY
set -eu

module=${1:?usage: tools/note-deps.sh MODULE REGISTRY}
registry=${2:?usage: tools/note-deps.sh MODULE REGISTRY}

note=$(mktemp)
trap 'rm -f "$note"' EXIT
objcopy -O binary --only-section=.cubicle.note --set-section-flags .cubicle.note=alloc \
    "$module" "$note"
# The empty rule lets make go on when the header of an interface is gone: linking tells.
sed -nE "s,^(provides|uses) ([^ ]+) .*,$module: $registry/\\2.desc\\n$registry/\\2.desc:,p" "$note"
