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
         for m in re.finditer(r'^  (\w+) -> (\w+) \[label=" *(\w+)', text, re.M)}
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
cubicle run "$top/tests/systems/conformance.yaml" --graph=windows.dot --json=windows.json -- windows >/dev/null 2>&1
python3 - <<'END'
import json
import re

stats, dot = json.load(open("windows.json")), open("windows.dot").read()
traps = {e["function"]: e["traps"] for e in stats["edges"] if e["traps"] > 0}
assert len(traps) > 1 and sum(traps.values()) == sum(c["traps"] for c in stats["cubicles"]), traps
drawn = re.search(r"driver to peer, interface \w+: \d+ calls, \d+ bytes, (\d+) traps", dot)
own = {e["function"] for e in stats["edges"] if e["callee"] == "peer"}
assert int(drawn[1]) == sum(n for function, n in traps.items() if function in own), (drawn[0], traps)
END
ok 'pages that windows gave are traps of the calls that touched them'
cubicle run speedtest1 --graph=time.dot -- --size 5 /test.db >/dev/null
grep -Eq 'app_main: 1 call, 0 bytes, [1-9][0-9]*\.[0-9]% of the time' time.dot
ok 'most of the time is the application'"'"'s'
grep -q 'red: 25% of the time and more; yellow: 5% and more' time.dot && grep -q 'color="#cf222e"' time.dot
ok 'and it is red, as the legend says'
cubicle run sqlite --json=stats.json -- :memory: 'SELECT 1' >/dev/null
expect 0 '' 'statistics of an earlier run' cubicle graph sqlite --counts=stats.json
grep -q 'vfs_write: [1-9]' out
ok 'are in the graph'

expect 125 'graph does not go with --link=direct' 'plain calls, which nobody counts' \
    cubicle run hello --link=direct --graph=direct.dot
[ ! -e direct.dot ]
ok 'leave no picture'
expect 125 'top does not go with --link=direct' 'nor would they be in a table' \
    cubicle run hello --link=direct --top

if command -v dot >/dev/null; then
    expect 0 '' 'a picture' cubicle graph sqlite --theme=dark -o picture.svg
    python3 -c 'import xml.etree.ElementTree as e; assert e.parse("picture.svg").getroot().tag.endswith("svg")'
    ok 'is SVG'
    expect 0 '' 'in capital letters' cubicle graph sqlite -o CAPITAL.SVG
    grep -q '<svg' CAPITAL.SVG
    ok 'it is a picture, too'
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
expect 1 'plat.cub: a module, not a system' 'a module' cubicle graph "$build/modules/sfi/plat.cub"
expect 2 'light or dark' 'an unknown theme' cubicle graph sqlite --theme=grey
expect 2 'which system' 'no system' cubicle graph
echo '{"a": 1}' >bad.json
expect 1 'bad.json: no statistics of a run: it has no edges' 'statistics of something else' \
    cubicle graph sqlite --counts=bad.json
echo '{' >bad.json
expect 1 'bad.json: no statistics of a run' 'statistics that are cut off' \
    cubicle graph sqlite --counts=bad.json

expect 1 'empty: cannot be read: Is a directory' 'a folder as statistics' cubicle graph sqlite --counts=empty
expect 1 'no-such.json: cannot be read: No such file' 'statistics that are not there' cubicle graph sqlite --counts=no-such.json

# What statistics of another version may look like: never half a picture.
row='"caller": "sqlite", "callee": "vfscore", "interface": "vfs", "function": "vfs_write", "bytes_in": 1, "bytes_out": 1, "samples": 1, "traps": 0'
bad() {
    echo "{\"edges\": [{$1}]}" >bad.json
    expect 1 "bad.json: no statistics that this version of cubicle reads: edge 1 has no good '$2'" "statistics: $1" \
        cubicle graph sqlite --counts=bad.json -o bad.dot
    [ ! -e bad.dot ]
    ok 'leave no picture'
}
bad "$row" calls
bad "$row, \"calls\": \"many\"" calls
bad "$row, \"calls\": -1" calls
bad "$row, \"calls\": 1.5" calls
bad "$row, \"calls\": 9223372036854775807" calls
bad '"caller": 3' caller
bad "$(echo "$row" | sed 's/"vfs"/"v<\\"fs"/'), \"calls\": 1" interface
bad "$(echo "$row" | sed 's/vfs_write/<b>/'), \"calls\": 1" function
bad "$(echo "$row" | sed 's/"traps": 0/"traps": -1/'), \"calls\": 1" traps
echo '{"edges": [1]}' >bad.json
expect 1 "edge 1 has no good 'caller'" 'an edge that is a number' cubicle graph sqlite --counts=bad.json
echo '{"version": 99, "edges": {}}' >bad.json
expect 1 'it has no edges' 'edges that are no list' cubicle graph sqlite --counts=bad.json

