/* Opening, copies of descriptors, locks, pipes. */
#include "groups.h"

#include <poll.h>

void test_open(void)
{
    CHECK_ERROR(open("absent", O_RDONLY), ENOENT);
    CHECK_ERROR(open("", O_RDONLY), ENOENT);
    CHECK_ERROR(open("absent/x", O_RDWR | O_CREAT, 0600), ENOENT);
    CHECK_ERROR(open("slash/", O_RDWR | O_CREAT, 0600), EISDIR);
    const int fd = check_open("f", O_RDWR | O_CREAT | O_EXCL, 0640);
    CHECK_ERROR(open("f", O_RDWR | O_CREAT | O_EXCL, 0640), EEXIST);
    CHECK_ERROR(open("f/x", O_RDONLY), ENOTDIR);
    CHECK_ERROR(open("f/", O_RDONLY), ENOTDIR);
    CHECK_ERROR(open("f", O_RDONLY | O_DIRECTORY), ENOTDIR);
    CHECK_ERROR(open(".", O_WRONLY), EISDIR);
    CHECK_ERROR(open(".", O_RDONLY | O_CREAT, 0600), EISDIR);
    CHECK_INT(write(fd, "hello", 5), 5);

    /* The lowest free descriptor, one offset for all copies. */
    const int copy = dup(fd);
    CHECK_INT(copy, fd + 1);
    CHECK_INT(lseek(copy, 1, SEEK_SET), 1);
    CHECK_INT(lseek(fd, 0, SEEK_CUR), 1);
    CHECK_INT(fcntl(fd, F_DUPFD, 100), 100);
    CHECK_INT(dup2(fd, 101), 101);
    CHECK_INT(dup2(fd, fd), fd);
    CHECK_ERROR(dup2(102, 5), EBADF);
    CHECK_ERROR(dup2(fd, -1), EBADF);
    CHECK_ERROR(dup3(fd, fd, 0), EINVAL);
    CHECK_INT(dup3(fd, 101, O_CLOEXEC), 101);
    CHECK_INT(fcntl(101, F_GETFD), FD_CLOEXEC);
    CHECK_INT(fcntl(100, F_GETFD), 0);
    CHECK_INT(fcntl(100, F_SETFD, FD_CLOEXEC), 0);
    CHECK_INT(fcntl(100, F_GETFD), FD_CLOEXEC);
    CHECK_INT(close(100), 0);
    CHECK_INT(close(101), 0);
    CHECK_ERROR(close(101), EBADF);
    CHECK_INT(close(copy), 0);

    /* Access modes and status flags. */
    char c;
    const int writer = check_open("f", O_WRONLY | O_APPEND, 0);
    CHECK_INT(fcntl(writer, F_GETFL) & (O_ACCMODE | O_APPEND), O_WRONLY | O_APPEND);
    CHECK_ERROR(read(writer, &c, 1), EBADF);
    CHECK_INT(lseek(writer, 0, SEEK_SET), 0);
    CHECK_INT(write(writer, "!", 1), 1);
    CHECK_INT(lseek(writer, 0, SEEK_CUR), 6);
    CHECK_INT(fcntl(writer, F_SETFL, 0), 0);
    CHECK_INT(lseek(writer, 0, SEEK_SET), 0);
    CHECK_INT(write(writer, "J", 1), 1);
    CHECK_INT(close(writer), 0);
    check_content("f", "Jello!");
    const int reader = check_open("f", O_RDONLY, 0);
    CHECK_ERROR(write(reader, "x", 1), EBADF);
    CHECK_ERROR(ftruncate(reader, 0), EINVAL);
    CHECK_INT(close(reader), 0);
    CHECK_INT(close(check_open("f", O_RDWR | O_TRUNC, 0)), 0);
    check_content("f", "");
    const int path = check_open("f", O_PATH, 0);
    CHECK_ERROR(read(path, &c, 1), EBADF);
    CHECK_INT(close(path), 0);
    CHECK_INT(close(fd), 0);
    CHECK_INT(unlink("f"), 0);
}

static int lock(int fd, int command, short type, off_t start, off_t len)
{
    struct flock lock = {
        .l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = len};
    const int result = fcntl(fd, command, &lock);
    return result == 0 && command == F_GETLK ? lock.l_type : result;
}

