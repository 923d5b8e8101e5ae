#!/bin/sh
# verify and inspect, on good and bad modules.
# shellcheck source=tests/cli/tap.sh
. "$(dirname "$0")/tap.sh"

for module in plat alloc time random boot ramfs devfs vfscore hello; do
    expect 0 '' "verify $module" cubicle verify $module
    expect 0 '' "inspect $module" cubicle inspect $module
done
for module in "$build"/modules/plain/*.cub; do
    expect 0 '' "verify --isolation=mpk $(basename "$module")" \
        cubicle verify --isolation=mpk "$module"
done
expect 0 '' 'verify --isolation=mpk finds modules by name' cubicle verify --isolation=mpk vfscore
expect 2 'sfi or mpk' 'verify: unknown isolation' cubicle verify --isolation=none vfscore
cubicle inspect random >out
grep -q 'i64 random_bytes(out buf\[count\] ret, u64 count)' out
ok 'inspect shows annotations'
cubicle inspect plat >out
grep -q 'host_console_write' out
ok 'inspect shows imports'
cubicle inspect --sections "$build/modules/plain/hello.cub" >out
grep -q 'plain' out && grep -q '\.text' out
ok 'inspect shows sections, and that code is plain'

# Names that would drive a terminal or reorder the line.
name=$(nm "$build/modules/sfi/hello.cub" | awk '$1 == "U" && /vfs_/ { print $2; exit }')
objcopy --redefine-sym "$name=$(printf 'x\033[2J\233\342\200\256gr\303\266\303\237e')" \
    "$build/modules/sfi/hello.cub" names.cub
expect 1 'names.cub: imports x\?\[2J\?\?\?\?größe' 'a hostile name of a symbol' \
    cubicle verify ./names.cub
objcopy --rename-section ".rodata=$(printf '.x\033[2J\n  code\342\200\256 größe')" \
    "$build/modules/sfi/hello.cub" sections.cub
cubicle inspect --sections ./sections.cub >out
grep -q '  rodata .*  \.x?\[2J?  code??? größe$' out
ok 'a hostile name of a section'

# All of a folder, or of a system.
expect 0 '' 'verify --modules of a system by name' cubicle verify --modules=speedtest1-3
[ "$(grep -c ': accepted: ' out)" = "$(sed -n 's/^ *modules: \[\(.*\)\]/\1/p' \
    "$top/systems/speedtest1-3.yaml" | tr ',' '\n' | grep -c .)" ]
ok 'it looks at every module once'
cat >twice.yaml <<'END'
name: twice
cubicles:
  - name: a
    modules: [time, other=time]
END
expect 0 '' 'verify --modules of a manifest' cubicle verify --modules=twice.yaml
[ "$(grep -c ': accepted: ' out)" = 1 ]
ok 'a file of two modules is looked at once'
mkdir folder
cp "$build/modules/sfi/time.cub" "$build/modules/sfi/random.cub" folder
expect 0 '' 'verify --modules of a folder' cubicle verify --modules=folder
cp "$build/modules/plain/hello.cub" folder/middle.cub
expect 1 'folder/middle.cub: .*plain code' 'one of a folder is refused' \
    cubicle verify --modules=folder
[ "$(grep -c ': accepted: ' out)" = 2 ]
ok 'the others are looked at'
# A name of a file is anybody's: it gives no orders to a terminal, and is no line of its own.
mkdir named
cp "$build/modules/sfi/time.cub" "named/$(printf 'a\033[2Jb\nc.cub')"
expect 0 '' 'verify --modules of a folder with a hostile name' cubicle verify --modules=named
printf 'named/a?[2Jb?c.cub: accepted: ' >wanted
[ "$(head -c "$(wc -c <wanted)" out)" = "$(cat wanted)" ]
ok 'the name is shown without its orders'
mkdir empty
expect 1 'empty: no file of it ends in .cub' 'a folder without modules' \
    cubicle verify --modules=empty
expect 1 'verify --modules=twice.yaml' 'a manifest in the place of a module' \
    cubicle verify twice.yaml
expect 1 "no system 'nosuch'" 'an unknown system' cubicle verify --modules=nosuch
expect 2 'either a module or --modules' 'both' cubicle verify --modules=empty time

expect 1 'plain code' 'verify refuses plain code' cubicle verify "$build/modules/plain/hello.cub"
: >empty.cub
expect 1 'empty.cub: ' 'empty file' cubicle verify ./empty.cub
expect 1 'empty.cub: ' 'inspect an empty file' cubicle inspect ./empty.cub
cp /bin/true true.cub
expect 1 'true.cub: ' 'a program' cubicle verify ./true.cub
cp "$build/modules/sfi/hello.cub" hello.cub
for size in 1 63 64 1000 5000 20000; do
    head -c $size hello.cub >cut.cub
    expect 1 'cut.cub: ' "cut after $size bytes" cubicle verify ./cut.cub
done

finish
