#!/bin/sh
# What `make demo` shows: SQLite's benchmark with and without isolation, then a file system
# that tries to read SQLite's memory, with and without isolation.
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

# One row per line of SQL; the secret never goes near the file system's own memory.
sql="CREATE TABLE t(x); INSERT INTO t VALUES ('launch code 0451'); SELECT count(*) FROM t;"

bold "SQLite in 7 isolated cubicles, and the same system without isolation"
"$top/bench/run" --quick --output "$top/build/demo.json"

bold "An attack: the file system looks for a secret in SQLite's heap"
echo "Without isolation:"
"$cubicle" run "$spied" --isolation=none -- /demo.db "$sql" 2>&1 | sed 's/^/    /'
echo "Isolated:"
if "$cubicle" run "$spied" --isolation=sfi -- /demo.db "$sql" >"$top/build/demo.out" 2>&1; then
    sed 's/^/    /' "$top/build/demo.out"
    echo "error: the attack was not stopped" >&2
    exit 1
fi
sed 's/^/    /' "$top/build/demo.out"