void test_locks(void)
{
    const int fd = check_open("f", O_RDWR | O_CREAT, 0600);
    const int reader = check_open("f", O_RDONLY, 0);
    /* What SQLite does: a pending byte, a reserved byte, a shared range. */
    const off_t pending = 0x40000000;
    CHECK_INT(lock(fd, F_SETLK, F_RDLCK, pending, 1), 0);
    CHECK_INT(lock(fd, F_SETLK, F_RDLCK, pending + 2, 510), 0);
    CHECK_INT(lock(fd, F_SETLK, F_UNLCK, pending, 1), 0);
    CHECK_INT(lock(fd, F_SETLK, F_WRLCK, pending + 1, 1), 0);
    CHECK_INT(lock(fd, F_SETLKW, F_WRLCK, pending + 2, 510), 0);
    CHECK_INT(lock(fd, F_GETLK, F_WRLCK, pending, 512),
              F_UNLCK); /* one's own do not count */
    CHECK_INT(lock(fd, F_SETLK, F_UNLCK, 0, 0), 0);
    CHECK_ERROR(lock(reader, F_SETLK, F_WRLCK, 0, 1), EBADF);
    CHECK_INT(lock(reader, F_SETLK, F_RDLCK, 0, 1), 0);
    CHECK_ERROR(lock(fd, F_SETLK, 7, 0, 1), EINVAL);
    CHECK_ERROR(lock(fd, F_SETLK, F_RDLCK, -1, 1), EINVAL);
    CHECK_ERROR(lock(77, F_SETLK, F_RDLCK, 0, 1), EBADF);
    CHECK_INT(close(reader), 0);
    CHECK_INT(close(fd), 0);
    CHECK_INT(unlink("f"), 0);
}

void test_pipes(void)
{
    int ends[2];
    char buf[70000] = "abc";
    struct stat st;
    CHECK_INT(pipe2(ends, O_NONBLOCK), 0);
    CHECK_ERROR(read(ends[0], buf, 1), EAGAIN);
    CHECK_INT(write(ends[1], buf, 3), 3);
    struct pollfd polls[2] = {{.fd = ends[0], .events = POLLIN},
                              {.fd = ends[1], .events = POLLOUT}};
    CHECK_INT(poll(polls, 2, 0), 2);
    CHECK_INT(polls[0].revents, POLLIN);
    CHECK_INT(polls[1].revents, POLLOUT);
    CHECK_INT(read(ends[0], buf + 10, 10), 3);
    CHECK(memcmp(buf + 10, "abc", 3) == 0);
    CHECK_INT(poll(polls, 1, 0), 0);
    CHECK_INT(write(ends[1], buf, sizeof(buf)), 65536);
    CHECK_ERROR(write(ends[1], buf, 1), EAGAIN);
    CHECK_ERROR(lseek(ends[0], 0, SEEK_SET), ESPIPE);
    CHECK_ERROR(pread(ends[0], buf, 1, 0), ESPIPE);
    CHECK_ERROR(read(ends[1], buf, 1), EBADF);
    CHECK_INT(fstat(ends[0], &st), 0);
    CHECK(S_ISFIFO(st.st_mode));
    CHECK_INT(close(ends[1]), 0);
    CHECK_INT(read(ends[0], buf, sizeof(buf)), 65536);
    CHECK_INT(read(ends[0], buf, sizeof(buf)), 0);
    CHECK_INT(close(ends[0]), 0);

    CHECK_INT(mkfifo("fifo", 0600), 0);
    CHECK_ERROR(mkfifo("fifo", 0600), EEXIST);
    CHECK_ERROR(open("fifo", O_WRONLY | O_NONBLOCK), ENXIO);
    const int reader = check_open("fifo", O_RDONLY | O_NONBLOCK, 0);
    const int writer = check_open("fifo", O_WRONLY, 0);
    CHECK_INT(write(writer, "x", 1), 1);
    CHECK_INT(read(reader, buf, 10), 1);
    CHECK_INT(close(writer), 0);
    CHECK_INT(read(reader, buf, 10), 0);
    CHECK_INT(close(reader), 0);
    CHECK_INT(unlink("fifo"), 0);
}
