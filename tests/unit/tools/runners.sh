#!/bin/sh
# What runs tests: a word that no test has in its name is an error, not success. TAP.
set -u

top=${CUBICLE_TOP:-$(cd "$(dirname "$0")/../../.." && pwd)}
log=$(mktemp)
trap 'rm -f "$log"' EXIT
number=0

# refuses COMMAND...: it fails, names the word nosuch, and says nothing of success.
refuses() {
    number=$((number + 1))
    if ! "$@" nosuch >"$log" 2>&1 && grep -q nosuch "$log" && ! grep -q '^1\.\.0\|^ok ' "$log"; then
        echo "ok $number - $*"
    else
        echo "not ok $number - $*"
        sed 's/^/# /' "$log"
    fi
}

for runner in conformance attack liars failure libc; do
    refuses "$top/tests/$runner/run.py"
done
for runner in sqlite files restart; do
    refuses "$top/tests/apps/$runner.py"
done
refuses "$top/tests/vm/run.py"
refuses "$top/tools/test.sh"
refuses "$top/tools/test.sh" --suite
refuses "$top/bench/run" --only
refuses "$top/tools/mutants.py" --only

number=$((number + 1))
"$top/tools/test.sh" --suite nosuch 2>&1 | grep -q 'the suites are .*unit' || printf 'not '
echo "ok $number - tools/test.sh names the suites"
echo "1..$number"
