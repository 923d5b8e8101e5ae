/*
 * A program that uses time, random bytes and files while the components behind them may
 * die and be begun anew in any call: `test-restart STEPS [SEED]`, with 0 steps until standard input ends. It knows what it has
 * written, and checks that
 *
 *  1. a call fails only as documented (docs/files.md): ECONNRESET; ESTALE or EBADF on a
 *     descriptor that was open; ENOENT for a file that was there;
 *  2. what can still be read is what was written last;
 *  3. pipes, which no file system keeps, lose nothing while vfs lives;
 *  4. soon after each failure everything works again, with fresh descriptors.
 *
 * Prints `PASS restart: ...` with how often it met each error; exit status 0. Without
 * deaths there are no errors at all: `test-restart STEPS SEED none` demands that.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SLOTS 8
#define MAYBE 8     /* what failed writes may have left */
#define PATIENCE 50 /* attempts until everything has to work */

/* What a file may hold. Empty counts, and so does no file at all. */
static struct slot {
    int fd;      /* -1: not open */
    bool exists; /* it was made, and is not known to be gone */
    bool or_empty;
    unsigned count; /* of what it may hold */
    unsigned numbers[MAYBE];
} slots[SLOTS];

static int pipe_fds[2] = {-1, -1};
static unsigned pipe_written, pipe_read;
static unsigned resets, stales, bads, absents; /* errors met */
static uint64_t state;
static long step;

/* Writes to the console, which may be begun anew as well. */
static void say(const char *format, ...)
{
    char line[256];
    va_list arguments;
    va_start(arguments, format);
    const int len = vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    for (int i = 0; i < PATIENCE && write(1, line, (size_t)len) < 0; i++) {
    }
}

static void fail(const char *what, int error)
{
    say("FAIL restart: step %ld: %s: %s\n", step, what, strerror(error));
    exit(1);
}

static unsigned pick(unsigned bound)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)(state >> 33) % bound;
}

static void name_of(const struct slot *slot, char *path)
{
    sprintf(path, "/restart-%d", (int)(slot - slots));
}

/* vfs was begun anew: no descriptor of before means anything. */
static void forget_descriptors(void)
{
    for (int i = 0; i < SLOTS; i++) {
        slots[i].fd = -1;
    }
    pipe_fds[0] = -1;
}

/* The file system was begun anew at some time: what was made since is there. */
static void forget_files(void)
{
    for (int i = 0; i < SLOTS; i++) {
        slots[i].or_empty = true;
    }
}

/* Notes the error of a failed call. @of_fd: it was of an open descriptor; @of_file: of a
 * file that was there. False: the call is not to be counted on, which is all there is. */
static void met(const char *what, bool of_fd, bool of_file)
{
    const int error = errno;
    if (error == ECONNRESET) {
        resets++;
    } else if (error == ESTALE) {
        stales++;
    } else if (error == EBADF && of_fd) {
        bads++;
        forget_descriptors();
    } else if (error == ENOENT && of_file) {
        absents++;
        forget_files();
    } else {
        fail(what, error);
    }
}

/* @fd is new. Where it is one of ours, vfs was begun anew. */
static int is_new(int fd)
{
    bool ours = fd == pipe_fds[0] || (pipe_fds[0] >= 0 && fd == pipe_fds[1]);
    for (int i = 0; i < SLOTS; i++) {
        ours |= slots[i].fd == fd;
    }
    if (ours) {
        bads++;
        forget_descriptors();
    }
    return fd;
}

static void step_time(void)
{
    static struct timespec last;
    struct timespec now;
    if (clock_gettime(CLOCK_MONOTONIC, &now) != 0) {
        met("clock_gettime", false, false);
        return;
    }
    if (now.tv_sec < last.tv_sec ||
        (now.tv_sec == last.tv_sec && now.tv_nsec < last.tv_nsec)) {
        fail("the clock went back", 0);
    }
    last = now;
}

