/*
 * An application on a file system that lies: it uses all there is of a file system and
 * must get results or errors, within its buffers, and come to an end.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "believer.h"

static int bad, errors, entries;
static char seen[1024]; /* what failed, and how */

/* A count of bytes is at most @max; an error has an errno. */
static long expect(const char *what, long result, long max)
{
    if (result > max || (result < 0 && (errno <= 0 || errno > 4095))) {
        printf("BELIEVED %s: %ld, errno %d\n", what, result, errno);
        bad = 1;
    }
    if (result < 0) {
        const size_t len = strlen(seen);
        snprintf(seen + len, sizeof seen - len, ", %s %d", what, errno);
        errors++;
    }
    return result;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "map") == 0) {
        return believe_map(argv[2]);
    }
    char buffer[256 + 16];
    struct stat st;
    struct statfs fs;
    errno = 0;
    memset(buffer, 1, sizeof buffer);
    int fd = open("/lie", O_RDWR | O_CREAT, 0600);
    expect("open", fd, 1000);
    if (fd >= 0) {
        expect("write", write(fd, buffer, 256), 256);
        expect("pwrite", pwrite(fd, buffer, 256, 100), 256);
        expect("lseek", lseek(fd, 0, SEEK_SET), 0);
        memset(buffer, 1, sizeof buffer);
        expect("read", read(fd, buffer, 256), 256);
        expect("pread", pread(fd, buffer, 256, 10), 256);
        for (int i = 256; i < 272; i++) {
            expect("byte behind the buffer", buffer[i], 1);
        }
        expect("fstat", fstat(fd, &st), 0);
        expect("write far", pwrite(fd, "x", 1, 100000), 1);
        expect("fstat with holes", fstat(fd, &st), 0);
        expect("size", st.st_size >= 0 ? 0 : 1, 0);
        lseek(fd, 0, SEEK_END);
        expect("append", write(fd, "x", 1), 1);
        expect("ftruncate", ftruncate(fd, 4), 0);
        struct pollfd one = {.fd = fd, .events = POLLIN};
        expect("poll", poll(&one, 1, 0), 1);
        close(fd);
    }
    expect("symlink", symlink("lie", "/lie-link"), 0);
    expect("readlink", readlink("/lie-link", buffer, 256), 256);
    expect("open link", open("/lie-link", O_RDONLY), 1000);
    expect("stat", stat("/lie", &st), 0);
    expect("mkdir", mkdir("/lie-dir", 0700), 0);
    if (expect("stat directory", stat("/", &st), 0) == 0) {
        expect("a directory", S_ISDIR(st.st_mode) ? 0 : 1, 0);
    }
    expect("create", open("/lie-dir/lie-in", O_CREAT | O_WRONLY, 0600), 1000);
    expect("rename", rename("/lie", "/lie-dir/lie-out"), 0);
    expect("statfs", statfs("/", &fs), 0);
    for (int pass = 0; pass < 2; pass++) {
        DIR *dir = opendir(pass == 0 ? "/" : "/lie-dir");
        while (dir != NULL && entries < 1000 && readdir(dir) != NULL) {
            entries++;
        }
        if (dir != NULL) {
            closedir(dir);
        }
    }
    expect("chdir", chdir("/lie-dir"), 0);
    if (getcwd(buffer, 256) != NULL) {
        expect("getcwd", (long)strlen(buffer), 255);
    }
    expect("unlink", unlink("/lie-dir/lie-out"), 0);
    printf("done: %d errors, %d entries%s\n", errors, entries, seen);
    return bad;
}
