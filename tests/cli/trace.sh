#!/bin/sh
# cubicle run --trace: calls, traps and faults as Chrome and Perfetto read them.
# shellcheck source=tests/cli/tap.sh
. "$(dirname "$0")/tap.sh"

# Says whether file $1 is a trace: every event of a kind that the format knows, with its fields; slices of a
# track that overlap lie in each other; as many calls as the statistics in file $2 count.
trace_is_good() {
    python3 - "$@" <<'END'
import collections
import json
import sys

trace = json.load(open(sys.argv[1]))
assert trace["displayTimeUnit"] in ("ms", "ns")
events = trace["traceEvents"]
processes = []
tracks, slices, calls, marks = {}, collections.defaultdict(list), collections.Counter(), collections.Counter()
for e in events:
    assert isinstance(e["pid"], int) and isinstance(e["tid"], int) and e["name"]
    if e["ph"] == "M" and e["name"] == "process_name":
        processes.append(e["args"]["name"])
    elif e["ph"] == "M":
        assert e["name"] == "thread_name"
        assert e["tid"] not in tracks
        tracks[e["tid"]] = e["args"]["name"]
    elif e["ph"] == "X":
        assert e["ts"] >= 0 and e["dur"] >= 0 and e["cat"]
        slices[e["tid"]].append((round(e["ts"] * 1000), round((e["ts"] + e["dur"]) * 1000)))
        calls[e["args"]["caller"], tracks[e["tid"]], e["name"]] += 1
    else:
        assert e["ph"] == "i" and e["s"] == "t" and e["ts"] >= 0 and e["tid"] in tracks
        marks[e["name"], tracks[e["tid"]]] += 1
assert len(set(tracks.values())) == len(tracks)
assert len(processes) == 1 and processes[0]
for track in slices.values():
    ends = []
    for start, end in sorted(track, key=lambda s: (s[0], -s[1])):
        while ends and ends[-1] <= start:
            ends.pop()
        assert not ends or end <= ends[-1], (start, end, ends[-1])
        ends.append(end)
if len(sys.argv) > 2:
    stats = json.load(open(sys.argv[2]))
    counted = collections.Counter()
    for e in stats["edges"]:
        counted[e["caller"], e["callee"], e["function"]] += e["calls"]
    # A call that was refused, as its caller may not access a range, has not begun.
    refused = {("third", "peer", "peer_sum"): 1} if len(sys.argv) > 3 else {}
    assert counted - calls == refused and not calls - counted, (calls - counted, counted - calls)
    traps = sum(n for (name, _), n in marks.items() if name == "trap")
    assert traps == sum(c["traps"] for c in stats["cubicles"]), marks
if len(sys.argv) > 3:
    window = {name for _, callee, name in calls if callee == "monitor" and name.startswith("cubicle_window")}
    assert {"cubicle_window_init", "cubicle_window_add", "cubicle_window_open", "cubicle_window_close"} <= window, window
    assert marks["trap", "peer"] > 1, marks
END
}

# The cubicles that were stopped, one in a line.
faults() {
    python3 - "$1" <<'END'
import json
import sys

events = json.load(open(sys.argv[1]))["traceEvents"]
tracks = {e["tid"]: e["args"]["name"] for e in events if e["name"] == "thread_name"}
for e in events:
    if e["ph"] == "i" and e["name"] == "fault":
        print(tracks[e["tid"]])
END
}

for isolation in sfi none; do
    expect 0 '' "a trace, $isolation" cubicle run sqlite --isolation=$isolation --trace=trace.json \
        --json=stats.json -- :memory: 'SELECT 1'
    trace_is_good trace.json stats.json
    ok "has every call, $isolation"
done
expect 0 '' 'a trace of windows' cubicle run "$top/tests/systems/conformance.yaml" --trace=trace.json \
    --json=stats.json -- windows
trace_is_good trace.json stats.json windows
ok 'has what was done with them, and a mark for each page that they gave'
expect 0 'the last 1048576 of [0-9]* events are kept' 'more events than the ring has' \
    cubicle run speedtest1 --trace=trace.json -- --size 70 /test.db
trace_is_good trace.json
ok 'keeps the last ones'
echo 'CREATE TABLE t(a); INSERT INTO t VALUES(1); SELECT * FROM t;' >sql
# shellcheck disable=SC2016
expect 139 'fault: ramfs' 'a system that ends with a fault' \
    sh -c 'cubicle run "$1" --trace=trace.json -- /s.db <sql' - "$top/tests/systems/spied.yaml"
trace_is_good trace.json
ok 'leaves a trace'
[ "$(faults trace.json)" = ramfs ]
ok 'with a mark on the track of the cubicle that was stopped'
expect 0 'stopped by itself: ' 'a cubicle that stops itself by a call of the monitor' \
    cubicle run "$top/tests/systems/conformance.yaml" --trace=trace.json -- death abort
[ "$(faults trace.json)" = peer ]
ok 'is a mark on its own track'
sed '/\[test-peer\]/{n;s/fail-call/restart/}' "$top/tests/systems/conformance.yaml" >restart.yaml
expect 0 'fault: peer' 'a cubicle that begins anew' cubicle run ./restart.yaml --trace=trace.json -- restart 5
trace_is_good trace.json
ok 'leaves a trace, too'
[ "$(faults trace.json | wc -l)" -gt 5 ] && [ "$(faults trace.json | wc -l)" = "$(grep -c '^cubicle: fault: ' err)" ]
ok 'with a mark for each time'
expect 125 'nowhere/trace.json: cannot be written: No such file' 'a folder that is not there' \
    cubicle run hello --trace=nowhere/trace.json
expect 125 'does not go with --link=direct' 'plain calls' \
    cubicle run hello --link=direct --trace=trace.json

finish
