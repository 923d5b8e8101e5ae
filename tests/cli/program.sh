#!/bin/sh
# `cubicle run FILE.cub`: a program without a manifest.
# shellcheck source=tests/cli/tap.sh
. "$(dirname "$0")/tap.sh"

cat >greet.c <<'C'
#include <stdio.h>
#include <stdlib.h>
static int größe = 2;
__attribute__((noinline)) int zähle(int n) { return n + größe; }
int main(int argc, char **argv)
{
    const char *home = getenv("HOME");
    FILE *file = argc > 2 ? fopen(argv[1], argv[2]) : NULL;
    if (file) {
        fprintf(file, "written\n");
        fclose(file);
    }
    printf("%s %d %s\n", argv[0], zähle(argc), home);
    return argc;
}
C
expect 0 '' 'a program is compiled' cubicle-cc -O1 greet.c -o greet.cub
expect 1 '' 'it runs' cubicle run ./greet.cub
[ "$(cat out)" = 'greet 3 /' ]
ok 'its name and environment'
cp greet.cub greet
expect 1 '' 'a path needs no suffix' cubicle run ./greet
[ "$(cat out)" = 'greet 3 /' ]
ok 'its name then'
for reserved in monitor none; do
    cp greet.cub $reserved.cub
    expect 1 '' "a program named $reserved" cubicle run ./$reserved.cub
    [ "$(cat out)" = 'program 3 /' ]
    ok 'is not taken for it'
done
expect 125 "no system 'greet'" 'a name without one is a system' cubicle run greet
expect 2 '' 'by its name alone, with an argument' cubicle run greet.cub -- one
expect 1 '' 'options of run apply' cubicle run --env=HOME=/home --view-switch=syscall greet.cub
[ "$(cat out)" = 'greet 3 /home' ]
ok 'a variable of the command line'
expect 1 'greet +vfscore' 'the name in the statistics' cubicle run --stats greet.cub
expect 3 '' 'a root to read and to export' \
    cubicle run --root="$top/systems" --export=new greet.cub -- /note w
[ "$(cat new/note)" = written ] && [ -e new/hello.yaml ]
ok 'what it wrote is exported'
expect 1 '' 'names of code for perf' cubicle run --perf-map greet.cub
find /tmp -maxdepth 1 -name 'perf-*.map' -newer greet.cub -exec grep -l ' greet:zähle$' {} + >maps
[ -s maps ]
ok 'a name in other letters than those of ASCII'
xargs rm -f <maps

cat >limits.c <<'C'
#include <errno.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>
int main(void)
{
    struct rlimit limit;
    int last = 2, fd;
    getrlimit(RLIMIT_NOFILE, &limit);
    while ((fd = dup(0)) >= 0) {
        last = fd;
    }
    printf("%lu %lu %d %d\n", limit.rlim_cur, limit.rlim_max, last + 1, errno == EMFILE);
    return 0;
}
C
expect 0 '' 'a program about its limits is compiled' cubicle-cc -O1 limits.c -o limits.cub
# limited LIMIT WANT: what the program sees and gets of a soft limit, whose hard one is above.
limited() {
    # shellcheck disable=SC3045
    expect 0 '' "descriptors: soft limit $1" sh -c "ulimit -Sn $1; exec cubicle run ./limits.cub"
    [ "$(cat out)" = "$2 65536 $2 1" ]
    ok "descriptors: it sees and gets $2"
}
limited 7 7
limited 300 300
limited 5000 5000
# shellcheck disable=SC3045
if (ulimit -Sn 70000) 2>/dev/null; then
    limited 70000 65536
else
    echo '# no limit of 70000 descriptors: the hard one is lower'
fi

cat >wild.c <<'C'
__attribute__((noinline)) int größe(volatile int *p) { return *p; }
int main(void) { return größe((int *)0x7fff0000); }
C
cubicle-cc -O1 wild.c -o wild.cub
expect 139 'wild.*größe\+0x' 'a fault report has the name of the function' cubicle run wild.cub

# The name of the file is free; that of the cubicle is not.
for name in plat.cub 'My Program.cub' größe.cub .cub.cub; do
    cp greet.cub "$name"
    expect 1 'program +vfscore' "a file called $name" cubicle run --stats "./$name"
done

# Plain code.
CUBICLE_ISOLATION=none cubicle-cc greet.c -o plain.cub
ok 'plain code is compiled'
expect 1 '' 'plain code runs without isolation' cubicle run --isolation=none plain.cub
expect 125 'plain.cub: the module has plain code.*' 'plain code under sfi' cubicle run plain.cub
grep -q -- '--isolation=none or --isolation=mpk' err
ok 'it says which isolation plain code needs'
expect 125 'greet.cub: the module has code for sfi' 'code for sfi without isolation' \
    cubicle run --isolation=none greet.cub

