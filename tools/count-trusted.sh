#!/bin/sh
# Counts the lines of trusted code, without blank lines and comments: monitor/, and of that
# the verifier and each backend. The README states the total.
#
#   tools/count-trusted.sh           a table
#   tools/count-trusted.sh --total   the total alone
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top"

# Lines of C and assembly files in folders, comments stripped outside of strings.
count() {
    find "$@" -type f \( -name '*.c' -o -name '*.h' -o -name '*.S' \) -exec cat {} + |
        awk '
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
            END { print n + 0 }'
}

total=$(count monitor)
if [ "${1-}" = --total ]; then
    echo "$total"
    exit 0
fi
verify=$(count monitor/verify)
backends=$(count monitor/backend)
printf '%6d  verifier\n' "$verify"
printf '%6d  backends\n' "$backends"
printf '%6d  the rest of the monitor\n' "$((total - verify - backends))"
printf '%6d  trusted lines of code\n' "$total"
