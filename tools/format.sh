#!/bin/sh
# Formats the C sources in place, or with --check names those that would change.
# Left alone: interfaces/ and the inputs of the interface compiler, whose annotations read better by hand, and what
# is laid over musl.
set -eu

cd "$(dirname "$0")/.."
mode=-i
[ "${1:-}" = --check ] && mode='--dry-run --Werror'
# shellcheck disable=SC2086
git ls-files '*.c' '*.h' | grep -Ev '^(interfaces|libc/arch|libc/src|tests/unit/idl)/' |
    xargs clang-format $mode
