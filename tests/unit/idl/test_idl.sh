#!/bin/sh
# The interface compiler, from outside: what it accepts, word by word; what it refuses,
# with the place, the reason and the hint. Expected texts are next to the headers.
#
#   test_idl.sh CUBICLE-IDL          runs the tests, TAP on standard output
#   UPDATE=1 test_idl.sh CUBICLE-IDL writes the expected texts instead
set -u

idl=$(realpath "$1") || exit 1
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../../.." && pwd)
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
ntests=0
status=0

# NAME STATUS: one line of the report; a failure shows the file `why'.
report()
{
    ntests=$((ntests + 1))
    if [ "$2" -eq 0 ]; then
        echo "ok $ntests - $1"
    else
        echo "not ok $ntests - $1"
        sed 's/^/# /' "$tmp/why"
        status=1
    fi
}

# NAME EXPECTED-FILE ACTUAL-FILE
same()
{
    if [ -n "${UPDATE:-}" ]; then
        cp "$3" "$2"
    fi
    diff -u "$2" "$3" >"$tmp/why" 2>&1
    report "$1" $?
}

# NAME WANTED-STATUS COMMAND...; output in `out', errors in `err'
run()
{
    title=$1
    wanted=$2
    shift 2
    "$@" >"$tmp/out" 2>"$tmp/err"
    got=$?
    { echo "exit status $got instead of $wanted"; cat "$tmp/err"; } >"$tmp/why"
    [ "$got" -eq "$wanted" ]
    report "$title" $?
}

# NAME TEXT FILE
contains()
{
    { echo "no \`$2' in:"; cat "$3"; } >"$tmp/why"
    grep -qF -- "$2" "$3"
    report "$1" $?
}

