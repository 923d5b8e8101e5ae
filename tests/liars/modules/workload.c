#define _GNU_SOURCE
#include "workload.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define SMALL 1000
#define LARGE 70000 /* more than is copied at once */
#define EDGE 256
#define SHADOW 512
#define ENTRIES_MAX 200

/* A buffer with edges that nobody has a reason to touch. */
struct guarded {
    unsigned char before[EDGE];
    unsigned char bytes[LARGE];
    unsigned char after[EDGE];
};

static struct guarded in_data;
static struct guarded *on_heap, *on_stack;
static const char *frames;
static char shadow[SHADOW];
static struct outcome *now;

static void complain(const char *format, ...)
{
    if (now->bad++ == 0) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(now->complaint, sizeof(now->complaint), format, arguments);
        va_end(arguments);
    }
}

static int edge_good(const unsigned char *edge)
{
    for (unsigned i = 0; i < EDGE; i++) {
        if (edge[i] != 0xe5) {
            return 0;
        }
    }
    return 1;
}

static void guard(struct guarded *g)
{
    memset(g, 0xe5, sizeof(*g));
}

static void look(const char *what)
{
    struct guarded *all[] = {&in_data, on_heap, on_stack};
    for (unsigned i = 0; i < 3; i++) {
        if (!edge_good(all[i]->before) || !edge_good(all[i]->after)) {
            complain("%s: bytes around a buffer changed (%u)", what, i);
            guard(all[i]);
        }
    }
    if (memcmp(frames, shadow, SHADOW) != 0) {
        complain("%s: a frame above changed", what);
        memcpy(shadow, frames, SHADOW);
    }
}

/* The operation @what has ended with @result, of at most @max. */
static long expect(const char *what, long result, long max)
{
    now->operations++;
    if (result > max || result < -1 || (result == -1 && (errno <= 0 || errno > 4095))) {
        complain("%s: %ld (at most %ld), errno %d", what, result, max, errno);
    }
    now->errors += result < 0;
    look(what);
    return result;
}

static void expect_pointer(const char *what, const void *pointer)
{
    now->operations++;
    now->errors += pointer == NULL || pointer == MAP_FAILED;
    look(what);
}

static void transfers(int fd, struct guarded *g, size_t size)
{
    memset(g->bytes, 'w', size);
    expect("write", write(fd, g->bytes, size), (long)size);
    expect("pwrite", pwrite(fd, g->bytes, size, 100), (long)size);
    expect("lseek", lseek(fd, 5, SEEK_SET), LONG_MAX);
    expect("write after lseek", write(fd, g->bytes, size), (long)size);
    expect("lseek", lseek(fd, 3, SEEK_SET), LONG_MAX);
    memset(g->bytes, 0xe5, sizeof(g->bytes));
    expect("read after lseek", read(fd, g->bytes, size), (long)size);
    expect("read", read(fd, g->bytes, size), (long)size);
    expect("pread", pread(fd, g->bytes, size, 10), (long)size);
    for (size_t i = size; i < sizeof(g->bytes); i++) {
        if (g->bytes[i] != 0xe5) {
            complain("a byte behind what was read changed");
            break;
        }
    }
    struct iovec parts[] = {{g->bytes, size / 2},
                            {g->bytes + size / 2, size - size / 2}};
    expect("writev", writev(fd, parts, 2), (long)size);
    expect("preadv", preadv(fd, parts, 2, 0), (long)size);
}

static void descriptors(int fd)
{
    struct stat st;
    struct statfs fs;
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    expect("fstat", fstat(fd, &st), 0);
    expect("fstatfs", fstatfs(fd, &fs), 0);
    expect("ftruncate", ftruncate(fd, 50), 0);
    expect("fsync", fsync(fd), 0);
    expect("fcntl", fcntl(fd, F_GETFL), INT_MAX);
    expect("fcntl lock", fcntl(fd, F_SETLK, &lock), 0);
    expect("fcntl query", fcntl(fd, F_GETLK, &lock), 0);
    expect("fchmod", fchmod(fd, 0644), 0);
    expect("fchown", fchown(fd, 0, 0), 0);
    expect("futimens", futimens(fd, NULL), 0);
    expect("lseek end", lseek(fd, 0, SEEK_END), LONG_MAX);
    expect("close", close((int)expect("dup", dup(fd), 1023)), 0);
    expect("dup3", dup3(fd, 100, 0), 1023);
    expect("dup fcntl", fcntl(fd, F_DUPFD, 3), 1023);
    expect("isatty", isatty(fd), 1);
    struct winsize size;
    expect("winsize", ioctl(fd, TIOCGWINSZ, &size), 0);
}