static void step_random(void)
{
    static unsigned char last[32];
    unsigned char bytes[32];
    if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes)) {
        met("getrandom", false, false);
        return;
    }
    /* A generator that began with the same key would repeat itself. */
    if (memcmp(bytes, last, sizeof(bytes)) == 0) {
        fail("random bytes repeat themselves", 0);
    }
    memcpy(last, bytes, sizeof(bytes));
}

static void step_open(struct slot *slot)
{
    char path[32];
    struct stat st;
    name_of(slot, path);
    const int fd = open(path, O_RDWR | O_CREAT, 0600);
    if (fd < 0) {
        met("open", false, false);
        return;
    }
    is_new(fd);
    slot->fd = fd;
    if (!slot->exists) {
        *slot = (struct slot){.fd = fd, .exists = true, .or_empty = true};
    }
    if (fstat(fd, &st) != 0) {
        met("fstat", true, false);
    } else if (st.st_size == 0 && !slot->or_empty) {
        absents++; /* made just now: all are gone */
        forget_files();
        *slot = (struct slot){.fd = slot->fd, .exists = true, .or_empty = true};
    }
}

/* A descriptor that is stale stays so, and can be closed. */
static void slot_stale(struct slot *slot)
{
    char byte;
    const int fd = slot->fd;
    slot->fd = -1;
    slot->exists = false;
    if (pread(fd, &byte, 1, 0) >= 0) {
        fail("a stale descriptor came back", 0);
    }
    met("pread", true, false);
    if (close(fd) != 0) {
        met("close", true, false);
    }
}

static void step_write(struct slot *slot)
{
    char text[16];
    const unsigned number = pick(1u << 30) + 1;
    snprintf(text, sizeof(text), "%010u", number);
    if (slot->count == MAYBE) {
        return;
    }
    slot->numbers[slot->count++] = number;
    if (lseek(slot->fd, 0, SEEK_SET) != 0) {
        met("lseek", true, false);
        return;
    }
    const ssize_t done = write(slot->fd, text, 10);
    if (done < 0) {
        const bool stale = errno == ESTALE;
        met("write", true, false);
        if (stale) {
            slot_stale(slot);
        }
        return;
    }
    if (done != 10) {
        fail("a short write", 0);
    }
    slot->or_empty = false;
    slot->count = 1;
    slot->numbers[0] = number;
}

static void step_read(struct slot *slot)
{
    char text[16] = "", want[16];
    const ssize_t done = pread(slot->fd, text, 10, 0);
    if (done < 0) {
        const bool stale = errno == ESTALE;
        met("pread", true, false);
        if (stale) {
            slot_stale(slot);
        }
        return;
    }
    bool good = done == 0 && slot->or_empty;
    for (unsigned i = 0; i < slot->count; i++) {
        snprintf(want, sizeof(want), "%010u", slot->numbers[i]);
        good |= memcmp(text, want, 10) == 0;
    }
    if (!good) {
        fail("a file reads as something else", 0);
    }
}

static void step_close(struct slot *slot)
{
    const int fd = slot->fd;
    slot->fd = -1;
    if (close(fd) != 0) {
        met("close", true, false);
    }
}

static void step_unlink(struct slot *slot)
{
    char path[32];
    name_of(slot, path);
    if (slot->fd >= 0) {
        step_close(slot);
    }
    if (unlink(path) != 0) {
        met("unlink", false, true);
        slot->or_empty = true;
        return;
    }
    slot->exists = false;
}

static void step_stat(struct slot *slot)
{
    char path[32];
    struct stat st;
    name_of(slot, path);
    if (stat(path, &st) != 0) {
        if (errno == ENOENT && (!slot->exists || slot->or_empty)) {
            return;
        }
        met("stat", false, true);
    }
}