# Every reject: the whole text, and no file is left behind.
for header in "$here"/refuse/*.h; do
    name=$(basename "$header" .h)
    cd "$here/refuse" || exit 1
    rm -rf "$tmp/o"
    run "refuse $name: status" 1 "$idl" --strict -I"$top/include" -o "$tmp/o" \
        --depfile "$tmp/depfile" "$name.h"
    same "refuse $name: messages" "$here/refuse/$name.txt" "$tmp/err"
    [ ! -e "$tmp/o" ] && [ ! -e "$tmp/depfile" ]
    report "refuse $name: no file" $?
done

# Without --strict the doubtful is accepted, with the same words.
cd "$here/refuse" || exit 1
run "doubtful: accepted" 0 "$idl" -I"$top/include" -o "$tmp/o" warnings.h
sed 's/: error:/: warning:/' warnings.txt >"$tmp/expected"
diff -u "$tmp/expected" "$tmp/err" >"$tmp/why"
report "doubtful: messages" $?

# Everything that can be said, and its descriptor.
cd "$here/accept" || exit 1
run "accept: status" 0 "$idl" --strict -I"$top/include" -o "$tmp/o" \
    --depfile "$tmp/every.d" every.h
same "accept: descriptor" every.desc "$tmp/o/every.desc"
same "accept: table" every_ops.txt "$tmp/o/gen/every_ops.h"
contains "accept: depfile names the header" "/every.desc:" "$tmp/every.d"
contains "accept: depfile names what it includes" "neighbour.h:" "$tmp/every.d"
[ ! -s "$tmp/err" ]
report "accept: no message" $?

run "accept rights: status" 0 "$idl" --strict -I"$top/include" -o "$tmp/o" rights.h
same "accept rights: descriptor" rights.desc "$tmp/o/rights.desc"
run "accept role: status" 0 "$idl" --strict -I"$top/include" -o "$tmp/o" role.h
same "accept role: descriptor" role.desc "$tmp/o/role.desc"

# What the monitor gets for an interface that it provides: gates of other types than the
# interface's do not compile. Each line changes one of them.
run "gates: status" 0 "$idl" --strict --gates -I"$top/include" -o "$tmp/o" gates.h
same "gates: prototypes" gates_gates.txt "$tmp/o/gates_gates.h"
for cc in gcc clang; do
    while IFS='|' read -r wanted name change; do
        sed "$change" gates_good.txt >"$tmp/good.c"
        run "gates: $name, $cc" "$wanted" "$cc" -std=c11 -Wall -Wextra -Werror \
            -Wmissing-prototypes -fsyntax-only -I"$tmp/o" "$tmp/good.c"
    done <<'END'
0|as declared|
1|another result|s/int64_t gate_gates_read/int32_t gate_gates_read/
1|another number|s/uint64_t count/uint32_t count/
1|fewer arguments|s/int32_t gate_gates_add(int32_t a, int32_t b)/int32_t gate_gates_add(int32_t a)/;s/a + b/a/
1|a pointer of the caller is no address|s/uint64_t base/const void *base/
1|another structure|s/const struct gates_record \*/const struct other */
1|a copy that only the caller may change|s/gate_gates_read(void/gate_gates_read(const void/
1|a function that the interface has not|s/gate_gates_add/gate_gates_plus/
END
done
run "gates: plain" 2 "$idl" --gates --plain -o "$tmp/o" gates.h
contains "gates: plain: reason" "--gates does not go with --plain" "$tmp/err"

# For libc: the same types, without typedefs.
run "functions: status" 0 "$idl" --strict --functions -I"$top/include" -o "$tmp/o" every.h
same "functions: declarations" every_functions.txt "$tmp/o/every_functions.h"
printf '#include "every.h"\n#include "every_functions.h"\n' >"$tmp/both.c"
for cc in gcc clang; do
    run "functions: as declared, $cc" 0 "$cc" -std=gnu11 -Wall -Wextra -Werror \
        -Wno-unknown-warning-option -Wno-array-parameter -fsyntax-only -I"$top/include" -I"$tmp/o" -I. "$tmp/both.c"
done

# The table is C, for both compilers.
cat >"$tmp/user.c" <<'END'
#include "every_ops.h"
int user(struct every_ops *ops)
{
    return every_bind(ops, "x") + ops->every_in("", 1);
}
END
for cc in gcc clang; do
    run "accept: table compiles with $cc" 0 "$cc" -std=c11 -Wall -Wextra -Werror \
        -fsyntax-only -I"$top/include" -I"$top/interfaces" -I"$tmp/o/gen" -I. "$tmp/user.c"
done

# Third-party headers: entry points, and what is left out.
for name in zip database; do
    cd "$here/plain" || exit 1
    run "plain $name: status" 0 "$idl" --plain -o "$tmp/o" "$name.h"
    same "plain $name: left out" "$name.txt" "$tmp/err"
    same "plain $name: descriptor" "$name.desc" "$tmp/o/$name.desc"
    run "plain $name: strict" 1 "$idl" --plain --strict -o "$tmp/o" "$name.h"
done
run "plain: name" 0 "$idl" --plain --interface other --ops -o "$tmp/o" zip.h
contains "plain: name in the descriptor" "name other" "$tmp/o/other.desc"
contains "plain: table on request" "zip_compress;" "$tmp/o/gen/other_ops.h"
run "plain: bad name" 1 "$idl" --plain --interface 7z -o "$tmp/o" zip.h
contains "plain: bad name: reason" "zip.h:1:1: error: \`7z' is not a name" "$tmp/err"
run "plain: annotated header" 1 "$idl" --plain -I"$top/include" -o "$tmp/o" \
    "$top/interfaces/clock.h"
contains "plain: annotated header: reason" "this header is annotated" "$tmp/err"

# Every interface of the system, also as plain C.
for header in "$top"/interfaces/*.h "$top"/tests/interfaces/*.h; do
    [ -e "$header" ] || continue
    name=$(basename "$header" .h)
    run "interface $name" 0 "$idl" --strict -I"$top/include" -I"$top/interfaces" \
        -o "$tmp/all" "$header"
    for cc in gcc clang; do
        run "interface $name as C for $cc" 0 "$cc" -std=gnu11 -Wall -Wextra -Werror \
            -fsyntax-only -I"$top/include" -I"$top/interfaces" -x c "$header"
    done
done

# Fingerprints: the same text from another place and with other names of parameters; a
# different one for every change of what crosses.
cd "$tmp" || exit 1
fingerprint()
{
    printf '#include <cubicle/interface.h>\n#include <stddef.h>\n%s\n' "$1" >f.h
    "$idl" -I"$top/include" -o f f.h 2>err && sed -n 's/^fingerprint //p' f/f.desc
}
base='CUBICLE_INTERFACE(f); int g(CUBICLE_IN(n) const void *p, size_t n); int h(int a);'
first=$(fingerprint "$base")
while read -r wanted change; do
    second=$(fingerprint "$(echo "$base" | sed "$change")")
    echo "$first and $second" >why
    case $wanted in
    same) [ -n "$second" ] && [ "$first" = "$second" ] ;;
    *) [ -n "$second" ] && [ "$first" != "$second" ] ;;
    esac
    report "fingerprint $wanted: $change" $?
done <<'END'
same s/(n)/(len)/;s/size_t n/size_t len/
same s/int h(int/extern int h(const int/
same s/size_t/unsigned long/
differs s/(n)/(8)/
differs s/size_t/unsigned/
differs s/int h/long h/
differs s/int a/unsigned a/
differs s/h(int/i(int/
differs s/IN(n) const/INOUT(n)/
differs s/IN(n)/IN(n) CUBICLE_OR_NULL/
differs s/INTERFACE/INTERFACE_MANY/
differs s/\(int g.*\)\(int h.*\)/\2\1/
END

# A refused header leaves the files of the last good run as they are.
echo 'int f(float x);' >>f.h
before=$(cat f/f.desc)
run "atomic: refused" 1 "$idl" -I"$top/include" -o f f.h
[ "$before" = "$(cat f/f.desc)" ] && ! ls f/*.tmp >/dev/null 2>&1
report "atomic: untouched" $?
run "no folder to write to" 1 "$idl" -I"$top/include" -o no/such/folder \
    "$top/interfaces/clock.h"
contains "no folder: reason" "no/such/folder: No such file or directory" err

# The command line.
run "help" 0 "$idl" --help
contains "help: text" "Usage: cubicle-idl" out
run "no header" 2 "$idl"
contains "no header: reason" "no header given" err
run "two headers" 2 "$idl" a.h b.h
contains "two headers: reason" "more than one header" err
run "unknown option" 2 "$idl" --nonsense a.h
run "--interface alone" 2 "$idl" --interface x a.h
run "missing file" 1 "$idl" missing.h
contains "missing file: reason" "missing.h:0:0: error: cannot be read" err
run "compiler options" 0 "$idl" -o f -Dname=opt "$here/../idl/accept/option.h" -- \
    -I"$top/include" -DTYPE=long
contains "compiler options: used" "returns i64" f/opt.desc

echo "1..$ntests"
exit $status