static void waiting(int fd)
{
    int ends[2] = {-5, -5};
    if (expect("pipe", pipe(ends), 0) == 0) {
        expect("pipe's end", ends[0], 1023);
        expect("write to a pipe", write(ends[1], "pipe", 4), 4);
    }
    struct pollfd fds[] = {{fd, POLLIN, 0}, {ends[0], POLLIN, 0}, {1, POLLOUT, 0}};
    expect("poll", poll(fds, 3, 0), 3);
    if (fds[0].fd != fd || fds[1].fd != ends[0] || fds[2].fd != 1 ||
        fds[0].events != POLLIN) {
        complain("poll: it changed the question");
    }
    struct {
        unsigned char before[EDGE];
        fd_set set;
        unsigned char after[EDGE];
    } sets;
    memset(&sets, 0xe5, sizeof(sets));
    FD_ZERO(&sets.set);
    if (fd >= 0) {
        FD_SET(fd, &sets.set);
    }
    FD_SET(1, &sets.set);
    struct timeval none = {0, 0};
    expect("select", select(fd < 1 ? 2 : fd + 1, &sets.set, NULL, NULL, &none), 2);
    if (!edge_good(sets.before) || !edge_good(sets.after)) {
        complain("select: bytes around the set changed");
    }
    char bytes[8];
    if (ends[0] >= 0) {
        expect("read from a pipe", read(ends[0], bytes, 8), 8);
    }
}

static void list(const char *path)
{
    DIR *dir = opendir(path);
    expect_pointer("opendir", dir);
    if (dir == NULL) {
        return;
    }
    const struct dirent *entry;
    for (int n = 0; n < ENTRIES_MAX && (entry = readdir(dir)) != NULL; n++) {
        const char *name = entry->d_name;
        if (entry->d_reclen > sizeof(*entry) || strnlen(name, 256) > 255 ||
            name[0] == '\0' || strchr(name, '/') != NULL) {
            complain("readdir: no entry");
            break;
        }
    }
    look("readdir");
    expect("closedir", closedir(dir), 0);
}

static void names(const char *where, unsigned number)
{
    char file[64], other[64], link_[64], dir[64], fifo[64];
    struct stat st;
    struct statfs fs;
    snprintf(file, sizeof(file), "%s/lie%u", where, number);
    snprintf(other, sizeof(other), "%s/lie-b%u", where, number);
    snprintf(link_, sizeof(link_), "%s/lie-l%u", where, number);
    snprintf(dir, sizeof(dir), "%s/lie-d%u", where, number);
    snprintf(fifo, sizeof(fifo), "%s/lie-f%u", where, number);
    const struct timespec times[2] = {{1, 2}, {3, 4}};
    expect("stat", stat(file, &st), 0);
    expect("lstat", lstat(file, &st), 0);
    for (int i = 0; i < 6; i++) {
        expect("stat what is not there", stat("/lie-absent", &st), 0);
    }
    expect("truncate", truncate(file, 77), 0);
    expect("link", link(file, other), 0);
    expect("symlink", symlink(file, link_), 0);
    char *const bytes = (char *)on_heap->bytes;
    memset(bytes, 0x5e, 300);
    expect("readlink", readlink(link_, bytes, 256), 256);
    if (bytes[256] != 0x5e) {
        complain("readlink: a byte behind the buffer changed");
    }
    expect("open link", open(link_, O_RDONLY), 1023);
    expect("mkdir", mkdir(dir, 0700), 0);
    expect("mkfifo", mkfifo(fifo, 0600), 0);
    expect("access", access(file, R_OK), 0);
    expect("chmod", chmod(file, 0600), 0);
    expect("chown", chown(file, 0, 0), 0);
    expect("utimensat", utimensat(AT_FDCWD, file, times, 0), 0);
    expect("statfs", statfs(file, &fs), 0);
    expect("rename", rename(other, fifo), 0);
    list(dir);
    list(where[0] == '\0' ? "/" : where);
    expect("chdir", chdir(dir), 0);
    memset(bytes, 0x5e, 300);
    expect_pointer("getcwd", getcwd(bytes, 256));
    if (bytes[256] != 0x5e) {
        complain("getcwd: a byte behind the buffer changed");
    }
    const int fd = open(".", O_RDONLY | O_DIRECTORY);
    expect("open directory", fd, 1023);
    expect("fchdir", fchdir(fd), 0);
    expect("chdir", chdir("/"), 0);
    expect("umask", (int)umask(022), 0777);
    const struct rlimit descriptors = {1024, 1024};
    expect("setrlimit", setrlimit(RLIMIT_NOFILE, &descriptors), 0);
    const int held = open(fifo, O_RDWR);
    expect("open, then unlink", held, 1023);
    expect("unlink", unlink(fifo), 0);
    expect("write to what is unlinked", write(held, "x", 1), 1);
    expect("unlink", unlink(link_), 0);
    expect("unlink", unlink(file), 0);
    expect("rmdir", rmdir(dir), 0);
}