static void step_pipe(void)
{
    unsigned char byte = (unsigned char)pipe_written;
    if (pipe_fds[0] < 0) {
        int fds[2];
        if (pipe(fds) != 0) {
            met("pipe", false, false);
            return;
        }
        is_new(fds[0]);
        is_new(fds[1]);
        memcpy(pipe_fds, fds, sizeof(fds));
        pipe_written = pipe_read = 0;
        return;
    }
    if (pipe_written - pipe_read < 100 && pick(2) == 0) {
        if (write(pipe_fds[1], &byte, 1) == 1) {
            pipe_written++;
        } else {
            met("write to a pipe", true, false);
            pipe_fds[0] = -1; /* vfs itself died in it */
        }
    } else if (pipe_written != pipe_read) {
        if (read(pipe_fds[0], &byte, 1) != 1) {
            met("read from a pipe", true, false);
            pipe_fds[0] = -1;
        } else if (byte != (unsigned char)pipe_read++) {
            fail("a pipe lost something", 0);
        }
    }
}

/* One program's life. */
static bool works(void)
{
    char text[8] = "";
    struct timespec now;
    const int fd = open("/restart-works", O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (fd < 0) {
        return false;
    }
    is_new(fd);
    const bool good = write(fd, "works", 5) == 5 && lseek(fd, 0, SEEK_SET) == 0 &&
                      read(fd, text, sizeof(text)) == 5 &&
                      memcmp(text, "works", 5) == 0;
    const bool closed = close(fd) == 0;
    return good && closed && unlink("/restart-works") == 0 &&
           clock_gettime(CLOCK_REALTIME, &now) == 0 && now.tv_sec > 1600000000 &&
           getrandom(text, sizeof(text), 0) == sizeof(text);
}

static void check_works(void)
{
    for (int i = 0; i < PATIENCE; i++) {
        if (works()) {
            return;
        }
        if (errno != ECONNRESET && errno != ESTALE && errno != EBADF &&
            errno != ENOENT) {
            fail("after a failure", errno);
        }
    }
    fail("nothing works any more", errno);
}

static void step_once(void)
{
    struct slot *slot = &slots[pick(SLOTS)];
    switch (pick(8)) {
    case 0:
        step_time();
        break;
    case 1:
        step_random();
        break;
    case 2:
        step_pipe();
        break;
    case 3:
        step_stat(slot);
        break;
    case 4:
        if (slot->fd < 0) {
            step_open(slot);
        } else if (pick(4) == 0) {
            step_close(slot);
        }
        break;
    case 5:
        if (slot->exists && pick(4) == 0) {
            step_unlink(slot);
        }
        break;
    case 6:
        if (slot->fd >= 0) {
            step_write(slot);
        }
        break;
    default:
        if (slot->fd >= 0) {
            step_read(slot);
        }
        break;
    }
}

/* Has standard input ended? Asked now and then; an error says nothing. */
static bool told_to_end(void)
{
    struct pollfd input = {.fd = 0, .events = POLLIN};
    char byte;
    return step % 16 == 0 && poll(&input, 1, 0) == 1 && (input.revents & POLLIN) != 0 &&
           read(0, &byte, 1) == 0;
}

int main(int argc, char **argv)
{
    const long steps = argc > 1 ? strtol(argv[1], NULL, 10) : 10000;
    const bool none = argc > 3 && strcmp(argv[3], "none") == 0;
    state = argc > 2 ? strtoul(argv[2], NULL, 10) * 2 + 1 : 1;
    forget_descriptors();
    say("running\n");
    for (step = 0; steps == 0 ? !told_to_end() : step < steps; step++) {
        const unsigned before = resets + stales + bads + absents;
        step_once();
        if (resets + stales + bads + absents != before) {
            check_works();
        }
    }
    check_works();
    if (none && resets + stales + bads + absents != 0) {
        fail("errors, though nothing died", 0);
    }
    say("PASS restart: %ld steps; ECONNRESET %u, ESTALE %u, EBADF %u, ENOENT %u\n",
        step, resets, stales, bads, absents);
    return 0;
}
