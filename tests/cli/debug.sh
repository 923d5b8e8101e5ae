#!/bin/sh
# strace, gdb and perf on a system, on each way to switch views: docs/debugging.md.
# shellcheck disable=SC2016 # $NAME is for gdb
# shellcheck source=tests/cli/tap.sh
. "$(dirname "$0")/tap.sh"

gdb_script=$top/tools/gdb/cubicle.py
trap '' PIPE # where a system that should read has ended

skip() {
    pass "$1 # SKIP $2"
}

# Why the tool cannot be used here; empty: it can.
why_not() {
    command -v "$1" >/dev/null || { echo "$1 is not installed"; return; }
    case $1 in
    strace) strace -o probe true 2>/dev/null || echo 'this machine does not allow ptrace' ;;
    gdb)
        gdb -nx -batch -ex 'python print("has python")' 2>/dev/null | grep -q 'has python' ||
            echo 'gdb is built without Python'
        gdb -nx -batch -ex run --args true 2>/dev/null | grep -q 'exited normally' ||
            echo 'this machine does not allow ptrace'
        ;;
    perf) perf record -q -e cpu-clock -o probe true >/dev/null 2>&1 ||
        echo 'perf may not record here' ;;
    esac
}

# Starts SQLite's shell, which waits for input, with options of `cubicle run`; sets child.
start_waiting() {
    rm -f input
    mkfifo input
    cubicle run "$@" sqlite <input >out 2>err &
    pid=$!
    exec 3>input
    echo '.print started' >&3
    for _ in $(seq 100); do
        grep -q started out && break
        sleep 0.1
    done
    child=$(pgrep -P $pid) && return
    fail "$name: a system to attach to"
    sed 's/^/# err: /' err
    exec 3>&-
    return 1
}

# Has it go on and end with status 3.
finish_waiting() {
    echo 'select 6 * 7;' >&3
    echo '.exit 3' >&3
    status=0
    wait "$pid" || status=$?
    exec 3>&-
    [ "$status" -eq 3 ] && grep -qx 42 out
}

strace_start() {
    name="$1: strace -f from the start"
    status=0
    timeout 60 strace -f -o trace cubicle run --view-switch="$1" hello >out 2>err || status=$?
    [ "$status" -eq 0 ] && grep -q '^hello' out &&
        grep -q 'write(1, "hello, world' trace && grep -q 'exited with 0' trace
    ok "$name"
}

# The way that bears a kernel which loses GS, on such a kernel: it must not be lost at each
# instruction, as it is while a tracer steps or stops at each return from a signal.
loses() {
    [ "$1" = parked ] && ! cubicle check | grep -q 'FSGSBASE  *yes'
}

strace_attach() {
    name="$1: strace -p on a running system"
    if loses "$1"; then
        skip "$name" 'this kernel loses GS at each stop'
        return
    fi
    start_waiting --view-switch="$1" || return
    strace -o trace -p "$child" 2>strace.err &
    tracer=$!
    for _ in $(seq 50); do
        grep -q attached strace.err && break
        sleep 0.1
    done
    finish_waiting
    ok "$name: it goes on and ends as ever"
    wait $tracer
    grep -q 'write(1, "42' trace
    ok "$name: host calls are shown"
}

# run_gdb FILE ARGUMENTS...
run_gdb() {
    log=$1
    shift
    timeout 100 gdb -nx -batch -iex 'set debuginfod enabled off' -x "$gdb_script" "$@" \
        >"$log" 2>&1 </dev/null
}

