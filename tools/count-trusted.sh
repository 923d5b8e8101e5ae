#!/bin/sh
# Counts the lines of trusted code: monitor/, of that the verifier and each backend, and what stays of it in the smallest
# build (meson_options.txt). README and docs/architecture.md state the totals.
#
#   tools/count-trusted.sh           a table: lines of code, without blank lines and comments; and all lines
#   tools/count-trusted.sh --files   the files of the smallest build
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top"

# Sources and headers in folders.
files() {
    find "$@" -type f \( -name '*.c' -o -name '*.h' -o -name '*.S' \) | sort
}

# What the options can leave out: the sources that monitor/meson.build names, and the headers that nothing else includes.
left_out() {
    sed -n "/^parts = {/,/^}/s/.*'\([a-z_/]*\.[cS]\)'.*/monitor\/\1/p" monitor/meson.build
    files monitor/backend/mpk monitor/backend/ipc
    files monitor/observe | grep -v '/observe\.h$'
    echo monitor/gate/host_files_table.h
}

smallest() {
    files monitor | grep -vxF "$(left_out)"
}

# A row of the table: NAME, with its files on standard input. Comments are stripped outside of strings.
row() {
    xargs cat | awk -v name="$1" '
        {
            out = ""
            i = 1
            while (i <= length($0)) {
                two = substr($0, i, 2)
                c = substr($0, i, 1)
                if (comment) {
                    if (two == "*/") { comment = 0; i++ }
                } else if (quote != "") {
                    out = out c
                    if (c == "\\") { out = out substr($0, ++i, 1) }
                    else if (c == quote) { quote = "" }
                } else if (two == "/*") { comment = 1; i++ }
                else if (two == "//") { break }
                else {
                    out = out c
                    if (c == "\"" || c == "'\''") { quote = c }
                }
                i++
            }
            quote = ""
            if (out ~ /[^ \t]/) { n++ }
        }
        END { printf "%6d  %9d  %s\n", n, NR, name }'
}

case ${1-} in
'') ;;
--files)
    smallest
    exit
    ;;
*)
    echo "Usage: tools/count-trusted.sh [--files]" >&2
    exit 2
    ;;
esac

printf '  code  all lines\n'
files monitor/verify | row verifier
for backend in sfi mpk ipc none; do
    files "monitor/backend/$backend" | row "backend $backend"
done
files monitor | grep -v '^monitor/\(verify\|backend/[a-z]*\)/' | row 'the rest of the monitor'
files monitor | row 'all of it'
smallest | row 'the smallest build'
