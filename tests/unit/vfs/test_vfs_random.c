/*
 * The same random calls on the host's tmpfs and on vfscore with ramfs: results, errors,
 * data and attributes must be the same. A failure prints the seed and the calls before
 * it; run with CUBICLE_SEED=N to repeat one.
 */
#include "world.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define SEEDS 60
#define STEPS 4000
#define SLOTS 24
#define HISTORY 12
#define BLOCK 70000

static uint64_t random_state;
static char history[HISTORY][600];
static unsigned step;
static int slots[SLOTS][2]; /* open descriptors: host's, vfscore's; -1: none */
static char block[2][BLOCK], source[BLOCK];

static uint32_t roll(uint32_t below)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(random_state >> 33) % below;
}

static bool chance(uint32_t one_in)
{
    return roll(one_in) == 0;
}

static void note(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(history[step % HISTORY], sizeof(history[0]), format, args);
    va_end(args);
}

static void differ(const char *what, long host, long ours)
{
    for (unsigned i = step >= HISTORY ? step - HISTORY + 1 : 0; i <= step; i++) {
        fprintf(stderr, "  %u: %s\n", i, history[i % HISTORY]);
    }
    fprintf(stderr, "%s: host %ld (%s), vfscore %ld (%s)\n", what, host,
            host < 0 ? strerror((int)-host) : "", ours,
            ours < 0 ? strerror((int)-ours) : "");
    _exit(1);
}

static long same(const char *what, long host, long ours)
{
    if (host != ours) {
        differ(what, host, ours);
    }
    return host;
}

