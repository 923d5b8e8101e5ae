#!/bin/sh
# Watching a system that runs: cubicle top.
# shellcheck source=tests/cli/tap.sh
. "$(dirname "$0")/tap.sh"
tests_dir=$top/tests/cli

# A system that nobody else runs, with names as long as they can be.
system=top-$$
long=$(printf 'l%.0s' $(seq 63))
sed -e "s/^name:.*/name: $system/" -e "s/^\( *- name:\) ramfs\$/\1 $long/" -e 's/^\( *\)- name: time$/&\n\1  on_fault: fail-call/' "$top/systems/sqlite.yaml" >top.yaml

# await PATTERN FILE: until a line of the file matches, or 20 seconds have passed.
await() {
    for _ in $(seq 200); do
        grep -q "$1" "$2" && return
        sleep 0.1
    done
}

mkfifo input
# begin OPTION...: runs it; its number is $pid, that of its monitor $monitor.
begin() {
    cubicle run ./top.yaml "$@" <input >run.out 2>run.err &
    pid=$!
    exec 3>input
    echo '.print started' >&3
    await started run.out
    monitor=$(pgrep -P $pid | head -1)
}

# The value of column $1 in the line of file out that begins with $2.
value() {
    awk -v column="$1" -v row="$2" 'index($0, row " ") == 1 { print $column; exit }' out
}

