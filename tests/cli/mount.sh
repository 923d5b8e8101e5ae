#!/bin/sh
# Directories of the host in a system: --mount, mounts of a manifest, what they show, and what they refuse.
# shellcheck source=tests/cli/tap.sh
. "$(dirname "$0")/tap.sh"

cat >look.c <<'END'
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void say(const char *what, const char *path, int result)
{
    printf("%s %s: %s\n", what, path, result >= 0 ? "ok" : strerror(errno));
}

static void read_all(int fd)
{
    char buf[64] = "";
    struct stat st;
    const ssize_t n = pread(fd, buf, sizeof(buf) - 1, 0);
    printf("read: %s, ", n >= 0 ? buf : strerror(errno));
    if (fstat(fd, &st) == 0) {
        printf("size %ld, links %ld\n", (long)st.st_size, (long)st.st_nlink);
    } else {
        printf("%s\n", strerror(errno));
    }
}

/* Reads a file, waits for a line, and reads it again. */
static void hold(const char *path)
{
    char line[8];
    const int fd = open(path, O_RDWR);
    read_all(fd);
    fflush(stdout);
    if (fgets(line, sizeof(line), stdin) != NULL) {
        read_all(fd);
        printf("write: %s\n", pwrite(fd, "W", 1, 0) == 1 ? "ok" : strerror(errno));
    }
}

/* More files than the host keeps open for us, all in use; every tenth without a name. */
static void many(const char *folder)
{
    static int fds[600];
    char path[300], c;
    int bad = 0;
    for (int i = 0; i < 600; i++) {
        snprintf(path, sizeof(path), "%s/many%d", folder, i);
        fds[i] = open(path, O_RDWR | O_CREAT | O_EXCL, 0644);
        bad += fds[i] < 0 || write(fds[i], "xyz" + i % 3, 1) != 1;
        if (i % 10 == 0) {
            bad += unlink(path) != 0;
        }
    }
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 600; i++) {
            bad += pread(fds[i], &c, 1, 0) != 1 || c != "xyz"[i % 3];
        }
    }
    snprintf(path, sizeof(path), "%s/many7", folder);
    bad += rename(folder, "/o/renamed") != 0;
    for (int i = 0; i < 600; i++) {
        bad += pwrite(fds[i], "w", 1, 1) != 1 || pread(fds[i], &c, 1, 1) != 1 || c != 'w';
    }
    printf("many: %d bad\n", bad);
}

/* `look VERB PATH [PATH]...`: one verb for all paths. */
int main(int argc, char **argv)
{
    char buf[256];
    for (int i = 2; i < argc; i++) {
        const char *path = argv[i], *verb = argv[1];
        if (strcmp(verb, "cat") == 0) {
            const int fd = open(path, O_RDONLY);
            const ssize_t n = fd < 0 ? -1 : read(fd, buf, sizeof(buf) - 1);
            if (n >= 0) {
                buf[n] = '\0';
                fputs(buf, stdout);
            } else {
                say(verb, path, -1);
            }
        } else if (strcmp(verb, "write") == 0) {
            const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
            say(verb, path, fd < 0 ? -1 : (int)write(fd, "written\n", 8));
            if (fd >= 0) {
                say("fsync", path, fsync(fd));
            }
        } else if (strcmp(verb, "mkdir") == 0) {
            say(verb, path, mkdir(path, 0755));
        } else if (strcmp(verb, "unlink") == 0) {
            say(verb, path, unlink(path));
        } else if (strcmp(verb, "chmod") == 0) {
            say(verb, path, chmod(path, 0600));
        } else if (strcmp(verb, "hold") == 0) {
            hold(path);
        } else if (strcmp(verb, "many") == 0) {
            many(path);
        } else if (strcmp(verb, "count") == 0) {
            DIR *dir = opendir(path);
            int n = 0;
            while (dir != NULL && readdir(dir) != NULL) {
                n++;
            }
            printf("%d\n", n - 2);
        }
    }
    return 0;
}
END
cubicle-cc look.c -o look.cub
chmod 755 .
look() { cubicle run "$@" 2>err; }