#define BOTH(member, ...) \
    same(#member, host_world.member(__VA_ARGS__), cubicle_world.member(__VA_ARGS__))
/** On the descriptor of slot @s. */
#define BOTH_FD(s, member, ...)                                  \
    same(#member, host_world.member(slots[s][0], ##__VA_ARGS__), \
         cubicle_world.member(slots[s][1], ##__VA_ARGS__))

/* ---- random arguments ---- */

static const char *random_path(char *to)
{
    static const char *const names[] = {"a",    "b",  "c", "d", "e",
                                        "link", "..", ".", "x1"};
    char *at = to;
    if (chance(60)) {
        return strcpy(to, "");
    }
    if (chance(5)) {
        *at++ = '/';
    }
    const unsigned depth = 1 + roll(chance(4) ? 4 : 2);
    for (unsigned i = 0; i < depth; i++) {
        if (i > 0) {
            *at++ = '/';
            if (chance(12)) {
                *at++ = '/';
            }
        }
        if (chance(200)) {
            const size_t len = 254 + roll(3);
            memset(at, 'n', len);
            at += len;
        } else {
            at = stpcpy(at, names[roll(chance(3) ? 9 : 6)]);
        }
    }
    if (chance(15)) {
        *at++ = '/';
    }
    *at = '\0';
    return to;
}

static int64_t random_offset(void)
{
    switch (roll(8)) {
    case 0:
        return 0;
    case 1:
        return roll(64) * 4096;
    case 2:
        return (int64_t)roll(1u << 30) * 4;
    case 3:
        return chance(6) ? INT64_MAX - roll(10000) : roll(100000);
    case 4:
        return chance(6) ? -(int64_t)roll(5000) : roll(5000);
    case 5:
        return roll(70);
    default:
        return roll(40000);
    }
}

static size_t random_count(void)
{
    switch (roll(6)) {
    case 0:
        return roll(BLOCK);
    case 1:
        return 4096;
    case 2:
        return roll(80);
    default:
        return roll(600);
    }
}

static unsigned random_mode(void)
{
    static const unsigned modes[] = {0644, 0755, 0600, 0700, 0777,  0666, 0500,
                                     0400, 0200, 0100, 0,    06755, 01777};
    return modes[roll(chance(5) ? 13 : 6)];
}

static unsigned slot_used(void)
{
    for (unsigned tries = 0; tries < 4 * SLOTS; tries++) {
        const unsigned s = roll(SLOTS);
        if (slots[s][0] >= 0) {
            return s;
        }
    }
    return 0; /* may be closed: EBADF is an answer too */
}

static unsigned slot_free(void)
{
    for (unsigned s = 0; s < SLOTS; s++) {
        if (slots[s][0] < 0) {
            return s;
        }
    }
    const unsigned s = roll(SLOTS);
    BOTH_FD(s, close);
    return s;
}

/** A result that is a descriptor in both worlds, or the same error. */
static void slot_store(const char *what, unsigned s, long host, long ours)
{
    slots[s][0] = slots[s][1] = -1;
    if (host < 0 || ours < 0) {
        same(what, host, ours);
        return;
    }
    slots[s][0] = (int)host;
    slots[s][1] = (int)ours;
}

/** A directory to start from: mostly the current one. */
static void random_dir(int dirfd[2])
{
    const unsigned s = slot_used();
    const bool at_slot = chance(4);
    dirfd[0] = at_slot ? slots[s][0] : AT_FDCWD;
    dirfd[1] = at_slot ? slots[s][1] : AT_FDCWD;
}

static void same_stat(const char *what, const struct stat *host,
                      const struct stat *ours)
{
    char line[200];
    const bool file = S_ISREG(host->st_mode);
    if (host->st_mode != ours->st_mode || host->st_nlink != ours->st_nlink ||
        (!S_ISDIR(host->st_mode) && host->st_size != ours->st_size) ||
        (file && host->st_blocks != ours->st_blocks)) {
        snprintf(line, sizeof(line),
                 "%s: mode %o/%o nlink %lu/%lu size %ld/%ld blocks %ld/%ld", what,
                 host->st_mode, ours->st_mode, host->st_nlink, ours->st_nlink,
                 host->st_size, ours->st_size, host->st_blocks, ours->st_blocks);
        differ(line, 0, 0);
    }
}

/* ---- single calls ---- */

static void do_open(void)
{
    char path[2048];
    static const int access_modes[] = {O_RDONLY, O_WRONLY, O_RDWR, O_RDWR};
    int dirfd[2];
    const unsigned s = slot_free();
    int flags = access_modes[roll(4)] | O_NONBLOCK | O_CLOEXEC;
    flags |= chance(2) ? O_CREAT : 0;
    flags |= chance(6) ? O_EXCL & -((flags & O_CREAT) != 0) : 0;
    flags |= chance(6) ? O_TRUNC : 0;
    flags |= chance(6) ? O_APPEND : 0;
    flags |= chance(8) ? O_NOFOLLOW : 0;
    flags |= chance(6) && (flags & O_CREAT) == 0 ? O_DIRECTORY : 0;
    flags = chance(20) ? O_PATH | (flags & (O_DIRECTORY | O_NOFOLLOW)) : flags;
    const unsigned mode = random_mode();
    random_dir(dirfd);
    if (chance(3)) { /* likely to succeed */
        strcpy(path, chance(3) ? "." : chance(2) ? "f" : "g");
        flags = path[0] == '.' ? O_RDONLY : O_CREAT | O_RDWR;
    } else {
        random_path(path);
    }
    note("slot %u = openat(%s'%s', 0%o, 0%o)", s, dirfd[0] == AT_FDCWD ? "" : "dirfd ",
         path, flags, mode);
    slot_store("openat", s, host_world.openat(dirfd[0], path, flags, mode),
               cubicle_world.openat(dirfd[1], path, flags, mode));
}

static void do_close(void)
{
    const unsigned s = slot_used();
    note("close(slot %u)", s);
    BOTH_FD(s, close);
    slots[s][0] = slots[s][1] = -1;
}

static void do_read(void)
{
    const unsigned s = slot_used();
    const size_t count = random_count();
    const bool at = chance(2);
    const int64_t offset = at ? random_offset() : 0;
    note("%s(slot %u, %zu, %ld)", at ? "pread" : "read", s, count, offset);
    long done;
    if (at) {
        done = same("pread", host_world.pread(slots[s][0], block[0], count, offset),
                    cubicle_world.pread(slots[s][1], block[1], count, offset));
    } else {
        done = same("read", host_world.read(slots[s][0], block[0], count),
                    cubicle_world.read(slots[s][1], block[1], count));
    }
    if (done > 0 && memcmp(block[0], block[1], (size_t)done) != 0) {
        differ("data differ", done, done);
    }
}

static void do_write(void)
{
    const unsigned s = slot_used();
    size_t count = random_count();
    const int64_t offset = random_offset();
    struct stat st;
    if (host_world.fstat(slots[s][0], &st) == 0 && S_ISFIFO(st.st_mode)) {
        count %= 300; /* how much a pipe holds in the end is each system's own */
    }
    for (size_t i = 0; i < count; i += 1 + roll(64)) {
        source[i] = (char)roll(256);
    }
    if (chance(2)) {
        note("pwrite(slot %u, %zu, %ld)", s, count, offset);
        BOTH_FD(s, pwrite, source, count, offset);
    } else {
        note("write(slot %u, %zu)", s, count);
        BOTH_FD(s, write, source, count);
    }
}

static void do_seek(void)
{
    const unsigned s = slot_used();
    const int whence = (int)roll(chance(20) ? 8 : 3);
    const int64_t offset = chance(3) ? -(int64_t)roll(6000) : random_offset();
    struct stat st;
    if (whence == SEEK_DATA || whence == SEEK_HOLE ||
        host_world.fstat(slots[s][0], &st) != 0 || S_ISDIR(st.st_mode)) {
        note("-");
        return; /* holes and positions in directories are each system's own */
    }
    note("lseek(slot %u, %ld, %d)", s, offset, whence);
    BOTH_FD(s, lseek, offset, whence);
}

static void do_truncate(void)
{
    char path[2048];
    const int64_t size = random_offset();
    const unsigned s = slot_used();
    if (chance(3)) {
        random_path(path);
        note("truncate('%s', %ld)", path, size);
        BOTH(truncate, path, size);
    } else {
        note("ftruncate(slot %u, %ld)", s, size);
        BOTH_FD(s, ftruncate, size);
    }
}

/* By a mapping. Ours fills holes, and has memory past the end. */
static void do_poke(void)
{
    const unsigned s = slot_used();
    const int64_t offset = roll(40000);
    struct stat st;
    int byte = -1;
    if (host_world.fstat(slots[s][0], &st) != 0) {
        note("-");
        return;
    }
    if (S_ISREG(st.st_mode)) {
        if (offset >= st.st_size || st.st_size > BLOCK ||
            st.st_blocks != (st.st_size + 4095) / 4096 * 8) {
            note("-");
            return;
        }
        byte = (int)roll(128);
    }
    note("poke(slot %u, %ld, %d)", s, offset, byte);
    BOTH_FD(s, poke, offset, byte);
}

static void do_stat(void)
{
    char path[2048];
    struct stat st[2];
    int dirfd[2];
    const int flags = chance(2) ? AT_SYMLINK_NOFOLLOW : 0;
    random_dir(dirfd);
    random_path(path);
    note("fstatat('%s', 0x%x)", path, flags);
    if (same("fstatat", host_world.fstatat(dirfd[0], path, &st[0], flags),
             cubicle_world.fstatat(dirfd[1], path, &st[1], flags)) == 0) {
        same_stat("fstatat", &st[0], &st[1]);
    }
}

static void do_fstat(void)
{
    struct stat st[2];
    const unsigned s = slot_used();
    note("fstat(slot %u)", s);
    if (same("fstat", host_world.fstat(slots[s][0], &st[0]),
             cubicle_world.fstat(slots[s][1], &st[1])) == 0) {
        same_stat("fstat", &st[0], &st[1]);
    }
}

static void do_unlink(void)
{
    char path[2048];
    int dirfd[2];
    const int flags = chance(2) ? AT_REMOVEDIR : 0;
    random_dir(dirfd);
    random_path(path);
    note("unlinkat('%s', 0x%x)", path, flags);
    same("unlinkat", host_world.unlinkat(dirfd[0], path, flags),
         cubicle_world.unlinkat(dirfd[1], path, flags));
}

static void do_make(void)
{
    char path[2048];
    int dirfd[2];
    const unsigned mode = random_mode();
    random_dir(dirfd);
    random_path(path);
    if (chance(6)) {
        const unsigned type = chance(2)   ? S_IFIFO
                              : chance(2) ? S_IFREG
                              : chance(2) ? 0
                                          : S_IFDIR;
        note("mknodat('%s', 0%o)", path, type | mode);
        same("mknodat", host_world.mknodat(dirfd[0], path, type | mode),
             cubicle_world.mknodat(dirfd[1], path, type | mode));
        return;
    }
    note("mkdirat('%s', 0%o)", path, mode);
    same("mkdirat", host_world.mkdirat(dirfd[0], path, mode),
         cubicle_world.mkdirat(dirfd[1], path, mode));
}

static void do_two_names(void)
{
    char from[2048], to[2048];
    int old_dir[2], new_dir[2];
    random_dir(old_dir);
    random_dir(new_dir);
    random_path(from);
    random_path(to);
    if (strlen(from) > 250 || strlen(to) > 250) {
        note("-");
        return; /* with two errors, which comes first is each system's own */
    }
    switch (roll(4)) {
    case 0:
        note("linkat('%s', '%s')", from, to);
        same("linkat", host_world.linkat(old_dir[0], from, new_dir[0], to, 0),
             cubicle_world.linkat(old_dir[1], from, new_dir[1], to, 0));
        break;
    case 1:
        note("symlinkat('%s', '%s')", from, to);
        same("symlinkat", host_world.symlinkat(from, new_dir[0], to),
             cubicle_world.symlinkat(from, new_dir[1], to));
        break;
    default:
        note("renameat('%s', '%s')", from, to);
        same("renameat", host_world.renameat(old_dir[0], from, new_dir[0], to),
             cubicle_world.renameat(old_dir[1], from, new_dir[1], to));
        break;
    }
}

static void do_readlink(void)
{
    char path[2048];
    const size_t count = chance(10) ? roll(4) : 3000;
    random_path(path);
    note("readlinkat('%s', %zu)", path, count);
    const long done =
        same("readlinkat", host_world.readlinkat(AT_FDCWD, path, block[0], count),
             cubicle_world.readlinkat(AT_FDCWD, path, block[1], count));
    if (done > 0 && memcmp(block[0], block[1], (size_t)done) != 0) {
        differ("targets differ", done, done);
    }
}

static void do_attributes(void)
{
    char path[2048];
    const unsigned mode = random_mode();
    const unsigned s = slot_used();
    random_path(path);
    switch (roll(6)) {
    case 0:
        note("fchmod(slot %u, 0%o)", s, mode);
        BOTH_FD(s, fchmod, mode);
        break;
    case 1:
        note("fchmodat('%s', 0%o)", path, mode);
        BOTH(fchmodat, AT_FDCWD, path, mode);
        break;
    case 2: {
        const unsigned uid = chance(3) ? 1 : chance(2) ? 65534 : UINT_MAX;
        note("fchownat('%s', %d)", path, (int)uid);
        BOTH(fchownat, AT_FDCWD, path, uid, UINT_MAX, AT_SYMLINK_NOFOLLOW);
        break;
    }
    case 3: {
        const struct timespec times[2] = {{roll(1000000), 5},
                                          {roll(1000000), chance(9) ? UTIME_OMIT : 7}};
        struct stat st[2];
        note("utimensat('%s')", path);
        if (BOTH(utimensat, AT_FDCWD, path, times, 0) == 0 && times[1].tv_nsec == 7 &&
            same("stat", host_world.fstatat(AT_FDCWD, path, &st[0], 0),
                 cubicle_world.fstatat(AT_FDCWD, path, &st[1], 0)) == 0) {
            same("atime", st[0].st_atime, st[1].st_atime);
            same("mtime", st[0].st_mtime, st[1].st_mtime);
            same("mtime ns", st[0].st_mtim.tv_nsec, st[1].st_mtim.tv_nsec);
        }
        break;
    }
    default: {
        const int want = (int)roll(9);
        note("access('%s', %d)", path, want);
        BOTH(faccessat, AT_FDCWD, path, want);
        break;
    }
    }
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/** All names of a directory with their types, sorted: into @text. An error, or how
 * many. */
static long list(const struct world *world, int fd, char *text, size_t size)
{
    char buf[1024];
    char *names[512];
    long count = 0, got;
    while ((got = world->getdents(fd, buf, sizeof(buf))) > 0) {
        for (long at = 0; at < got && count < 512; count++) {
            const struct dirent64 *entry = (const struct dirent64 *)(buf + at);
            if (asprintf(&names[count], "%s %d;", entry->d_name, entry->d_type) < 0) {
                abort();
            }
            at += entry->d_reclen;
        }
    }
    qsort(names, (size_t)count, sizeof(names[0]), by_name);
    size_t used = 0;
    text[0] = '\0';
    for (long i = 0; i < count; i++) {
        used += (size_t)snprintf(text + used, used < size ? size - used : 0, "%s",
                                 names[i]);
        free(names[i]);
    }
    return got < 0 ? got : count;
}

static void do_list(void)
{
    const unsigned s = slot_used();
    struct stat st;
    note("rewind and getdents(slot %u)", s);
    if (host_world.fstat(slots[s][0], &st) == 0 && S_ISDIR(st.st_mode)) {
        BOTH_FD(s, lseek, 0, SEEK_SET);
    }
    const long host = list(&host_world, slots[s][0], block[0], BLOCK);
    const long ours = list(&cubicle_world, slots[s][1], block[1], BLOCK);
    if (same("getdents", host, ours) > 0 && strcmp(block[0], block[1]) != 0) {
        fprintf(stderr, "%s\n%s\n", block[0], block[1]);
        differ("listings differ", host, ours);
    }
}

static void do_directory(void)
{
    char path[2048];
    const unsigned s = slot_used();
    random_path(path);
    switch (roll(4)) {
    case 0:
        note("chdir('%s')", path);
        BOTH(chdir, path);
        break;
    case 1:
        note("fchdir(slot %u)", s);
        BOTH_FD(s, fchdir);
        break;
    case 2:
        note("chdir('/')");
        BOTH(chdir, "/");
        break;
    default: {
        const size_t count = chance(10) ? roll(6) : 4096;
        note("getcwd(%zu)", count);
        const long done = same("getcwd", host_world.getcwd(block[0], count),
                               cubicle_world.getcwd(block[1], count));
        if (done > 0 && memcmp(block[0], block[1], (size_t)done) != 0) {
            differ("directories differ", done, done);
        }
    }
    }
}

static void do_descriptors(void)
{
    const unsigned s = slot_used();
    switch (roll(7)) {
    case 0: {
        const unsigned to = slot_free();
        note("slot %u = dup(slot %u)", to, s);
        slot_store("dup", to, host_world.dup(slots[s][0]),
                   cubicle_world.dup(slots[s][1]));
        break;
    }
    case 1: {
        const unsigned to = slot_used();
        note("dup3(slot %u, slot %u)", s, to);
        if (slots[s][0] < 0 || slots[to][0] < 0) {
            break;
        }
        const long host = host_world.dup3(slots[s][0], slots[to][0], O_CLOEXEC);
        const long ours = cubicle_world.dup3(slots[s][1], slots[to][1], O_CLOEXEC);
        same("dup3", host < 0 ? host : 0, ours < 0 ? ours : 0);
        break;
    }
    case 2: {
        int host[2] = {-1, -1}, ours[2] = {-1, -1};
        const unsigned a = slot_free();
        slots[a][0] = slots[a][1] = INT_MAX; /* taken */
        const unsigned b = slot_free();
        note("slots %u, %u = pipe2(O_NONBLOCK)", a, b);
        same("pipe2", host_world.pipe2(host, O_NONBLOCK),
             cubicle_world.pipe2(ours, O_NONBLOCK));
        slots[a][0] = host[0];
        slots[a][1] = ours[0];
        slots[b][0] = host[1];
        slots[b][1] = ours[1];
        break;
    }
    case 3:
        note("fcntl(slot %u, F_GETFL)", s);
        BOTH_FD(s, fcntl, F_GETFL, 0);
        break;
    case 4: {
        const int flags = O_NONBLOCK | (chance(2) ? O_APPEND : 0);
        note("fcntl(slot %u, F_SETFL, 0%o)", s, flags);
        BOTH_FD(s, fcntl, F_SETFL, flags);
        break;
    }
    case 5:
        note("fsync(slot %u)", s);
        BOTH_FD(s, fsync);
        break;
    default: {
        const unsigned mask = chance(2) ? 022 : roll(0100);
        note("umask(0%o)", mask);
        BOTH(umask, mask);
    }
    }
}

static void (*const actions[])(void) = {
    do_open,     do_open,       do_open,      do_open,  do_close,     do_close,
    do_read,     do_read,       do_write,     do_write, do_write,     do_seek,
    do_truncate, do_stat,       do_stat,      do_fstat, do_fstat,     do_unlink,
    do_unlink,   do_make,       do_make,      do_make,  do_two_names, do_two_names,
    do_readlink, do_attributes, do_directory, do_list,  do_list,      do_descriptors,
    do_poke,
};

static void run(uint64_t seed)
{
    random_state = seed * 0x9e3779b97f4a7c15u + 1;
    for (unsigned s = 0; s < SLOTS; s++) {
        slots[s][0] = slots[s][1] = -1;
    }
    for (step = 0; step < STEPS; step++) {
        if (step % 500 == 499) { /* nobody stays locked out */
            note("chdir and chmod of the root");
            BOTH(chdir, "/");
            BOTH(fchmodat, AT_FDCWD, "/", 0755);
        }
        actions[roll(sizeof(actions) / sizeof(actions[0]))]();
    }
}

static void one_seed(uint64_t seed)
{
    const pid_t child = fork();
    if (child == 0) {
        signal(SIGPIPE, SIG_IGN); /* vfscore has no signals: the error is what counts */
        if (world_enter() != NULL) {
            _exit(1);
        }
        run(seed);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (status != 0) {
        fail_msg("seed %lu: status 0x%x", (unsigned long)seed, (unsigned)status);
    }
}

static void test_same_as_host(void **state)
{
    (void)state;
    const char *wish = getenv("CUBICLE_SEED");
    const uint64_t first = wish != NULL ? strtoull(wish, NULL, 10) : 1;
    const uint64_t last = wish != NULL ? first : SEEDS;
    for (uint64_t seed = first; seed <= last; seed++) {
        one_seed(seed);
    }
}

/* May a process here have a world of its own? Prints why not, as the plan of a skipped test. */
static bool may_enter(void)
{
    int status;
    const pid_t child = fork();
    if (child == 0) {
        const char *failure = world_enter();
        if (failure != NULL) {
            printf("1..0 # SKIP %s\n", failure);
        }
        fflush(stdout);
        _exit(failure != NULL);
    }
    return waitpid(child, &status, 0) != child || !WIFEXITED(status) ||
           WEXITSTATUS(status) != 1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_same_as_host)};
    if (!may_enter()) {
        return getenv("CUBICLE_MUST_RUN_VFS") != NULL;
    }
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