static void streams(const char *where, unsigned number)
{
    char path[64], line[100];
    snprintf(path, sizeof(path), "%s/lie-s%u", where, number);
    FILE *file = fopen(path, "w+");
    expect_pointer("fopen", file);
    if (file == NULL) {
        return;
    }
    for (int i = 0; i < 300; i++) {
        fprintf(file, "line %d of a stream\n", i);
    }
    expect("fflush", fflush(file), 0);
    expect("fseek", fseek(file, 3, SEEK_SET), 0);
    for (int i = 0; i < 300 && fgets(line, sizeof(line), file) != NULL; i++) {
        if (strnlen(line, sizeof(line)) == sizeof(line)) {
            complain("fgets: no end");
        }
    }
    expect("fclose", fclose(file), 0);
    unlink(path);
}

static void devices(void)
{
    char byte[2] = "x";
    const int zero = open("/dev/zero", O_RDWR), terminal = open("/dev/console", O_RDWR);
    expect("open device", zero, 1023);
    expect("read device", read(zero, byte, 1), 1);
    expect("write device", write(zero, byte, 1), 1);
    expect("open console", terminal, 1023);
    expect("isatty", isatty(0), 1);
    expect("read the console", read(0, byte, 1), 1);
    expect("write nothing to the console", write(2, "\r", 1), 1);
    struct pollfd fds = {0, POLLIN, 0};
    expect("poll the console", poll(&fds, 1, 1), 1);
    struct stat st;
    expect("stat the console", fstat(1, &st), 0);
    expect("fsync", fsync(1), 0);
    struct winsize size;
    expect("size of the console", ioctl(1, TIOCGWINSZ, &size), 0);
    list("/dev");
}

#define WATCHED 0x5ec4e70000000001u /* data of the first of a set; then one more each */

/* The data of events is what was given: programs take it for a pointer. */
static void look_at_events(const struct epoll_event *events, int count,
                           uint64_t watches)
{
    for (int i = 0; i < count; i++) {
        if (events[i].data.u64 - WATCHED >= watches) {
            complain("epoll_wait: data %#lx that nobody gave", events[i].data.u64);
        } else if (events[i].events & ~(uint32_t)(EPOLLIN | EPOLLERR | EPOLLHUP)) {
            complain("epoll_wait: events %#x that nobody asked for", events[i].events);
        }
        for (int k = 0; k < i; k++) {
            if (events[k].data.u64 == events[i].data.u64) {
                complain("epoll_wait: one watch twice");
            }
        }
    }
}

/* What waits, and what it waits for. */
static void watching(void)
{
    int fds[2];
    char text[8];
    uint64_t number = 1;
    struct itimerspec timer = {.it_value.tv_nsec = 1}, left;
    struct epoll_event events[4];
    const int set = epoll_create1(0), event = eventfd(0, EFD_NONBLOCK);
    const int clock = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    expect("epoll_create1", set, 1023);
    expect("eventfd", event, 1023);
    expect("timerfd_create", clock, 1023);
    expect("timerfd_settime", timerfd_settime(clock, 0, &timer, &left), 0);
    expect("timerfd_gettime", timerfd_gettime(clock, &left), 0);
    events[0] = (struct epoll_event){.events = EPOLLIN, .data.u64 = WATCHED};
    expect("epoll_ctl", epoll_ctl(set, EPOLL_CTL_ADD, event, &events[0]), 0);
    events[0].data.u64++;
    expect("epoll_ctl", epoll_ctl(set, EPOLL_CTL_ADD, clock, &events[0]), 0);
    expect("write eventfd", write(event, &number, sizeof(number)), 8);
    const int told = epoll_wait(set, events, 4, 1);
    expect("epoll_wait", told, 4);
    look_at_events(events, told, 2);
    expect("read eventfd", read(event, &number, sizeof(number)), 8);
    fds[0] = fds[1] = -1;
    expect("socketpair", socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, fds), 0);
    expect("socket of a pair", fds[1], 1023);
    expect("send", send(fds[0], "abc", 3, 0), 3);
    expect("recv", recv(fds[1], text, sizeof(text), 0), sizeof(text));
    expect("recv of a size", recv(fds[1], text, sizeof(text), MSG_TRUNC), 131072);
    expect("shutdown", shutdown(fds[0], SHUT_WR), 0);
    int count = 0;
    expect("FIONREAD", ioctl(fds[1], FIONREAD, &count), 0);
    expect("bytes to read", count, INT_MAX);
    int pipes[2] = {-1, -1};
    expect("pipe", pipe2(pipes, O_NONBLOCK), 0);
    const int file = open("/etc/passwd", O_RDONLY);
    off_t at = 0;
    expect("sendfile", sendfile(pipes[1], file, &at, 4), 4);
    expect("offset of sendfile", at, 4);
    expect("splice", splice(pipes[0], NULL, fds[1], NULL, 4, 0), 4);
    const int opened[] = {set, event, clock, fds[0], fds[1], pipes[0], pipes[1], file};
    for (size_t i = 0; i < sizeof(opened) / sizeof(opened[0]); i++) {
        if (opened[i] > 2) {
            close(opened[i]);
        }
    }
    look("what waits");
}

