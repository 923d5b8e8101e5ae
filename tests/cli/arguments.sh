#!/bin/sh
# Bad command lines: what is wrong is named, the exit status is that of the command, and
# nothing is started.
# shellcheck source=tests/cli/tap.sh
. "$(dirname "$0")/tap.sh"

expect 2 'Usage: cubicle COMMAND' 'no command' cubicle
expect 0 '' 'help' cubicle --help
expect 0 '' 'version' cubicle --version
expect 2 "unknown command 'frob'" 'unknown command' cubicle frob

for command in run check verify inspect graph top; do
    expect 0 '' "$command --help" cubicle $command --help
    grep -q 'Exit status' out
    ok "$command --help tells the exit statuses"
done

expect 125 'which system' 'run: no system' cubicle run
expect 125 "unrecognized option '--frob'" 'run: unknown option' cubicle run --frob hello
expect 125 'isolation=fast: no such mode' 'run: unknown isolation' \
    cubicle run --isolation=fast hello
if ! grep -qw ospke /proc/cpuinfo; then
    expect 125 'protection keys' 'run: mpk without keys says what is missing' \
        cubicle run --isolation=mpk hello
fi
expect 125 'view-switch=fast: no such mode' 'run: unknown way to switch views' \
    cubicle run --view-switch=fast hello
expect 125 'view-switch goes with --isolation=sfi only' 'run: ways to switch views are of sfi' \
    cubicle run --view-switch=syscall --isolation=none hello
expect 125 'link=odd: no such mode' 'run: unknown link mode' cubicle run --link=odd hello
expect 125 'acl=odd: no such mode' 'run: unknown acl mode' cubicle run --acl=odd hello
expect 125 'revoke=odd: no such mode' 'run: unknown revoke mode' cubicle run --revoke=odd hello
expect 125 'link=direct has no isolation' 'run: direct and sfi exclude each other' \
    cubicle run --link=direct --isolation=sfi hello
expect 125 'link=direct has no isolation' 'run: direct and mpk exclude each other' \
    cubicle run --link=direct --isolation=mpk hello
expect 125 'env=A: it is NAME=VALUE' 'run: bad variable' cubicle run --env=A hello
expect 125 "'x': arguments of the program come after" 'run: argument without --' \
    cubicle run hello x
expect 125 "no system 'nosuch'" 'run: unknown system' cubicle run nosuch
expect 125 'nosuch.yaml: No such file' 'run: manifest that does not exist' \
    cubicle run ./nosuch.yaml
expect 125 'not a regular file' 'run: manifest that is a directory' cubicle run ./
expect 125 "module 'plat': .*/plat.cub: No such file" 'run: module that was not built' \
    cubicle run --modules=/nowhere hello
expect 125 'interface registry' 'run: no interface registry' \
    cubicle run --interfaces=/nowhere hello

expect 2 'which module' 'verify: no module' cubicle verify
expect 2 'one module at a time' 'verify: two modules' cubicle verify a b
expect 1 'nosuch.cub: .*No such file' 'verify: unknown module' cubicle verify nosuch
expect 2 'which module' 'inspect: no module' cubicle inspect
expect 1 'nosuch.cub: .*No such file' 'inspect: unknown module' cubicle inspect nosuch

finish
