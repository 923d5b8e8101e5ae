#!/bin/sh
# Formats the C sources in place, or with --check names those that would change.
# interfaces/ is left alone: its annotations read better by hand.
set -eu

cd "$(dirname "$0")/.."
mode=-i
[ "${1:-}" = --check ] && mode='--dry-run --Werror'
# shellcheck disable=SC2086
git ls-files '*.c' '*.h' | grep -Ev '^(interfaces|libc/arch|libc/src)/' |
    xargs clang-format $mode
