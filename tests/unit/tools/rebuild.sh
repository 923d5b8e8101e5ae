#!/bin/sh
# modules.mk: an interface that changes rebuilds the modules that use it, and no others. make only
# says what it would do if the header were new (-n, -W); nothing is built or touched.
# shellcheck source=tests/cli/tap.sh
. "$(dirname "$0")/../../cli/tap.sh"

dry_run() {
    (cd "$top" && MAKEFLAGS='' make -n -f modules.mk V=1 "$@") 2>err
}

# linked HEADER: the modules, isolated or plain, that make would link for it.
linked() {
    dry_run -W "$1" all >commands
    sed -n 's,^.* -o build/modules/[a-z]*/\([^ ]*\)\.cub .*,\1,p' commands | sort -u | tr '\n' ' '
}

# relinks HEADER MODULE...: exactly these.
relinks() {
    header=$1
    shift
    got=$(linked "$header")
    [ "$got" = "$* " ]
    status=$?
    [ $status -eq 0 ] || echo "# $header: $got"
    [ $status -eq 0 ]
    ok "$header: $*"
}

dry_run all >commands
status=$?
if [ $status -ne 0 ] || grep -q -- ' -o ' commands; then
    echo '1..1'
    case ",${CUBICLE_MUST_RUN:-}," in
    *,rebuild,*) echo 'not ok 1 - rebuild: skipped, but CUBICLE_MUST_RUN: the build is not up to date' ;;
    *) echo 'ok 1 - rebuild # SKIP the build is not up to date: run make' ;;
    esac
    exit 0
fi

relinks tests/interfaces/third.h test-driver test-peer test-third
grep -q ' -c -o build/obj/sfi/test-third/tests/conformance/modules/third.c.o ' commands
ok 'the provider is compiled again'
! grep -q ' -c -o build/obj/sfi/test-driver/tests/conformance/modules/dense.c.o ' commands
ok 'a source that does not include the header is not'
relinks tests/interfaces/victim.h test-attacker test-caller test-victim

# What the note of every module that `all` makes says against what make would do. Others lie there as old as they are.
made=$(linked include/cubicle/interface.h)
for interface in alloc clock random vfs; do
    users=$(linked "interfaces/$interface.h")
    missing=
    for name in $made; do
        module=$build/modules/sfi/$name.cub
        if [ -e "$module" ] && grep -aEq "^(provides|uses) $interface [0-9a-f]+$" "$module"; then
            case " $users" in
            *" $name "*) ;;
            *) missing="$missing $name" ;;
            esac
        fi
    done
    [ -n "$users" ] && [ -z "$missing" ]
    ok "interfaces/$interface.h: all that provide or use it${missing:+, but$missing}"
done

case " $(linked interfaces/fs.h)" in *' vfscore '*) true ;; *) false ;; esac
ok 'interfaces/fs.h: vfscore, which calls its providers by their tables'
case " $(linked interfaces/fs.h)" in *' alloc '* | *' test-third '*) false ;; *) true ;; esac
ok 'interfaces/fs.h: not alloc, which knows no file system'

finish
