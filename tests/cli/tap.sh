# shellcheck shell=sh
# What the tests of the command share. A test script sources this, calls check functions,
# and ends with `finish`. Output is TAP.
set -u

top=${CUBICLE_TOP:-$(cd "$(dirname "$0")" && while [ ! -e VERSION ]; do cd ..; done && pwd)}
build=${CUBICLE_BUILD:-$top/build}
PATH=$build/bin:$PATH
tests=0
failures=0

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

# ok NAME, with the exit status of the command before it.
ok() {
    if [ $? -eq 0 ]; then
        pass "$1"
    else
        fail "$1"
    fi
}

pass() {
    tests=$((tests + 1))
    printf 'ok %s - %s\n' "$tests" "$1" # echo would read the backslashes in a name
}

fail() {
    tests=$((tests + 1))
    failures=$((failures + 1))
    printf 'not ok %s - %s\n' "$tests" "$1"
}

# expect STATUS PATTERN NAME COMMAND...: the exit status is STATUS, and standard error has a
# line that matches the extended regular expression PATTERN ("" for no output at all).
expect() {
    want=$1 pattern=$2 name=$3
    shift 3
    status=0
    timeout 60 "$@" >out 2>err </dev/null || status=$?
    if [ "$status" -eq 125 ] && [ "$want" -ne 125 ] && grep -q 'this build has no ' err; then
        pass "$name # SKIP $(sed -n 's/.*\(this build has no .*)\)$/\1/p' err)"
        return 0
    elif [ "$status" -ne "$want" ]; then
        fail "$name"
        echo "# exit status $status, expected $want"
    elif [ -z "$pattern" ] && [ -s err ]; then
        fail "$name"
        echo "# unexpected output on standard error"
    elif [ -n "$pattern" ] && ! grep -Eq -- "$pattern" err; then
        fail "$name"
        echo "# standard error does not match: $pattern"
    else
        pass "$name"
        return 0
    fi
    sed 's/^/# err: /' err
}

finish() {
    echo "1..$tests"
    [ "$failures" -eq 0 ]
}