# Frames of these functions, in this order, are in the log.
frames() {
    log=$1
    shift
    for function; do
        sed -n '/^#/p' "$log" | grep -nF " $function (" | head -n 1 | cut -d: -f1
    done >order
    [ "$(wc -l <order)" -eq $# ] && sort -nc order 2>/dev/null
}

gdb_start() {
    name="$1: gdb from the start"
    if loses "$1"; then
        skip "$name" 'this kernel loses GS at each stop'
        return
    fi
    run_gdb log -ex 'cubicle-break vfscore:vfs_write' -ex run -ex bt -ex finish -ex stepi \
        -ex 'bt 3' -ex 'up 2' -ex finish -ex cubicle-bt -ex 'cubicle-x/2gx $rsp' \
        -ex 'cubicle-x/s $_cubicle(0, "hello")' -ex delete -ex continue \
        -ex 'print $_exitcode' --args cubicle run --view-switch="$1" hello
    frames log vfs_write '<call hello -> vfscore: vfs_write>' main app_main boot_main \
        process_run
    ok "$name: a breakpoint in a module, and a backtrace through all cubicles"
    grep -q '^#0 *hello: app_main, called by boot' log
    ok "$name: the calls between cubicles"
    grep -Eq '^0x[0-9a-f]+:.*0x[0-9a-f]+' log && grep -qx '\$1 = 0' log &&
        grep -q '^hello, world' log && ! grep -q 'Python Exception' log
    ok "$name: it goes on and ends as ever"
    [ "$failures" -eq 0 ] || sed 's/^/# gdb: /' log
}

gdb_plain() {
    run_gdb log -ex 'cubicle-break vfscore:vfs_write' -ex run -ex bt -ex delete -ex continue \
        --args cubicle run --isolation=none hello
    frames log vfs_write '<call hello -> vfscore: vfs_write>' main app_main boot_main \
        process_run
    ok "$1: a backtrace through all cubicles"
    [ "$failures" -eq 0 ] || sed 's/^/# gdb: /' log
}

# SQLite's interpreter is one switch with a case for each instruction.
gdb_switch() {
    run_gdb log -ex 'cubicle-break random:random_bytes' -ex run -ex bt -ex kill --args \
        cubicle run sqlite -- :memory: 'select random() from (select 1)'
    frames log random_bytes '<call vfscore -> random: random_bytes>' sqlite3VdbeExec \
        sqlite3_step shell_exec main app_main boot_main process_run
    ok "$1: a backtrace through a case"
    [ "$failures" -eq 0 ] || sed 's/^/# gdb: /' log
}

gdb_attach() {
    name="$1: gdb on a running system"
    start_waiting --view-switch="$1" || return
    run_gdb log -p "$child" -ex bt -ex cubicle-info -ex detach
    frames log '<call plat -> monitor: host_console_read>' fgets_unlocked main boot_main
    ok "$name: a backtrace through all cubicles"
    grep -Eq '^\* +[0-9]+ plat ' log && grep -q 'sqlite .*/sqlite.cub' log
    ok "$name: cubicles and modules"
    finish_waiting
    ok "$name: it goes on and ends as ever"
    [ "$failures" -eq 0 ] || sed 's/^/# gdb: /' log
}

perf_names() {
    name="$1: perf"
    timeout 60 perf record -q -e cpu-clock -F 2000 -o perf.data \
        cubicle run --perf-map --view-switch="$1" sqlite -- :memory: \
        'with recursive c(x) as (select 1 union all select x + 1 from c where x < 400000)
         select count(*) from c;' >out 2>err
    ok "$name: the run ends as ever"
    perf report -i perf.data --stdio >shares 2>/dev/null
    number=$(sed -n 's/.*\[JIT\] tid \([0-9]*\).*/\1/p' shares | head -n 1)
    grep -q 'sqlite:sqlite3VdbeExec$' shares
    ok "$name: functions of modules have names"
    [ -O "/tmp/perf-${number:-none}.map" ] &&
        grep -Eq ' trampoline:sqlite->[a-z]+:[a-z_]+$' "/tmp/perf-$number.map"
    ok "$name: trampolines have names"
    rm -f "/tmp/perf-${number:-none}.map"
}

# with TOOL TEST WAY
with() {
    why=$(why_not "$1" | head -n 1)
    if [ -n "$why" ]; then
        skip "$3: $2" "$why"
    elif [ "${2%attach}" != "$2" ] && [ "$(id -u)" -ne 0 ]; then
        skip "$3: $2" 'not root: a running system cannot be attached to'
    else
        "$2" "$3"
    fi
}

for way in kernel parked syscall; do
    if ! cubicle run --view-switch=$way hello >out 2>err; then
        skip "views switched by $way" "$(sed -n 's/.*not possible here: //p' err)"
        continue
    fi
    with strace strace_start $way
    with strace strace_attach $way
    with gdb gdb_start $way
    with gdb gdb_attach $way
    with perf perf_names $way
done

with gdb gdb_plain 'plain code'
with gdb gdb_switch 'a switch'

finish
