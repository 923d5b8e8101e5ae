#!/bin/sh
# The compiler that nginx's configure sees: what cubicle-cc can link exists, and a probe that
# must be run is run on this machine, which has the same types and numbers.
#
#   CUBICLE_CC=FILE cc.sh ARGUMENTS...
set -u

case "$*" in
-v) exec gcc -v ;; # nginx looks for the words `gcc version'
esac
output=
previous=
for word; do
    [ "$previous" != -o ] || output=$word
    previous=$word
done
"$CUBICLE_CC" --cubicle-isolation=none "$@" || exit 1
[ -z "$output" ] || [ "${output%.o}" != "$output" ] || {
    gcc "$@" 2>/dev/null || chmod +x "$output" # of no use to a probe that is run
}
