#!/bin/sh
# run.sh TARGET SEED-FOLDER|-OPTION...: fuzzes for FUZZ_SECONDS, in a folder of its own. A crash
# fails the test, and the input that caused it is kept next to the target.
set -eu

target=$1
shift
corpus=$(mktemp -d)
trap 'rm -rf "$corpus"' EXIT
"$target" -max_total_time="${FUZZ_SECONDS:-10}" -max_len=16384 -timeout=10 \
    -rss_limit_mb=1024 -print_final_stats=1 -verbosity=0 \
    -artifact_prefix="$(dirname "$target")/" "$corpus" "$@"