# while_it_works OPTION...: the system writes 20 lines while it is watched. Leaves what was seen in file out, and how many calls
# of vfs_write and bytes the rates make together in $calls and $bytes, up to the look whose number of calls so far is $after.
while_it_works() {
    : >out
    cubicle top $pid -b -d 0.2 --functions "$@" >out 2>err 3>&- &
    watcher=$!
    await '^system ' out # the first look lies behind it
    for i in $(seq 20); do
        echo "SELECT 'line $i';"
    done >&3
    await '^line 20$' run.out
    looks=$(grep -c '^system ' out)
    for _ in $(seq 200); do
        [ "$(grep -c '^system ' out)" -gt $((looks + 5)) ] && break
        sleep 0.1
    done
    kill $watcher
    wait $watcher
    # Looks that are whole: another begins behind them.
    read -r calls bytes after <<SUMS
$(awk '$1 == "#system" { calls += c; bytes += b; after = a; c = b = 0 }
       $1 == "system" { seconds = $5 }
       $1 == "edge" && $2 == "sqlite" && $3 == "vfscore" && $5 == "vfs_write" { c = $7 * seconds; b = $8 * seconds; a = $10 }
       END { printf "%.0f %.0f %d", calls, bytes, after }' out)
SUMS
}

begin --json=stats.json
expect 0 '' 'a look' cubicle top $pid --batch -n 2 -d 0.2 --functions
[ "$(grep -c "^system $system $pid sfi " out)" = 2 ]
ok 'has a line for the system each time'
grep -q '^cubicle sqlite live - ' out && grep -q '^cubicle monitor - ' out && grep -q "^cubicle $long live " out
ok 'one for each cubicle, whatever the length of its name'
[ "$(tail -n 200 out | awk '$1 == "edge" && $7 > 0' | wc -l)" -eq 0 ] || awk '/^system/ { n++ } n == 2 && $1 == "edge" && $7 > 0 { exit 1 }' out
ok 'nothing happens while the program waits'
before=$(value 10 'edge sqlite vfscore vfs vfs_write')
[ "$before" -ge 1 ]
ok 'edges have the calls so far'
[ "$(value 7 'cubicle sqlite')" -ge 0 ] && [ "$(value 8 'cubicle sqlite')" -gt 100000 ]
ok 'memory is in bytes'

while_it_works --sort=bytes
[ "$after" -ge $((before + 20)) ] && [ "$calls" -ge $(((after - before) * 3 / 4)) ] && [ "$calls" -le $(((after - before) * 5 / 4)) ] &&
    [ "$bytes" -ge 120 ]
ok 'calls and bytes per second are those that were made'
[ "$(awk '$1 == "edge" { print $5 }' out | sort | uniq | wc -l)" -gt 5 ]
ok 'each function has its line'
expect 0 '' 'by interface' cubicle top $pid -b -n 1 -d 0.05
[ "$(grep -c '^edge sqlite vfscore vfs - ' out)" = 1 ]
ok 'has one line for all functions'
expect 0 '' 'by the name of the system' cubicle top $system -b -n 1 -d 0.05
expect 0 '' 'by the number of its monitor' cubicle top "$monitor" -b -n 1 -d 0.05
grep -q "^system $system $pid " out
ok 'is the same system'

# Nobody but the monitor writes there, and a reader is not misled by what others wrote.
expect 0 '' 'the counters cannot be written, and others do not pass for them' \
    python3 "$tests_dir/top_files.py" $pid "$system"

if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
    expect 1 "$pid: this process is another user's" 'another user' \
        setpriv --reuid=65534 --clear-groups "$(command -v cubicle)" top $pid -b -n 1
else
    echo '# another user: not tested, needs root and setpriv'
fi
expect 1 '^cubicle: 1: (no system that can be watched|this process is another)' 'no system' cubicle top 1 -b
expect 1 '999999999: there is no such process' 'no process' cubicle top 999999999 -b
expect 1 'no system of the name no-such' 'no such name' cubicle top no-such -b
mkfifo second
cubicle run ./top.yaml <second >second.out 2>&1 3>&- &
second=$!
exec 4>second
for _ in $(seq 100); do
    cubicle top $second -b -n 1 -d 0.05 >out 2>err && break
    sleep 0.1
done
expect 1 "2 systems of the name $system run; which one\? Give its number:" 'two of a name' cubicle top $system -b -n 1
grep -q "^  $pid: $system" err && grep -q "^  $second: $system" err
ok 'are named with their numbers'
kill $second
wait $second
exec 4>&-
expect 1 '0: no number of a process' 'number 0' cubicle top 0 -b
expect 1 '99999999999: no number of a process' 'a number that is too large' cubicle top 99999999999 -b
for delay in 0 -1 nan x '' 3601; do
    expect 2 'delay=.*: 0.05 to 3600 seconds' "delay '$delay'" cubicle top $pid -b --delay="$delay"
done
for count in 0 -1 1.5 x 1e99; do
    expect 2 'count=.*: a number from 1' "count '$count'" cubicle top $pid -b --count=$count
done
expect 2 'goes with --batch' 'a count without --batch' cubicle top $pid -n 1
expect 2 'calls, bytes, cpu, traps, memory or name' 'an unknown column' cubicle top $pid --sort=colour
expect 2 'one system at a time' 'two systems' cubicle top 1 2
expect 0 '' 'help' cubicle top --help
expect 1 'the terminal cannot be used|there is no terminal' 'no terminal' setsid -w env TERM=dumb-$$ cubicle top $pid
cubicle top $pid -b -n 5 -d 0.05 >/dev/full 2>err
[ $? -eq 1 ] && grep -q 'cannot write standard output: No space' err
ok 'a full disk'

python3 "$tests_dir/top_screen.py" screen $pid >log 2>&1
ok 'on a terminal of 80 by 24, keys, another size, one of 20 by 5' || true
sed 's/^/# /' log

: >ended.out
cubicle top $pid -b -d 0.1 >ended.out 2>ended.err &
watcher=$!
await '^system ' ended.out
echo '.quit' >&3
exec 3>&-
wait $watcher && grep -q "system $system has ended" ended.err
ok 'a system that ends while it is watched'
wait $pid
last=$(tac ended.out | awk '$1 == "edge" && $2 == "sqlite" && $3 == "vfscore" { n += $10 } $1 == "#edge" { print n; exit }')
all=$(python3 -c 'import json; print(sum(e["calls"] for e in json.load(open("stats.json"))["edges"] if e["caller"] == "sqlite" and e["callee"] == "vfscore"))')
[ "$last" = "$all" ]
ok 'its last line has all that it did'
[ ! -d "/proc/$monitor" ] && [ -z "$(pgrep -P $$ -x cubicle)" ]
ok 'nothing is left behind'

begin
: >out
cubicle top $pid -b -d 0.1 >out 2>ended.err &
watcher=$!
await '^system ' out
kill -KILL "$monitor"
wait $watcher && grep -q "system $system has ended" ended.err
ok 'a system that is killed while it is watched'
exec 3>&-
wait $pid 2>/dev/null
begin
python3 "$tests_dir/top_screen.py" ended $pid "$monitor" >log 2>&1
ok 'a system that ends while it is on the screen'
sed 's/^/# /' log
exec 3>&-
wait $pid 2>/dev/null
expect 1 "$pid: there is no such process" 'a system that has ended' cubicle top $pid -b

# With a process for each cubicle.
begin --isolation=ipc --json=stats.json
for option in '' --functions; do
    # shellcheck disable=SC2086
    expect 0 '' "processes $option" cubicle top $pid -b -n 2 -d 0.5 $option
    grep -q "^system $system $pid ipc " out && grep -q '^cubicle sqlite live ' out && grep -q "^cubicle $long live " out
    ok 'are the cubicles'
done
awk '/^system/ { n++ } n == 2 && $1 == "edge" && $7 > 0 { exit 1 }' out
ok 'nothing happens while the program waits'
before=$(value 10 'edge sqlite vfscore vfs vfs_write')
[ "$before" -ge 1 ] && [ "$(value 8 'cubicle sqlite')" -gt 100000 ]
ok 'calls so far, and memory'
while_it_works
[ "$after" -ge $((before + 20)) ] && [ "$calls" -ge $(((after - before) / 2)) ]
ok 'calls per second are those that were made'
before=$after
victim=$(pgrep -P "$monitor" -x time)
kill -KILL "$victim"
for _ in $(seq 200); do
    cubicle top $pid -b -n 1 -d 0.05 >out
    grep -q '^cubicle time dead' out && break
done
grep -q '^cubicle time dead' out
ok 'a process that is killed is shown as dead'
echo "SELECT 'one more';" >&3
echo '.quit' >&3
exec 3>&-
wait $pid
python3 - "$before" <<'END'
import json, sys
stats = json.load(open("stats.json"))
calls = {(e["caller"], e["callee"], e["function"]): e["calls"] for e in stats["edges"]}
assert calls["sqlite", "vfscore", "vfs_write"] > int(sys.argv[1]), calls
assert any(caller == "vfscore" for caller, _, _ in calls), calls
END
ok 'the statistics at the end have as many, and those of components'
begin --isolation=ipc --json=ended.json
kill -TERM $pid
wait $pid
[ $? -eq 143 ] && python3 -c 'import json; assert any(e["caller"] == "sqlite" for e in json.load(open("ended.json"))["edges"])'
ok 'a signal that ends it leaves statistics, too'
exec 3>&-
expect 0 '' 'a limit of the size of files' sh -c 'ulimit -f 100; cubicle run hello --isolation=none'
expect 125 'there is no terminal' 'run --top without a terminal' setsid -w cubicle run hello --top
python3 "$tests_dir/top_screen.py" run >log 2>&1
ok 'run --top shows the system, and then what it has written'
sed 's/^/# /' log

finish
