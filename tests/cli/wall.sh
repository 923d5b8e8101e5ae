#!/bin/sh
# What a running system is left with: privileges, host calls, descriptors, its parent.
# shellcheck source=tests/cli/tap.sh
. "$(dirname "$0")/tap.sh"

# Where readable memory is executable nothing is started. exec() clears that, so a library sets it.
cat >executable.c <<'END'
#include <sys/personality.h>
__attribute__((constructor)) static void set(void) { personality(READ_IMPLIES_EXEC); }
END
cc -shared -fPIC -o executable.so executable.c
LD_PRELOAD=$PWD/executable.so cubicle run hello >out 2>err
[ $? -eq 125 ] && grep -q 'this process runs with READ_IMPLIES_EXEC' err && [ ! -s out ]
ok 'a process whose readable memory is executable is refused'

# A system that waits for input, started with descriptors that are none of its business.
mkfifo input
echo secret >secret
exec 7<secret 9<secret
cubicle run sqlite --export=exported <input >out 2>err &
pid=$!
exec 7<&- 9<&- 3>input
echo '.print started' >&3
for _ in $(seq 100); do
    grep -q started out && break
    sleep 0.1
done
child=$(pgrep -P $pid)
if [ -z "$child" ]; then
    fail 'the system runs'
    sed 's/^/# err: /' err
    finish
    exit
fi
status=/proc/$child/status

grep -q '^Seccomp:[[:space:]]*2$' "$status"
ok 'a filter of host calls is installed'
grep -q '^NoNewPrivs:[[:space:]]*1$' "$status"
ok 'no new privileges can be had'
grep -q '^CapEff:[[:space:]]*0*$' "$status" && grep -q '^CapPrm:[[:space:]]*0*$' "$status"
ok 'there are no capabilities'
if [ "$(id -u)" -eq 0 ]; then
    grep -Eq '^Uid:([[:space:]]+65534){4}$' "$status" &&
        grep -Eq '^Gid:([[:space:]]+65534){4}$' "$status" &&
        grep -Eq '^Groups:[[:space:]]*$' "$status"
    ok 'root has become nobody'
    ls -l "/proc/$child/fd" >fds
    ! grep -q secret fds
    ok 'inherited descriptors are closed'
    grep -q cubicle-export fds
    ok 'the export is kept'
else
    pass 'root has become nobody # SKIP not root'
    pass 'inherited descriptors are closed # SKIP not root: /proc cannot be read'
    pass 'the export is kept # SKIP not root: /proc cannot be read'
fi

kill -KILL $pid
wait $pid 2>/dev/null
for _ in $(seq 50); do
    [ -d "/proc/$child" ] || break
    sleep 0.1
done
[ ! -d "/proc/$child" ]
ok 'it ends with its parent'
exec 3>&-

finish