/* Two ends of a connection over the stack, which never waits long. */
static void talking(void)
{
    const int type = SOCK_STREAM | SOCK_NONBLOCK;
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(7777),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_in name;
    socklen_t len = sizeof(name);
    char text[8];
    int error = 0;
    const int listener = socket(AF_INET, type, 0), client = socket(AF_INET, type, 0);
    expect("socket", listener, 1023);
    expect("socket", client, 1023);
    expect("bind", bind(listener, (struct sockaddr *)&to, sizeof(to)), 0);
    expect("listen", listen(listener, 4), 0);
    expect("connect", connect(client, (struct sockaddr *)&to, sizeof(to)), 0);
    struct pollfd fds[] = {{listener, POLLIN, 0}, {client, POLLOUT, 0}};
    expect("poll sockets", poll(fds, 2, 0), 2);
    const int server = accept4(listener, (struct sockaddr *)&name, &len, SOCK_NONBLOCK);
    expect("accept4", server, 1023);
    expect("size of an address", len, sizeof(struct sockaddr_in6));
    len = sizeof(error);
    expect("getsockopt", getsockopt(client, SOL_SOCKET, SO_ERROR, &error, &len), 0);
    expect("size of an option", len, sizeof(error));
    const int one = 1;
    expect("setsockopt",
           setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)), 0);
    len = sizeof(name);
    expect("getsockname", getsockname(client, (struct sockaddr *)&name, &len), 0);
    const int set = epoll_create1(0);
    struct epoll_event events[2] = {{.events = EPOLLIN, .data.u64 = WATCHED}};
    expect("epoll_ctl of a socket", epoll_ctl(set, EPOLL_CTL_ADD, server, &events[0]),
           0);
    expect("send", send(client, "abc", 3, 0), 3);
    const int told = epoll_wait(set, events, 2, 0);
    expect("epoll_wait for a socket", told, 2);
    look_at_events(events, told, 1);
    int count = 0;
    expect("FIONREAD of a socket", ioctl(server, FIONREAD, &count), 0);
    expect("recv", recv(server, text, sizeof(text), 0), sizeof(text));
    len = sizeof(name);
    expect("recvfrom",
           recvfrom(server, text, sizeof(text), 0, (struct sockaddr *)&name, &len),
           sizeof(text));
    expect("shutdown", shutdown(client, SHUT_WR), 0);
    const int opened[] = {set, server, client, listener};
    for (size_t i = 0; i < sizeof(opened) / sizeof(opened[0]); i++) {
        if (opened[i] > 2) {
            close(opened[i]);
        }
    }
    look("sockets");
}

