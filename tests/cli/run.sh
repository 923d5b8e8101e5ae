#!/bin/sh
# Running: arguments, exit status, statistics, signals.
# shellcheck source=tests/cli/tap.sh
. "$(dirname "$0")/tap.sh"

expect 0 '' 'hello' cubicle run hello -- one 'two words' --stats
printf 'hello, world, from a cubicle\nargument 1: one\nargument 2: two words\nargument 3: --stats\n' |
    cmp -s - out
ok 'arguments arrive as they are'

for mode in --isolation=sfi --isolation=none --link=direct; do
    expect 0 '' "hello $mode" cubicle run $mode hello
    expect 3 '' "exit status $mode" cubicle run $mode sqlite -- :memory: '.exit 3'
done

expect 0 '^hello +plat|^total ' 'statistics as tables' cubicle run --stats hello
expect 0 '' 'statistics as JSON' cubicle run --json=stats.json hello
python3 - <<'END'
import json
stats = json.load(open("stats.json"))
names = {c["name"] for c in stats["cubicles"]}
assert {"plat", "alloc", "vfscore", "ramfs", "boot", "hello"} <= names, names
edges = {(e["caller"], e["callee"], e["function"]): e for e in stats["edges"]}
assert edges["boot", "hello", "app_main"]["calls"] == 1
assert edges["hello", "vfscore", "vfs_write"]["bytes_in"] >= 28 or any(
    e["caller"] == "hello" and e["calls"] > 0 for e in stats["edges"])
END
ok 'the statistics have every cubicle and the calls'

# Ways to switch views, and what forbids them.
expect 0 '^isolation sfi, rights switched by syscall' 'views switched by a system call' \
    cubicle run --view-switch=syscall --stats hello
deny=$(dirname "$0")/deny_gs.py
expect 125 'arch_prctl.ARCH_SET_GS. fails .Operation not permitted.*filter allow call 158' \
    'a filter that forbids to set GS is named' "$deny" cubicle run --view-switch=syscall hello
if cubicle run --view-switch=kernel hello >out 2>&1; then
    expect 0 '' 'the kernel way needs no system call' "$deny" cubicle run hello
    "$deny" cubicle check 2>&1 | grep -Eq 'arch_prctl +no'
    ok 'check tells that GS cannot be set'
else
    grep -q 'does not offer FSGSBASE\|does not execute' out
    ok 'the kernel way is refused with a reason'
    expect 125 'filter allow call 158' 'nothing is possible, and why' "$deny" cubicle run hello
    "$deny" cubicle check 2>&1 | grep -q 'nothing can switch views'
    ok 'check tells that nothing can'
fi

# Signals that the program does not catch end the system (SQLite's shell catches Ctrl-C).
mkfifo input
for pair in HUP:129 TERM:143; do
    signal=${pair%:*} want=${pair#*:}
    cubicle run sqlite <input >out 2>err &
    pid=$!
    exec 3>input
    echo '.print started' >&3
    for _ in $(seq 50); do
        grep -q started out && break
        sleep 0.1
    done
    monitor=$(pgrep -P $pid)
    kill -s "$signal" $pid
    status=0
    wait $pid || status=$?
    exec 3>&-
    [ "$status" -eq "$want" ] && grep -q '^cubicle: ' err
    ok "SIG$signal ends the system with a message and status $want (is $status)"
    for _ in $(seq 50); do
        [ -d "/proc/${monitor:-none}" ] || break
        sleep 0.1
    done
    [ -n "$monitor" ] && [ ! -d "/proc/$monitor" ]
    ok "SIG$signal leaves no process"
done
# A limit of the size of files is an error where it is met, never a signal.
cat >writer.c <<'C'
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
static char bytes[300000];
int main(void)
{
    memset(bytes, 'x', sizeof(bytes));
    for (int i = 0; i < 2; i++) {
        errno = 0;
        const ssize_t n = write(1, bytes, sizeof(bytes));
        fprintf(stderr, "writer: %zd %d\n", n, errno == EFBIG);
    }
    return 0;
}
C
CUBICLE_ISOLATION=none cubicle-cc writer.c -o writer.cub
expect 0 '^writer: -1 1$' 'a program that writes more than ulimit -f' \
    sh -c 'ulimit -f 100; exec cubicle run --isolation=none writer.cub'
[ "$(wc -c <out)" -eq 51200 ]
ok 'it wrote what was allowed'
expect 125 'isolation sfi: File too large: .*ulimit -f' 'ulimit -f below the memory that is shared' \
    sh -c 'ulimit -f 1; exec cubicle run hello'
expect 125 ': File too large' 'the same for processes' \
    sh -c 'ulimit -f 1; exec cubicle run hello --isolation=ipc'
expect 125 'statistics.*File too large|stats.json: File too large' 'a report that is longer' \
    sh -c 'ulimit -f 1; exec cubicle run hello --isolation=none --json=stats.json'

# A start that is refused: the reason, and once that there is nothing to count.
sed '/name: time/,+1d' "$top/systems/hello.yaml" >timeless.yaml
expect 125 'interface clock, but no module' 'a system without a clock' \
    cubicle run timeless.yaml --stats --json=refused.json --graph=refused.dot
[ "$(grep -c 'no statistics: the system did not run to its end' err)" -eq 1 ] && [ ! -e refused.json ] && [ ! -e refused.dot ]
ok 'it is said once that there are no statistics'

finish
