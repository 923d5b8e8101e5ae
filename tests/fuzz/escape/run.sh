#!/bin/sh
# run.sh PROGRAM [OPTION...]: tests/fuzz/escape/main.c on the system `escape`, with the view of
# the cubicle somewhere, and at address 0. The options are those of main.c; --count and
# --seconds are for each of the two. ESCAPE_SEED=N is --seed N. A snippet that gets out is kept
# next to the program.
set -eu
top=${CUBICLE_TOP:-$(cd "$(dirname "$0")/../../.." && pwd)}
build=${CUBICLE_BUILD:-$top/build}
program=$1
shift
if [ -n "${ESCAPE_SEED:-}" ]; then
    set -- "$@" --seed "$ESCAPE_SEED"
fi
low=$program-low.yaml # stays: the command to repeat a failure names it
sed '/^low_view: none/d' "$top/tests/systems/escape.yaml" >"$low"
status=0
for system in "$top/tests/systems/escape.yaml" "$low"; do
    echo "# $system"
    once=0
    "$program" --keep "$program-$(basename "$system" .yaml).snippet" "$@" \
        "$build/bin/cubicle" run "$system" --isolation=sfi || once=$?
    if [ "$once" -ne 0 ]; then
        status=$once
    fi
done
exit "$status"
