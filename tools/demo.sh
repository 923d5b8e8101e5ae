#!/bin/sh
# What `make demo` shows: SQLite's benchmark with and without isolation, then a file system
# that tries to read SQLite's memory, with and without isolation. The systems that it
# runs are listed in modules.mk (DEMO_SYSTEMS), which builds only those for it.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
cubicle=$top/build/bin/cubicle
spied=$top/tests/systems/spied.yaml

bold() {
    if [ -t 1 ]; then
        printf '\n\033[1m%s\033[0m\n' "$*"
    else
        printf '\n%s\n' "$*"
    fi
}

# The secret is in a database in memory: it never gets to any file system.
sql="ATTACH ':memory:' AS m; CREATE TABLE m.s(x); INSERT INTO m.s VALUES ('launch code 0451');"
sql="$sql CREATE TABLE t(x); INSERT INTO t VALUES (1); SELECT count(*) || ' row stored' FROM t;"
attack() {
    printf '%s\n' "$sql" | "$cubicle" run "$spied" "--isolation=$1" -- /demo.db
}

bold "SQLite in 8 isolated cubicles, and the same system without isolation"
"$top/bench/run" --only demo --output "$top/build/demo.json"

bold "An attack: the file system looks for a secret in SQLite's heap"
echo "Without isolation:"
attack none 2>&1 | sed 's/^/    /'
echo "Isolated:"
if attack sfi >"$top/build/demo.out" 2>&1; then
    sed 's/^/    /' "$top/build/demo.out"
    echo "error: the attack was not stopped" >&2
    exit 1
fi
sed 's/^/    /' "$top/build/demo.out"
echo "The attack was stopped."
