#!/bin/sh
# The smallest build of the monitor (meson_options.txt): it has no source that can be left out, runs systems isolated,
# and refuses what it has not.
#
#   tests/cli/smallest.sh FOLDER     where meson has built it; modules and interfaces are those of build/
folder=$(cd "${1?the folder of the build}" && pwd) || exit 2
# shellcheck source=tests/cli/tap.sh
. "$(dirname "$0")/tap.sh"

# The command finds the rest of its build from where it lies.
mkdir -p tree/bin
cp "$folder/cli/cubicle" tree/bin
ln -s "$build/bin/cubicle-archive" tree/bin
ln -s "$build/modules" "$build/interfaces" "$top/systems" tree
PATH=$PWD/tree/bin:$PATH

ar t "$folder/monitor/libmonitor.a" | sed 's,.*/,,; s,\.o$,,' | sort >compiled
"$top/tools/count-trusted.sh" --files | grep -v '\.h$\|_macros\.S$\|/verify/' | sed 's,^monitor/,,; y,/,_,' | sort >counted
diff compiled counted
ok 'what is compiled is what tools/count-trusted.sh counts'

expect 0 '' 'hello runs isolated' cubicle run hello --isolation=sfi
grep -q 'hello, world' out
ok 'it says so'
expect 0 '' 'sqlite runs isolated' \
    cubicle run sqlite --isolation=sfi -- :memory: 'CREATE TABLE t(x); INSERT INTO t VALUES (6), (7); SELECT sum(x) FROM t'
[ "$(cat out)" = 13 ]
ok 'it calculates'
expect 0 '' 'hello runs without isolation' cubicle run hello --isolation=none

# refused PART OPTION...
refused() {
    part=$1
    shift
    expect 125 "this build has no .* \(made with WITHOUT=$part\)" "$* is refused" cubicle run "$@" hello
    [ ! -s out ]
    ok "$*: nothing has run"
}
refused mpk --isolation=mpk
refused ipc --isolation=ipc
refused acl --acl=off
refused acl --acl=app
refused lazy --revoke=lazy
refused direct --link=direct
refused observe --stats
[ "$(wc -l <err)" -eq 1 ]
ok 'nothing else is said'
refused observe --graph=graph.svg
refused observe --json=stats.json
refused observe --trace=trace.json
refused observe --perf-map
expect 125 'this build has no directories of the host \(made with WITHOUT=files\)' 'a directory is refused' \
    cubicle run --mount="$PWD:/host" sqlite
sed '/^application/i\  - name: netdev\n    modules: [netdev]\n    hostnet: [netdev]' "$top/systems/hello.yaml" >device.yaml
expect 125 'this build has no network device \(made with WITHOUT=net\)' 'a system with a network device is refused' \
    cubicle run device.yaml
expect 125 '^cubicle: nginx: this build has no network device' 'it is refused before a helper starts' \
    cubicle run --network=stream:/nowhere nginx
expect 2 'WITHOUT=mpk' 'verify --isolation=mpk is refused' cubicle verify --isolation=mpk vfscore

cubicle check >out
for row in 'mpk +not available' 'ipc +not available' '--acl +no' '--revoke=lazy +no' '--link=direct +no' \
    '--network +no' '--mount +no' '--stats +no'; do
    grep -Eq -- "^ +$row +this build has no " out
    ok "check: $row"
done

finish
