#!/bin/sh
# verify and inspect, on good and bad modules.
# shellcheck source=tests/cli/tap.sh
. "$(dirname "$0")/tap.sh"

for module in plat alloc time random boot ramfs devfs vfscore hello; do
    expect 0 '' "verify $module" cubicle verify $module
    expect 0 '' "inspect $module" cubicle inspect $module
done
for module in "$build"/modules/none/*.cub; do
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
cubicle inspect --sections "$build/modules/none/hello.cub" >out
grep -q 'plain' out && grep -q '\.text' out
ok 'inspect shows sections, and that code is plain'

expect 1 'plain code' 'verify refuses plain code' cubicle verify "$build/modules/none/hello.cub"
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