echo "{\"edges\": [{$(echo "$row" | sed 's/"vfscore"/"lwip"/'), \"calls\": 1}]}" >bad.json
expect 1 "bad.json: statistics of another system: 'sqlite' has no cubicle 'lwip'" 'statistics of another system' \
    cubicle graph sqlite --counts=bad.json

# Names: of cubicles they are words; that of the system is any text.
sed 's/- name: ramfs/- name: "ram\\"<f"/' "$top/systems/sqlite.yaml" >quoted.yaml
expect 1 "bad cubicle name 'ram\"<f'" 'a cubicle with quotes' cubicle graph ./quoted.yaml
sed "s/^name:.*/name: 'a\"<b>\\\\ \\&'/" "$top/systems/sqlite.yaml" >quoted.yaml
expect 0 '' 'a system with quotes' cubicle graph ./quoted.yaml -o quoted.dot
grep -q 'digraph "a\\"<b>\\\\ &" {' quoted.dot
ok 'they are escaped'
expect 0 '' 'and runs' cubicle run ./quoted.yaml --json=quoted.json --trace=quoted-trace.json --graph=quoted-run.dot -- :memory: 'SELECT 1'
python3 -c 'import json; json.load(open("quoted.json")); json.load(open("quoted-trace.json"))'
ok 'with JSON that is whole'
if command -v dot >/dev/null; then
    expect 0 '' 'a picture of it' cubicle graph ./quoted.yaml -o quoted.svg
    python3 -c 'import xml.etree.ElementTree as e; assert "a\"<b>" in "".join(e.parse("quoted.svg").getroot().itertext())'
    ok 'is SVG'
fi

# Whatever the name is, pictures are XML and statistics and traces JSON.
for name in '"a\nb\x01\x7f\x9b"' '"\uFFFE\uFFFFx"' '"</script> &amp; <x> \\G \\N {%|} é漢"' '"\\\\"' '"-->"'; do
    sed 's/^name:.*/name: @/' "$top/systems/hello.yaml" >odd.yaml
    python3 -c 'import sys; t = open("odd.yaml").read(); open("odd.yaml", "w").write(t.replace("@", sys.argv[1]))' "$name"
    rm -f odd.json odd.svg
    expect 0 '' "name $name" cubicle run ./odd.yaml --json=odd.json --trace=odd-trace.json
    python3 -c 'import json; json.load(open("odd.json")); json.load(open("odd-trace.json"))'
    ok 'its JSON is whole'
    if command -v dot >/dev/null; then
        expect 0 '' "its picture" cubicle graph ./odd.yaml -o odd.svg
        python3 -c 'import xml.etree.ElementTree as e; e.parse("odd.svg")'
        ok 'is XML'
    fi
done
# Nor does a message give orders to the terminal.
printf '{"edges": [{"caller": "\\u001b]0;title\\u0007", "x": \033[31m' >bad.json
cubicle graph sqlite --counts=bad.json 2>err
grep -q 'no statistics of a run' err && ! LC_ALL=C grep -q "$(printf '[\001-\010\013-\037\177]')" err
ok 'messages have no control characters'

# A disk that is full: an error, and what was there stays.
if [ -c /dev/full ]; then
    expect 125 'cannot write /dev/full: No space left' 'a graph of a run to a full disk' cubicle run hello --graph=/dev/full
    expect 125 '--json=/dev/full: No space left' 'statistics to a full disk' cubicle run hello --json=/dev/full
    expect 125 '--trace=/dev/full: No space left' 'a trace to a full disk' cubicle run hello --trace=/dev/full
    expect 1 'cannot write /dev/full: No space left' 'a graph to a full disk' cubicle graph sqlite -o /dev/full
    cubicle graph sqlite >/dev/full 2>err
    [ $? -eq 1 ] && grep -q 'cannot write standard output: No space left' err
    ok 'standard output on a full disk'
    [ -c /dev/full ]
    ok 'and a device stays one'
