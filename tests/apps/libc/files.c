/* Descriptors, directories, links, locks, poll: libc's part of each call. */
#define _GNU_SOURCE
#include "groups.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static void test_descriptors(void)
{
    char buf[32];
    struct stat st;
    const int fd = open("data", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
    CHECK(fd >= 0);
    CHECK_INT(write(fd, "hello world", 11), 11);
    CHECK_INT(lseek(fd, 0, SEEK_CUR), 11);
    CHECK_INT(lseek(fd, -5, SEEK_END), 6);
    CHECK_INT(read(fd, buf, sizeof buf), 5);
    CHECK(memcmp(buf, "world", 5) == 0);
    CHECK_INT(pread(fd, buf, 5, 0), 5);
    CHECK_INT(pwrite(fd, "J", 1, 0), 1);
    CHECK_INT(fstat(fd, &st), 0);
    CHECK(st.st_size == 11 && S_ISREG(st.st_mode) && (st.st_mode & 0777) == 0640);
    CHECK_INT(ftruncate(fd, 5), 0);
    CHECK_INT(fsync(fd), 0);
    CHECK_INT(stat("data", &st), 0);
    CHECK_INT(st.st_size, 5);
    CHECK(fcntl(fd, F_GETFD) == FD_CLOEXEC &&
          (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDWR);
    const int copy = dup(fd);
    CHECK(copy > fd);
    CHECK_INT(dup2(fd, copy), copy);
    CHECK_INT(dup2(fd, fd), fd);
    CHECK_INT(close(copy), 0);
    CHECK_ERROR(close(copy), EBADF);
    CHECK_ERROR(lseek(fd, -1, SEEK_SET), EINVAL);
    CHECK_ERROR(open("missing", O_RDONLY), ENOENT);
    CHECK_ERROR(isatty(fd) - 1, ENOTTY);
    CHECK_INT(posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM), 0);
    CHECK_INT(close(fd), 0);
}

static void test_vectors(void)
{
    char a[6] = "abcde", big[9000], c[6] = {0}, d[6] = {0};
    memset(big, 'x', sizeof big);
    const int fd = open("vectors", O_RDWR | O_CREAT | O_TRUNC, 0600);
    struct iovec small[] = {{a, 5}, {NULL, 0}, {a, 3}},
                 large[] = {{a, 5}, {big, sizeof big}, {a, 5}};
    CHECK_INT(writev(fd, small, 3), 8);
    CHECK_INT(writev(fd, large, 3), 9010);
    CHECK_INT(pwritev(fd, small, 1, 100), 5);
    CHECK_INT(lseek(fd, 0, SEEK_SET), 0);
    struct iovec in[] = {{c, 5}, {d, 3}};
    CHECK_INT(readv(fd, in, 2), 8);
    CHECK_STRING(c, "abcde");
    CHECK_STRING(d, "abc");
    struct iovec in_large[] = {{c, 5}, {big, sizeof big}, {d, 5}};
    CHECK_INT(preadv(fd, in_large, 3, 8), 9010);
    CHECK_STRING(d, "abcde");
    CHECK(memcmp(big + 100 - 13, "abcde", 5) == 0 && big[8999] == 'x');
    CHECK_INT(readv(fd, in_large, 3), 9010);
    CHECK_INT(readv(fd, in, 2), 0);
    CHECK_ERROR(writev(fd, small, -1), EINVAL);
    CHECK_INT(close(fd), 0);
}

static void test_locks(void)
{
    const int fd = open("locked", O_RDWR | O_CREAT, 0600);
    struct flock lock = {
        .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 10, .l_len = 5};
    CHECK_INT(fcntl(fd, F_SETLK, &lock), 0);
    CHECK_INT(fcntl(fd, F_GETLK, &lock), 0);
    CHECK_INT(lock.l_type, F_UNLCK); /* one's own lock is in nobody's way */
    CHECK_INT(fcntl(fd, F_SETLK, &lock), 0);
    CHECK_INT(lockf(fd, F_TLOCK, 0), 0);
    CHECK_INT(lockf(fd, F_ULOCK, 0), 0);
    CHECK_INT(close(fd), 0);
}

static void test_names(void)
{
    char buf[PATH_MAX], here[PATH_MAX];
    struct stat st;
    CHECK_INT(mkdir("dir", 0755), 0);
    CHECK_ERROR(mkdir("dir", 0755), EEXIST);
    CHECK_INT(close(open("dir/file", O_CREAT | O_WRONLY, 0644)), 0);
    CHECK_INT(link("dir/file", "dir/hard"), 0);
    CHECK_INT(symlink("file", "dir/soft"), 0);
    CHECK(lstat("dir/soft", &st) == 0 && S_ISLNK(st.st_mode));
    CHECK(stat("dir/soft", &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 2);
    CHECK_INT(readlink("dir/soft", buf, sizeof buf), 4);
    CHECK_INT(rename("dir/hard", "dir/moved"), 0);
    CHECK_INT(access("dir/moved", R_OK), 0);
    CHECK_ERROR(access("dir/hard", F_OK), ENOENT);
    CHECK_INT(chmod("dir/file", 0600), 0);
    CHECK(stat("dir/file", &st) == 0 && (st.st_mode & 0777) == 0600);
    const struct timespec times[2] = {{1000, 5}, {2000, 6}};
    CHECK_INT(utimensat(AT_FDCWD, "dir/file", times, 0), 0);
    CHECK(stat("dir/file", &st) == 0 && st.st_mtim.tv_sec == 2000 &&
          st.st_mtim.tv_nsec == 6);
    CHECK(getcwd(here, sizeof here) != NULL);
    CHECK_INT(chdir("dir"), 0);
    CHECK(getcwd(buf, sizeof buf) != NULL);
    CHECK_STRING(buf + strlen(buf) - 4, "/dir");
    CHECK_INT(chdir(here), 0);
    CHECK(realpath("dir/../dir/soft", buf) != NULL);
    CHECK_STRING(buf + strlen(buf) - 9, "/dir/file");

    int count = 0;
    DIR *dir = opendir("dir");
    CHECK(dir != NULL);
    for (struct dirent *e; dir && (e = readdir(dir));) {
        count += e->d_name[0] != '.';
    }
    CHECK_INT(count, 3);
    CHECK_INT(closedir(dir), 0);
    CHECK_ERROR(rmdir("dir"), ENOTEMPTY);
    CHECK_INT(unlink("dir/file") | unlink("dir/soft") | remove("dir/moved"), 0);
    CHECK_INT(remove("dir"), 0);
    umask(027);
    CHECK_INT(umask(022), 027);
}

static void test_waiting(void)
{
    int fds[2];
    fd_set set;
    struct timeval now = {0, 0};
    CHECK_INT(pipe(fds), 0);
    struct pollfd p = {.fd = fds[0], .events = POLLIN};
    CHECK_INT(poll(&p, 1, 0), 0);
    FD_ZERO(&set);
    FD_SET(fds[0], &set);
    CHECK_INT(select(fds[0] + 1, &set, NULL, NULL, &now), 0);
    CHECK(!FD_ISSET(fds[0], &set));
    CHECK_INT(write(fds[1], "x", 1), 1);
    CHECK(poll(&p, 1, 1000) == 1 && p.revents == POLLIN);
    FD_SET(fds[0], &set);
    CHECK_INT(select(fds[0] + 1, &set, NULL, NULL, NULL), 1);
    CHECK(FD_ISSET(fds[0], &set));
    CHECK_INT(ppoll(&p, 1, &(struct timespec){0, 1000}, NULL), 1);
    CHECK_INT(close(fds[0]) | close(fds[1]), 0);
    FD_SET(fds[0], &set);
    CHECK_ERROR(select(fds[0] + 1, &set, NULL, NULL, &now), EBADF);
}

static void test_mapped_file(void)
{
    const int fd = open("mapped", O_RDWR | O_CREAT | O_TRUNC, 0600);
    CHECK_INT(write(fd, "in the file", 11), 11);
    char *p = mmap(NULL, 11, PROT_READ, MAP_PRIVATE, fd, 0);
    CHECK(p != MAP_FAILED && memcmp(p, "in the file\0", 12) == 0);
    CHECK_INT(munmap(p, 11), 0);
    CHECK_INT(close(fd), 0);
}

void test_files(void)
{
    char here[PATH_MAX];
    CHECK(getcwd(here, sizeof here) != NULL);
    mkdir("/tmp", 01777);
    CHECK_INT(mkdir("/tmp/libc-files", 0755), 0);
    CHECK_INT(chdir("/tmp/libc-files"), 0);
    test_descriptors();
    test_vectors();
    test_locks();
    test_names();
    test_waiting();
    test_mapped_file();
    CHECK_INT(unlink("data") | unlink("vectors") | unlink("locked") | unlink("mapped"),
              0);
    CHECK_INT(chdir(here), 0);
    CHECK_INT(rmdir("/tmp/libc-files"), 0);
}
