#!/bin/sh
# Pictures of systems: cubicle graph, and cubicle run --graph.
# shellcheck source=tests/cli/tap.sh
. "$(dirname "$0")/tap.sh"

# Says whether $2 -> $3 by interface $4 is in file $1, of cubicles by their names.
edge() {
    python3 - "$@" <<'END'
import re
import sys

text = open(sys.argv[1]).read()
names = {m[1]: m[2] for m in re.finditer(r"^  (c\d+) \[label=<<b>([^<]+)</b>", text, re.M)}
names["host"] = "host"
edges = {(names[m[1]], names[m[2]], m[3])
         for m in re.finditer(r'^  (\w+) -> (\w+) \[label="(\w+)', text, re.M)}
sys.exit(tuple(sys.argv[2:]) not in edges)
END
}

expect 0 '' 'a graph on standard output' cubicle graph sqlite
cp out sqlite.dot
edge sqlite.dot sqlite vfscore vfs && edge sqlite.dot vfscore ramfs fs &&
    edge sqlite.dot plat host host
ok 'it has who may call whom'
! edge sqlite.dot sqlite ramfs fs && ! edge sqlite.dot sqlite host host &&
    ! edge sqlite.dot vfscore vfscore fs
ok 'and nothing else'
expect 0 '' 'modules that share a cubicle' cubicle graph sqlite-3
grep -q 'point-size="10" color="#[0-9a-f]*">[a-z]*, [a-z]*' out
ok 'are named in it'

expect 0 '' 'a graph of a run' cubicle run sqlite --graph=run.dot -- :memory: 'SELECT 1'
edge run.dot sqlite vfscore vfs && grep -q 'vfs_write: [1-9]' run.dot
ok 'has the functions that were called'
cubicle run speedtest1 --graph=time.dot -- --size 5 /test.db >/dev/null
grep 'app_main: 1 calls' time.dot | grep -Eq 'app_main: 1 calls, 0 bytes, [1-9][0-9]*\.[0-9] % of the time'
ok 'most of the time is the application'"'"'s'
cubicle run sqlite --json=stats.json -- :memory: 'SELECT 1' >/dev/null
expect 0 '' 'statistics of an earlier run' cubicle graph sqlite --counts=stats.json
grep -q 'vfs_write: [1-9]' out
ok 'are in the graph'

if command -v dot >/dev/null; then
    expect 0 '' 'a picture' cubicle graph sqlite --theme=dark -o picture.svg
    python3 -c 'import xml.etree.ElementTree as e; assert e.parse("picture.svg").getroot().tag.endswith("svg")'
    ok 'is SVG'
    [ "$(echo picture.svg*)" = picture.svg ]
    ok 'and nothing is left beside it'
fi
mkdir -p empty
command=$(command -v cubicle)
expect 1 "missing.svg: cannot start 'dot'" 'no Graphviz' \
    env PATH="$PWD/empty" "$command" graph sqlite -o missing.svg
expect 1 'cannot write nowhere/x.dot: No such file' 'a folder that is not there' \
    cubicle graph sqlite -o nowhere/x.dot
expect 1 'no-such' 'an unknown system' cubicle graph no-such
expect 2 'light or dark' 'an unknown theme' cubicle graph sqlite --theme=grey
expect 2 'which system' 'no system' cubicle graph
echo '{"a": 1}' >bad.json
expect 1 'bad.json: no statistics of a run: it has no edges' 'statistics of something else' \
    cubicle graph sqlite --counts=bad.json
echo '{' >bad.json
expect 1 'bad.json: no statistics of a run' 'statistics that are cut off' \
    cubicle graph sqlite --counts=bad.json

finish
