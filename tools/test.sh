#!/bin/sh
# Runs every test and closes with one line of counts. Arguments go to `meson test`, for
# example: tools/test.sh --suite unit
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
host=$top/build/host

status=0
meson test -C "$host" --no-rebuild --print-errorlogs "$@" || status=$?
"$top/tools/count-tests.py" "$host/meson-logs/testlog.json" || status=1
exit "$status"