else
    echo '# a full disk: not tested, /dev/full is no device'
fi
mkdir full
if [ "$(id -u)" = 0 ] && mount -t tmpfs -o size=16k tmpfs full 2>/dev/null; then
    for file in stats.json trace.json graph.dot graph.svg; do
        echo before >"full/$file"
    done
    head -c 16384 /dev/zero >full/zeros 2>/dev/null
    expect 125 'No space left' 'statistics to a full tmpfs' cubicle run hello --json=full/stats.json
    expect 125 'No space left' 'a trace to a full tmpfs' cubicle run hello --trace=full/trace.json
    expect 125 'No space left' 'a graph of a run to a full tmpfs' cubicle run hello --graph=full/graph.dot
    expect 1 'No space left|could not draw it' 'a picture to a full tmpfs' cubicle graph sqlite -o full/graph.svg
    [ "$(cat full/stats.json full/trace.json full/graph.dot full/graph.svg | sort -u)" = before ]
    ok 'what was there is there'
    [ "$(find full -mindepth 1 | wc -l)" = 5 ]
    ok 'and nothing beside it'
    umount full
else
    echo '# a full tmpfs: not tested, needs root and mount(2)'
fi
# What cannot be written is said before the run, and not behind it.
for option in --json=nowhere/x --trace=nowhere/x --graph=nowhere/x.svg --graph=nowhere/x.dot --json= --trace= --graph=; do
    expect 125 "$option: cannot be written: No such file" "$option" cubicle run hello "$option"
    [ ! -s out ]
    ok 'is said before anything runs'
done
expect 125 '--json=empty: cannot be written: Is a directory' 'a folder as a file' cubicle run hello --json=empty
expect 125 '--trace=-: name a file' 'a trace on standard output' cubicle run hello --trace=-
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
    echo before >kept.json
    chmod 444 kept.json
    chmod 755 .
    expect 125 '--json=kept.json: cannot be written: Permission denied' 'a file of somebody else in such a folder' \
        setpriv --reuid=65534 --clear-groups "$command" run hello --json=kept.json
    [ "$(cat kept.json)" = before ]
    ok 'it stays'
fi
expect 1 'cannot write limited.dot: File too large' 'a limit of the size of files' \
    sh -c "ulimit -f 1; exec cubicle graph nginx -o limited.dot"
[ -z "$(find . -name 'limited*')" ]
ok 'leaves nothing'

# Ended while it is drawn: nothing is left beside it.
cat >slow-dot <<'END'
#!/bin/sh
echo drawing >&2
sleep 5
END
chmod +x slow-dot
mkdir slow
mv slow-dot slow/dot
for signal in INT TERM KILL; do
    env PATH="$PWD/slow:$PATH" "$command" graph sqlite -o ended.svg 2>err &
    pid=$!
    for _ in $(seq 100); do
        grep -q drawing err && break
        sleep 0.05
    done
    # A command in the background ignores SIGINT here: SIGTERM in its place.
    [ $signal = INT ] && signal=HUP
    kill -$signal $pid
    wait $pid 2>/dev/null
    [ -z "$(find . -name 'ended.svg*')" ]
    ok "SIG$signal leaves nothing beside a picture"
done
if command -v dot >/dev/null; then
    mkfifo pipe.svg
    cat pipe.svg >piped.svg &
    expect 0 '' 'a picture into a pipe' cubicle graph sqlite -o pipe.svg
    wait $!
    python3 -c 'import xml.etree.ElementTree as e; e.parse("piped.svg")' && [ -p pipe.svg ]
    ok 'is whole, and the pipe stays one'
fi

# Written in its place: links, and the rights that it had.
echo before >target.dot
chmod 640 target.dot
ln -s target.dot link.dot
expect 0 '' 'a file behind a link' cubicle graph sqlite -o link.dot
[ -L link.dot ] && grep -q digraph target.dot && [ "$(stat -c %a target.dot)" = 640 ]
ok 'stays behind it, with its rights'

finish