# With a component, which has a cubicle of its own.
mkdir -p registry
cp "$build"/interfaces/*.desc registry
cat >adder.h <<'C'
#include <cubicle/interface.h>
CUBICLE_INTERFACE(adder);
int adder_add(int a, int b);
C
echo '#include "adder.h"
int adder_add(int a, int b) { return b == 0 ? a / b : a + b; }' >adder.c
cat >adds.c <<'C'
#include <stdio.h>
#include "adder.h"
int main(void) { printf("%d\n", adder_add(1, 2)); return adder_add(1, 0) != -104; }
C
cubicle-idl --strict -I "$top/include" -o registry adder.h
ok 'an interface outside of the tree'
cubicle-cc --cubicle-interfaces=registry --cubicle-provides=adder adder.c -o adder.cub
ok 'its component'
cubicle-cc --cubicle-interfaces=registry adds.c -o adds.cub
ok 'a program that calls it'
expect 0 'adder .*division by zero' 'a component of the command line, which dies alone' \
    cubicle run --interfaces=registry --component=adder.cub --stats adds.cub
[ "$(cat out)" = 3 ] && grep -Eq '^ *adds +adder ' err
ok 'a cubicle named after its file'
expect 125 'adds: imports adder_add of interface adder' 'without it the program is not loaded' \
    cubicle run --interfaces=registry adds.cub
expect 125 'greet.cub: the module has a main' 'a program as a component' \
    cubicle run --component=greet.cub greet.cub
expect 125 'adder.cub: the module has no main' 'a component as a program' cubicle run adder.cub
expect 125 'nosuch.cub: No such file' 'a component that does not exist' \
    cubicle run --component=nosuch.cub greet.cub
cp adder.cub plat.cub
expect 125 'plat.cub: no component .* can have its name' 'a component with the name of another' \
    cubicle run --interfaces=registry --component=plat.cub adds.cub
expect 125 'adder.cub: no component .* can have its name' 'the same component twice' \
    cubicle run --interfaces=registry --component=adder.cub --component=adder.cub adds.cub
expect 125 "'hello' is not the file of a program" 'a component next to a manifest' \
    cubicle run --component=adder.cub hello

# With a network: where the command line speaks of one.
cat >net.c <<'C'
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
int main(int argc, char **argv)
{
    char text[16] = "to oneself";
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(7)};
    const int port = socket(AF_INET, SOCK_STREAM, 0);
    const int client = socket(AF_INET, SOCK_STREAM, 0);
    if (port < 0 || bind(port, (void *)&to, sizeof(to)) || listen(port, 1)) {
        perror(argv[0]);
        return 1;
    }
    if (argc > 1) {
        puts("ready");
        fflush(stdout);
    } else {
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        connect(client, (void *)&to, sizeof(to));
        send(client, text, sizeof(text), 0);
    }
    const int peer = accept(port, NULL, NULL);
    printf("%s: %zd %s\n", argv[0], recv(peer, text, sizeof(text), 0), text);
    return 0;
}
C
cubicle-cc -O1 net.c -o net.cub
ok 'a program with sockets is compiled'
expect 1 'Address family not supported' 'it has no network' cubicle run net.cub
expect 0 '' 'it has its own addresses' cubicle run --network=none net.cub
[ "$(cat out)" = 'net: 16 to oneself' ]
ok 'a connection within the system'
for name in lwip.cub 'My Server.cub'; do
    cp net.cub "$name"
    expect 0 '' "a program with a network called $name" cubicle run --network=none "./$name"
    [ "$(cat out)" = 'program: 16 to oneself' ]
    ok "its name is not ${name%.cub}"
done
cat >reach.py <<'END'
import socket
import subprocess

with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
command = ["cubicle", "run", "--network=stream:slirp", f"--publish={port}:7", "net.cub", "--", "wait"]
with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as system:
    assert system.stdout.readline() == "ready\n"
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(b"from outside\0")
        print(system.stdout.read(), end="")
END
expect 0 '' 'a port of it is published' timeout 60 python3 reach.py
[ "$(cat out)" = 'net: 13 from outside' ]
ok 'a client of the host reaches it'

# What is no program.
expect 125 'nosuch.cub: No such file' 'a file that does not exist' cubicle run nosuch.cub
cp greet.cub greet
expect 125 'the file of that name is ./greet' 'a file that looks like the name of a system' \
    cubicle run greet
mkdir folder.cub
expect 125 'folder.cub: not a module: not a regular file' 'a folder' cubicle run folder.cub
cp "$top/systems/hello.yaml" manifest.cub
expect 125 'name of a manifest ends in .yaml' 'a manifest under a name of a module' \
    cubicle run manifest.cub
cp "$top/systems/program.yaml" manifest.cub
expect 125 'name of a manifest ends in .yaml' 'one that begins with a comment' \
    cubicle run manifest.cub
cp /bin/true true.cub
expect 125 'true.cub: ' 'a program of Linux' cubicle run true.cub
expect 125 '/bin/true: ' 'a program of Linux by its path' cubicle run /bin/true
: >empty.cub
expect 125 'empty.cub: ' 'an empty file' cubicle run empty.cub
head -c 1000 greet.cub >cut.cub
expect 125 'cut.cub: ' 'a file that was cut' cubicle run cut.cub
echo 'int one(void) { return 1; }' >one.c
cubicle-cc -c one.c -o object.cub
expect 125 'object.cub: no .cubicle.note section' 'an object that was not linked' \
    cubicle run object.cub
expect 125 'has no main\(\)' 'a component' cubicle run "$build/modules/sfi/time.cub"
expect 125 "'x': arguments of the program come after" 'an argument without --' \
    cubicle run greet.cub x

finish
