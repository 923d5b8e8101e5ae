#!/bin/sh
# Runs every test and closes with one line of counts. Arguments go to `meson test`, for
# example: tools/test.sh --suite unit
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
host=$top/build/host

# The suites of the tests that fit, one a line for each test.
suites() {
    meson test -C "$host" --no-rebuild --list "$@" 2>/dev/null | sed -n 's,^[^:]*:\(.*\) / .*,\1,p'
}

# Where none fits meson says so, and that all is well.
if [ -z "$(suites "$@")" ]; then
    echo "test.sh: no test fits: $*" >&2
    echo "  the suites are $(suites | sort -u | paste -sd ' '); after --suite one of them, else names of tests" >&2
    exit 1
fi
status=0
# nohup(1), and a shell's background jobs, ignore signals that tests send.
env --default-signal=HUP,INT,QUIT meson test -C "$host" --no-rebuild --print-errorlogs "$@" || status=$?
"$top/tools/count-tests.py" "$host/meson-logs/testlog.json" || status=1
exit "$status"
