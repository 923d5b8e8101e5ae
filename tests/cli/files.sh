#!/bin/sh
# --root and --export: what goes in comes out, and nothing is half-done.
# shellcheck source=tests/cli/tap.sh
. "$(dirname "$0")/tap.sh"

mkdir -p root/dir/deeper
echo content >root/file
ln root/file root/dir/hard
ln -s ../file root/dir/soft
: >root/empty
head -c 3000000 /dev/urandom >root/dir/deeper/large
mkfifo root/dir/fifo
chmod 750 root/dir/deeper
touch -d @1234567890 root/file

for isolation in sfi none; do
    expect 0 '' "$isolation: directory in, directory out" \
        cubicle run hello --isolation=$isolation --root=root --export=out-$isolation
    diff -r --exclude=fifo root out-$isolation >/dev/null
    ok "$isolation: the same files"
    [ "$(stat -c %i out-$isolation/file)" = "$(stat -c %i out-$isolation/dir/hard)" ]
    ok "$isolation: hard link"
    [ "$(readlink out-$isolation/dir/soft)" = ../file ]
    ok "$isolation: symbolic link"
    [ -p out-$isolation/dir/fifo ]
    ok "$isolation: fifo"
    [ "$(stat -c %a:%Y out-$isolation/file)" = "$(stat -c %a:%Y root/file)" ]
    ok "$isolation: mode and time"
done

(cd root && find . | cpio --quiet -o -H newc) >root.cpio
expect 0 '' 'archive in, archive out' cubicle run hello --root=root.cpio --export=out.cpio
mkdir again
(cd again && cpio --quiet -i <../out.cpio)
diff -r --exclude=fifo root again >/dev/null
ok 'cpio reads what was exported'
gzip -k root.cpio
expect 0 '' 'compressed archive' cubicle run hello --root=root.cpio.gz --export=out.cpio

# A root of the system, and --root over it.
mkdir -p base/dir over/dir
echo base | tee base/one base/dir/two >base/dir/three
ln -s one base/link
echo over | tee over/dir/two over/link >over/four
chmod 700 over/dir
sed '/^mounts:/s/^/root: base\n/' "$top/systems/hello.yaml" >based.yaml
expect 0 '' "the system's root" cubicle run "$PWD/based.yaml" --export=out-base
diff -r base out-base >/dev/null && [ -L out-base/link ]
ok 'its files'
expect 0 '' '--root over it' cubicle run ./based.yaml --root=over --export=out-over
[ "$(cat out-over/one out-over/dir/two out-over/dir/three out-over/link out-over/four)" = 'base
over
base
over
over' ] && [ ! -L out-over/link ] && [ "$(stat -c %a out-over/dir)" = 700 ]
ok 'files of --root take the place of others'
sed '/^mounts:/s/^/root: gone\n/' "$top/systems/hello.yaml" >based.yaml
expect 125 'gone: No such file' "no such root of the system" cubicle run ./based.yaml
sed '/^mounts:/s/.*/root: base/' "$top/systems/hello.yaml" >based.yaml
expect 125 "based.yaml: the system has a 'root', but no 'mounts'" 'a root without files' \
    cubicle run ./based.yaml

expect 125 'nosuch: No such file' 'no such root' cubicle run hello --root=nosuch
echo text >text
expect 125 'Unrecognized archive format' 'not an archive' cubicle run hello --root=text
head -c 1000 root.cpio >cut.cpio
expect 125 'damaged or cut off|Truncated' 'truncated archive' cubicle run hello --root=cut.cpio
mkdir secret
echo text >secret/file
chmod 0 secret/file
if [ "$(id -u)" = 0 ]; then
    bounded='setpriv --bounding-set=-dac_override,-dac_read_search'
else
    bounded=
fi
# shellcheck disable=SC2086 # several words, or none
expect 125 'file.: Permission denied' 'a file that must not be read' \
    $bounded cubicle run hello --root=secret
mkdir full
: >full/file
expect 125 'not an empty directory' 'export over files' cubicle run hello --export=full
expect 125 'not an empty directory' 'export over a file' cubicle run hello --export=text
expect 125 'cannot write beside it' 'export to nowhere' \
    cubicle run hello --export=/nosuch/folder/x
[ ! -e nosuch ] && [ "$(ls full)" = file ] && [ "$(cat text)" = text ] && [ -z "$(ls -d ./*.??????/ 2>/dev/null)" ]
ok 'nothing is left behind'

finish