mkdir -p site/sub other private
echo content >site/file
echo deep >site/sub/deep
echo secret >secret
ln -s ../secret site/up
ln -s /file site/absolute
ln -s "$PWD/secret" site/outside
mkfifo site/fifo
chmod 777 other
[ "$(look ./look.cub --mount=site:/www -- cat /www/file /www/sub/deep)" = "content
deep" ]
ok 'files of a directory of the host'
[ "$(look ./look.cub --mount="$PWD/site":/deep/er/www -- cat /deep/er/www/file)" = content ]
ok 'a place that is made, with what is above it'
[ "$(look ./look.cub --mount=site:/www -- cat /www/up /www/outside)" = "cat /www/up: No such file or directory
cat /www/outside: No such file or directory" ]
ok 'links lead to files of the system, not of the host'
mkdir root
echo inside >root/file
[ "$(look ./look.cub --root=root --mount=site:/www -- cat /www/absolute)" = inside ]
ok 'an absolute link is of the system'
look ./look.cub --mount=site:/www -- cat /www/fifo | grep -q 'No such device or address\|Permission denied'
ok 'a fifo of the host is not opened'

for mode in '' :ro; do
    {
        look ./look.cub --mount=site:/www$mode -- write /www/file /www/new
        look ./look.cub --mount=site:/www$mode -- mkdir /www/dir
        look ./look.cub --mount=site:/www$mode -- unlink /www/file
        look ./look.cub --mount=site:/www$mode -- chmod /www/file
    } >out
    [ "$(grep -c 'Read-only file system\|Operation not permitted\|Permission denied' out)" = 5 ] && [ "$(cat site/file)" = content ] &&
        [ ! -e site/new ] && [ ! -e site/dir ]
    ok "read-only '$mode' is"
done
[ "$(look ./look.cub --mount=other:/o:rw -- write /o/a /o/b)" = "write /o/a: ok
fsync /o/a: ok
write /o/b: ok
fsync /o/b: ok" ] && [ "$(cat other/a)" = written ]
ok 'writing'
look ./look.cub --mount=other:/o:rw -- mkdir /o/dir /o/dir/dir >out && [ -d other/dir/dir ]
ok 'making directories'
[ "$(look ./look.cub --mount=other:/o:rw --mount=site:/w --mount=site/sub:/s -- cat /o/a /w/file /s/deep)" = "written
content
deep" ]
ok 'several directories, also one below another'
[ "$(look ./look.cub --isolation=none --mount=other:/o:rw --modules="$build/modules/plain" -- cat /o/a 2>&1)" = written ] ||
    grep -q 'code for sfi' err
ok 'without isolation'

# A manifest.
cat >mounted.yaml <<END
name: mounted
cubicles:
  - {name: plat, modules: [plat], host: [plat]}
  - {name: alloc, modules: [alloc], allocator: alloc}
  - {name: time, modules: [time]}
  - {name: random, modules: [random]}
  - {name: files, modules: [vfscore, ramfs, devfs]}
  - {name: hostfs, modules: [hostfs], hostfiles: [hostfs]}
  - {name: boot, modules: [boot]}
  - {name: look, modules: [look]}
application: look
mounts: ["ramfs /", "devfs /dev", "hostfs /www site", "hostfs /o other rw"]
bind:
  - {consumer: vfscore, interface: fs, provider: ramfs}
  - {consumer: vfscore, interface: fs, provider: devfs}
  - {consumer: vfscore, interface: fs, provider: hostfs}
END
mkdir modules
ln -s "$build"/modules/sfi/*.cub modules/
ln -s "$PWD/look.cub" modules/look.cub
mkdir away
[ "$(cd away && cubicle run ../mounted.yaml --modules=../modules -- cat /www/file /o/a)" = "content
written" ]
ok 'a manifest: relative to its folder'
[ "$(look ./mounted.yaml --modules=modules --mount=root:/more -- cat /www/file /more/file)" = "content
inside" ]
ok 'a manifest, and more on the command line'
sed 's/, "hostfs.*rw"//' mounted.yaml >unused.yaml
rm modules/hostfs.cub
[ "$(look ./unused.yaml --modules=modules -- cat /nothing)" = 'cat /nothing: No such file or directory' ]
ok 'the cubicle is left out where nothing is mounted'
ln -s "$build"/modules/sfi/hostfs.cub modules/

# A directory hides what the root has there, and is not filled from it.
mkdir -p over/www below && echo root >over/www/note && echo root >over/www/only
echo host >below/note
chmod 777 below && chmod 666 below/note
for mode in ro rw; do
    [ "$(look ./look.cub --root=over --mount=below:/www:$mode -- cat /www/note)" = host ] &&
        [ "$(cat below/note)" = host ] && [ ! -e below/only ]
    ok "a directory over one of the root, $mode"
done

# Errors.
expect 125 "^cubicle: bad mount 'site'" 'no place' cubicle run ./look.cub --mount=site
expect 125 "^cubicle: bad mount ':/www'" 'no directory' cubicle run ./look.cub --mount=:/www
expect 125 "^cubicle: bad mount 'site:www'" 'a relative place' cubicle run ./look.cub --mount=site:www
for mode in wr rww RO '' ro:rw; do
    expect 125 "^cubicle: bad mount 'site:/www:$mode'" "no mode: '$mode'" \
        cubicle run ./look.cub "--mount=site:/www:$mode"
done
expect 125 'cannot mount nosuch on /www: No such file' 'not there' cubicle run ./look.cub --mount=nosuch:/www
expect 125 'cannot mount secret on /www: Not a directory' 'a file' cubicle run ./look.cub --mount=secret:/www
expect 125 'no module for directories of the host' 'no hostfs' cubicle run hello --mount=site:/www
expect 125 "cannot mount 'hostfs' on '/': .*busy" 'in the place of the root' cubicle run ./look.cub --mount=site:/
sed 's/"hostfs \/www site"/"hostfs \/www"/' mounted.yaml >bad.yaml
expect 125 "names no directory of the host" 'a manifest without directory' cubicle run ./bad.yaml --modules=modules
set --
for i in $(seq 17); do set -- "$@" "--mount=site:/w$i"; done
expect 125 'at most 16 directories' 'seventeen' cubicle run ./look.cub "$@"
shift
[ "$(look ./look.cub "$@" -- cat /w2/file /w17/sub/deep)" = "content
deep" ]
ok 'sixteen'
if [ "$(id -u)" -eq 0 ]; then
    chmod 700 private
    expect 125 'private: user 65534, as whom the system runs, cannot read this directory: Permission denied; let it' \
        'a directory that nobody cannot read' cubicle run ./look.cub --mount=private:/p
    chmod 755 private
    expect 125 'cannot read and write this directory.*mount it ro' 'one that it cannot write' \
        cubicle run ./look.cub --mount=private:/p:rw
    echo x >site/hidden
    chmod 600 site/hidden
    [ "$(look ./look.cub --mount=site:/www -- cat /www/hidden)" = 'cat /www/hidden: Permission denied' ]
    ok 'a file that nobody cannot read'
    rm site/hidden
fi

# A file that is open, and what others do to it meanwhile: hold NAME EXPECTED COMMAND...
hold() {
    name=$1 expected=$2
    shift 2
    rm -rf other/held other/held2
    printf held >other/held
    chmod 666 other/held
    rm -f held.in
    mkfifo held.in
    look ./look.cub --mount=other:/o:rw -- hold /o/held <held.in >held.out &
    exec 3>held.in
    for _ in $(seq 100); do
        grep -q read: held.out && break
        sleep 0.1
    done
    "$@"
    echo >&3
    exec 3>&-
    wait $!
    if [ "$(cat held.out)" = "read: held, size 4, links 1
$expected" ]; then
        pass "$name"
    else
        fail "$name"
        sed 's/^/# /' held.out err
    fi
}
replace() {
    mv other/held other/held2
    echo another >other/held
    chmod 666 other/held
}
hold 'a file that others cut' 'read: , size 0, links 1
write: ok' truncate -s 0 other/held
hold 'a file that others lengthen' 'read: heldmore, size 8, links 1
write: ok' sh -c 'printf more >>other/held'
hold 'a file that others remove' 'read: held, size 4, links 0
write: ok' rm other/held
hold 'a file that others replace' 'read: held, size 4, links 1
write: ok' replace
[ "$(cat other/held2)" = Weld ] && [ "$(cat other/held)" = another ]
ok 'the new one is left alone'
mkdir other/folder
chmod 777 other/folder
[ "$(look ./look.cub --mount=other:/o:rw -- many /o/folder)" = 'many: 0 bad' ] &&
    [ "$(find other/renamed -type f | wc -l)" = 540 ]
ok 'more files than can be open, also without names, in a directory that is renamed'

# hostfs dies again and again and begins anew: one call fails each time, and the files are there.
cat >loop.c <<'END'
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int try(void)
{
    char buf[8];
    const int fd = open("/www/file", O_RDONLY);
    const int good = fd >= 0 && read(fd, buf, 8) == 8 && memcmp(buf, "content\n", 8) == 0;
    const int error = errno;
    if (fd >= 0) {
        close(fd);
    }
    return good ? 0 : error;
}

int main(void)
{
    struct pollfd end = {.fd = 0, .events = POLLIN};
    int bad = 0, other = 0;
    puts("begun");
    fflush(stdout);
    while (poll(&end, 1, 0) == 0) {
        const int error = try();
        bad += error != 0;
        other += error != 0 && error != ESTALE && error != ECONNRESET;
    }
    printf("%d bad, %d other, then %d\n", bad, other, try());
    return 0;
}
END
cubicle-cc -O2 loop.c -o modules/loop.cub
sed 's/look/loop/g; s/hostfiles: \[hostfs\]/hostfiles: [hostfs], on_fault: restart/' mounted.yaml >loop.yaml
"$build"/host/tests/conformance/crash hostfs 10 1 "$build"/bin/cubicle run --perf-map --modules=modules loop.yaml >out 2>err
grep -q -E '^([5-9]|10) bad, 0 other, then 0$' out
ok 'a hostfs that begins anew'

# Many names, while they change.
mkdir many
(cd many && seq 10000 | xargs touch)
chmod 777 many
[ "$(look ./look.cub --mount=many:/m -- count /m)" = 10000 ]
ok '10,000 names'
(cd many && while :; do
    touch new1 new2
    rm -f new1
    mv new2 new3
    rm -f new3
done) &
pid=$!
wrong=0
for i in 1 2 3 4 5; do
    n=$(look ./look.cub --mount=many:/m -- count /m)
    { [ "${n:-0}" -ge 10000 ] && [ "$n" -le 10003 ]; } || wrong=$n
done
kill $pid
wait $pid 2>/dev/null
[ "$wrong" = 0 ]
ok '10,000 names while others come and go'
finish
