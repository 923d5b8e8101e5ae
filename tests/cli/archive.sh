#!/bin/sh
# What a hostile system may export: nothing outside of the folder, no device, no special
# mode, nothing half-done. The program that unpacks is tested alone.
# shellcheck source=tests/cli/tap.sh
. "$(dirname "$0")/tap.sh"

newc=$top/tests/cli/newc.py
mkdir target
echo precious >target/file
echo precious >outside

# export_of ENTRY...: unpacks them to ./out.
export_of() {
    rm -rf out
    "$newc" "$@" >stream
    timeout 20 cubicle-archive export out <stream >/dev/null 2>err
}

# stopped NAME PATTERN ENTRY...: refused with a message, and nothing is left.
stopped() {
    name=$1 pattern=$2
    shift 2
    if export_of "$@"; then
        fail "$name (accepted)"
    elif ! grep -Eq -- "$pattern" err; then
        fail "$name"
        sed 's/^/# err: /' err
    else
        [ ! -e out ] && [ -z "$(find . -name 'out.??????')" ] &&
            [ "$(cat outside target/file)" = "precious
precious" ]
        ok "$name"
    fi
}

export_of .:40755 a:100644:text d:40755 d/b:100600:more l:120777:a p:10644
ok 'an honest archive'
[ "$(cat out/a out/d/b)" = textmore ] && [ -L out/l ] && [ -p out/p ]
ok 'its files are there'

stopped 'parent folder' 'outside of its root' ../escaped:100644:x
stopped 'parent folder inside a name' 'outside of its root' d:40755 d/../../escaped:100644:x
stopped 'absolute name' 'outside of its root' "$work/escaped:100644:x"
stopped 'file through a link' 'link' "l:120777:$work/target" l/file:100644:overwritten
stopped 'file through a relative link' 'link' l:120777:../target l/file:100644:overwritten
stopped 'folder through a link' 'link' "l:120777:$work/target" l/new/deep:100644:x
stopped 'hard link to outside' 'outside of its root' ../outside:100644::7 mine:100644:x:7
stopped 'character device' 'a device' null:20666
stopped 'block device' 'a device' disk:60666
stopped 'no trailer' 'before it had exported' a:100644:text -
: >stream
timeout 20 cubicle-archive export out <stream 2>err
[ $? -eq 1 ] && [ ! -e out ]
ok 'nothing at all'
"$newc" a:100644:text >whole
for size in 20 100 120 200; do
    { head -c $size whole; printf 'TRAILER!!!\0'; } >stream
    timeout 20 cubicle-archive export out <stream 2>err
    [ $? -eq 1 ] && [ ! -e out ]
    ok "cut after $size bytes, with a forged end"
done
head -c 100000 /dev/urandom >stream
printf 'TRAILER!!!\0' >>stream
timeout 20 cubicle-archive export out <stream 2>err
[ $? -eq 1 ] && [ ! -e out ]
ok 'random bytes'

export_of s:104755:x g:102755:x t:41777
ok 'special modes are accepted'
[ -z "$(find out -perm /7000)" ]
ok 'and dropped'
export_of l:120777:/etc/passwd
[ "$(readlink out/l)" = /etc/passwd ]
ok 'a link may point anywhere: nothing follows it'

mkdir small
if [ "$(id -u)" = 0 ] && mount -t tmpfs -o size=16k,nr_inodes=4 tmpfs small 2>/dev/null; then
    "$newc" "a:100644:$(head -c 50000 /dev/zero | tr '\0' x)" >stream
    timeout 20 cubicle-archive export small/out <stream 2>err
    [ $? -eq 1 ] && grep -q 'No space left on device' err && [ -z "$(ls -A small)" ]
    ok 'a full disk'
    "$newc" a:100644:x b:100644:x c:100644:x d:100644:x >stream
    timeout 20 cubicle-archive export small/out <stream 2>err
    [ $? -eq 1 ] && grep -q 'No space left on device' err && [ -z "$(ls -A small)" ]
    ok 'a disk without room for names'
    umount small
else
    echo '# a full disk: not tested, a tmpfs cannot be mounted'
fi

finish
