#!/bin/sh
# cubicle run --trace: calls and traps as Chrome and Perfetto read them.
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
tracks, slices, calls = {}, collections.defaultdict(list), collections.Counter()
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
        assert e["ph"] == "i" and e["s"] == "t" and e["ts"] >= 0
assert len(set(tracks.values())) == len(tracks)
assert len(processes) == 1 and processes[0]
for track in slices.values():
    ends = []
    for start, end in sorted(track, key=lambda s: (s[0], -s[1])):
        while ends and ends[-1] <= start:
            ends.pop()
        assert not ends or end <= ends[-1] + 2, (start, end, ends[-1])  # rounding
        ends.append(end)
if len(sys.argv) > 2:
    counted = collections.Counter()
    for e in json.load(open(sys.argv[2]))["edges"]:
        counted[e["caller"], e["callee"], e["function"]] += e["calls"]
    assert calls == counted, (calls - counted, counted - calls)
END
}

for isolation in sfi none; do
    expect 0 '' "a trace, $isolation" cubicle run sqlite --isolation=$isolation --trace=trace.json \
        --json=stats.json -- :memory: 'SELECT 1'
    trace_is_good trace.json stats.json
    ok "has every call, $isolation"
done
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
expect 125 'nowhere/trace.json: cannot be written: No such file' 'a folder that is not there' \
    cubicle run hello --trace=nowhere/trace.json
expect 125 'does not go with --link=direct' 'plain calls' \
    cubicle run hello --link=direct --trace=trace.json

finish