/* Memory that grows, comes and goes; space of which parts become memory. */
static void large_memory(void)
{
    enum { PAGE = 4096, BLOCK = 3 << 20 };
    char *memory;
    char *blocks[2] = {NULL, NULL}; /* in each other's way */
    for (size_t size = 300000; size < 1000000; size += 100000) {
        for (int i = 0; i < 2; i++) {
            char *larger = realloc(blocks[i], size);
            expect_pointer("realloc", larger);
            if (larger != NULL) {
                blocks[i] = larger;
                memset(larger, 'm', size);
            }
        }
    }
    free(blocks[0]);
    free(blocks[1]);
    for (int i = 0; i < 2; i++) { /* the second time it is there */
        memory = malloc(BLOCK);
        expect_pointer("malloc", memory);
        if (memory != NULL) {
            memset(memory, 'm', BLOCK);
        }
        free(memory);
    }
    memory = mmap(NULL, BLOCK, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    expect_pointer("mmap without access", memory);
    if (memory == MAP_FAILED) {
        return;
    }
    const int committed = mprotect(memory + PAGE, PAGE, PROT_READ | PROT_WRITE);
    expect("mprotect", committed, 0);
    if (committed == 0) {
        memset(memory + PAGE, 'm', PAGE);
    }
    expect("madvise", madvise(memory, 4 * PAGE, MADV_DONTNEED), 0);
    if (mmap(memory + PAGE, 2 * PAGE, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == memory + PAGE) {
        memset(memory + PAGE, 'm', 2 * PAGE);
    }
    look("mmap in place");
    expect("munmap", munmap(memory, BLOCK), 0);
}

static void rest(void)
{
    struct timespec ts;
    struct timeval tv;
    struct rusage usage;
    expect("clock_gettime", clock_gettime(CLOCK_MONOTONIC, &ts), 0);
    expect("clock_getres", clock_getres(CLOCK_REALTIME, &ts), 0);
    expect("gettimeofday", gettimeofday(&tv, NULL), 0);
    expect("getrusage", getrusage(RUSAGE_SELF, &usage), 0);
    ts = (struct timespec){0, 1};
    expect("nanosleep", nanosleep(&ts, NULL), 0);
    memset(on_heap->bytes, 0xe5, sizeof(on_heap->bytes));
    expect("getrandom", getrandom(on_heap->bytes, 200, 0), 200);
    expect("getentropy", getentropy(on_heap->bytes, 100), 0);
    if (on_heap->bytes[200] != 0xe5) {
        complain("getrandom: a byte behind the buffer changed");
    }
    for (size_t size = 4096; size <= 400000; size *= 7) {
        char *memory = malloc(size);
        expect_pointer("malloc", memory);
        if (memory != NULL) {
            memset(memory, 'm', size);
        }
        free(memory);
        memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                      -1, 0);
        expect_pointer("mmap", memory);
        if (memory != MAP_FAILED) {
            memset(memory, 'm', size);
            look("mmap");
            expect("munmap", munmap(memory, size), 0);
        }
    }
    look("memory");
    large_memory();
}

/* A mapping is touched at once, for the next call may be the file system's last. It is the same
 * file each time, so that mappings that a lie leaves behind are one. */
static void mappings(const char *where)
{
    const size_t size = 3 * 4096;
    char path[64];
    snprintf(path, sizeof(path), "%s/mapped", where);
    const int fd = open(path, O_RDWR | O_CREAT, 0600);
    char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 4096);
    expect_pointer("mmap of a file", p);
    if (p != MAP_FAILED) {
        memset(p, 'm', size);
        look("mmap of a file");
        expect("msync", msync(p, size, MS_SYNC), 0);
        expect("mprotect", mprotect(p, 4096, PROT_READ), 0);
        const char *grown = mremap(p, size, 2 * size, 0);
        expect_pointer("mremap", grown);
        expect("munmap of a file", munmap(p, grown == p ? 2 * size : size), 0);
        look("munmap of a file");
    }
    expect("close", close(fd), 0);
}

static void files(const char *where, unsigned number)
{
    char path[64];
    snprintf(path, sizeof(path), "%s/lie%u", where, number);
    const int fd = open(path, O_RDWR | O_CREAT, 0600);
    expect("open", fd, 1023);
    if (fd >= 0) {
        transfers(fd, &in_data, SMALL);
        transfers(fd, on_stack, SMALL);
        transfers(fd, on_heap, SMALL);
        transfers(fd, on_heap, LARGE);
        transfers(fd, on_stack, LARGE);
        descriptors(fd);
        waiting(fd);
        expect("close", close(fd), 0);
    }
    mappings(where);
}

void workload_prepare(void)
{
    (void)signal(SIGPIPE, SIG_IGN); /* anybody can say EPIPE */
    on_heap = malloc(sizeof(*on_heap));
    if (on_heap == NULL) {
        exit(98);
    }
    guard(&in_data);
    guard(on_heap);
}

__attribute__((noinline)) void workload(const char *where, unsigned number,
                                        struct outcome *outcome)
{
    struct guarded local;
    guard(&local);
    on_stack = &local;
    frames = __builtin_frame_address(0);
    memcpy(shadow, frames, SHADOW);
    *outcome = (struct outcome){0};
    now = outcome;
    files(where, number);
    names(where, number);
    streams(where, number);
    devices();
    watching();
    talking();
    rest();
}
