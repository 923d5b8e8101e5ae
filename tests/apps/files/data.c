/* Reading, writing, sizes, mappings, devices, large files. */
#include "groups.h"

#include <sys/mman.h>
#include <sys/random.h>
#include <sys/uio.h>

void test_data(void)
{
    char buf[64] = "";
    const int fd = check_open("f", O_RDWR | O_CREAT, 0644);
    CHECK_INT(write(fd, "0123456789", 10), 10);
    CHECK_INT(read(fd, buf, 10), 0);
    CHECK_INT(pread(fd, buf, 4, 3), 4);
    CHECK(memcmp(buf, "3456", 4) == 0);
    CHECK_INT(lseek(fd, 0, SEEK_CUR), 10); /* pread and pwrite leave it */
    CHECK_INT(pwrite(fd, "xy", 2, 4), 2);
    CHECK_INT(pread(fd, buf, 64, 8), 2);
    CHECK_INT(pread(fd, buf, 64, 10), 0);
    CHECK_ERROR(pread(fd, buf, 1, -1), EINVAL);
    CHECK_ERROR(pwrite(fd, buf, 1, -1), EINVAL);
    CHECK_INT(lseek(fd, -3, SEEK_END), 7);
    CHECK_INT(read(fd, buf, 64), 3);
    CHECK_ERROR(lseek(fd, -1, SEEK_SET), EINVAL);
    CHECK_ERROR(lseek(fd, 0, 99), EINVAL);
    CHECK_ERROR(lseek(99, 0, SEEK_SET), EBADF);

    struct iovec parts[3] = {{"ab", 2}, {NULL, 0}, {"cde", 3}};
    CHECK_INT(lseek(fd, 0, SEEK_SET), 0);
    CHECK_INT(writev(fd, parts, 3), 5);
    CHECK_INT(pwritev(fd, parts, 3, 10), 5);
    char first[3], second[100];
    struct iovec to[2] = {{first, 3}, {second, 100}};
    CHECK_INT(lseek(fd, 0, SEEK_SET), 0);
    CHECK_INT(readv(fd, to, 2), 15);
    CHECK(memcmp(first, "abc", 3) == 0 && memcmp(second, "de", 2) == 0);
    CHECK(memcmp(second + 7, "abcde", 5) == 0);
    CHECK_INT(preadv(fd, to, 2, 13), 2);

    /* Across pages, and in one piece. */
    static char block[100000], back[100000];
    for (size_t i = 0; i < sizeof(block); i++) {
        block[i] = (char)(i * 7 + i / 256);
    }
    CHECK_INT(pwrite(fd, block, sizeof(block), 4000), sizeof(block));
    CHECK_INT(pread(fd, back, sizeof(back), 4000), sizeof(back));
    CHECK(memcmp(block, back, sizeof(block)) == 0);
    CHECK_INT(fsync(fd), 0);
    CHECK_INT(fdatasync(fd), 0);
    CHECK_INT(read(fd, buf, 0), 0);
    CHECK_INT(write(fd, buf, 0), 0);
    CHECK_INT(close(fd), 0);
    CHECK_INT(unlink("f"), 0);
    const int dir = check_open(".", O_RDONLY, 0);
    CHECK_ERROR(read(dir, buf, 1), EISDIR);
    CHECK_ERROR(write(dir, buf, 1), EBADF);
    CHECK_INT(close(dir), 0);
}

/* Seeks whose effect shows elsewhere than in the next transfer. */
void test_seek(void)
{
    char buf[16] = "";
    const int fd = check_open("f", O_RDWR | O_CREAT, 0644);
    CHECK_INT(write(fd, "0123456789", 10), 10);
    CHECK_INT(lseek(fd, 3, SEEK_SET), 3);
    CHECK_INT(lseek(fd, 5, SEEK_SET), 5);
    CHECK_INT(lseek(fd, 1, SEEK_CUR), 6);
    CHECK_INT(lseek(fd, 2, SEEK_SET), 2);
    CHECK_INT(pread(fd, buf, 2, 7), 2);
    CHECK_INT(read(fd, buf, 3), 3);
    CHECK(memcmp(buf, "234", 3) == 0);

    /* A duplicate has the same position, also when the original is gone. */
    const int twin = dup(fd);
    CHECK_INT(lseek(fd, 8, SEEK_SET), 8);
    CHECK_INT(read(twin, buf, 1), 1);
    CHECK_INT(buf[0], '8');
    CHECK_INT(lseek(fd, 4, SEEK_SET), 4);
    CHECK_INT(lseek(twin, 0, SEEK_CUR), 4);
    CHECK_INT(lseek(twin, 6, SEEK_SET), 6);
    CHECK_INT(write(fd, "x", 1), 1);
    CHECK_INT(pread(fd, buf, 1, 6), 1);
    CHECK_INT(buf[0], 'x');
    CHECK_INT(lseek(fd, 9, SEEK_SET), 9);
    CHECK_INT(close(fd), 0);
    CHECK_INT(read(twin, buf, 2), 1);
    CHECK_INT(buf[0], '9');
    CHECK_INT(lseek(twin, 1, SEEK_SET), 1);
    CHECK_ERROR(lseek(fd, 1, SEEK_SET), EBADF);
    CHECK_ERROR(read(fd, buf, 1), EBADF);

    /* One descriptor instead of another. */
    const int other = check_open("g", O_RDWR | O_CREAT, 0644);
    const int third = dup(twin);
    CHECK_INT(write(other, "abcdef", 6), 6);
    CHECK_INT(lseek(other, 3, SEEK_SET), 3);
    CHECK_INT(lseek(twin, 2, SEEK_SET), 2);
    CHECK_INT(dup2(other, twin), twin);
    CHECK_INT(lseek(third, 0, SEEK_CUR), 2);
    CHECK_INT(read(twin, buf, 1), 1);
    CHECK_INT(buf[0], 'd');

    /* Transfers that fail leave it, gaps are zeros, appending moves it. */
    CHECK_INT(lseek(third, 20, SEEK_SET), 20);
    CHECK_INT(read(third, buf, 1), 0);
    CHECK_INT(lseek(third, 20, SEEK_SET), 20);
    CHECK_INT(write(third, "z", 1), 1);
    CHECK_INT(pread(third, buf, 2, 19), 2);
    CHECK(buf[0] == 0 && buf[1] == 'z');
    const int only = check_open("g", O_RDONLY, 0);
    CHECK_INT(lseek(only, 2, SEEK_SET), 2);
    CHECK_INT(lseek(only, 3, SEEK_SET), 3);
    CHECK_ERROR(write(only, "q", 1), EBADF);
    CHECK_INT(lseek(only, 0, SEEK_CUR), 3);
    const int append = check_open("g", O_RDWR | O_APPEND, 0);
    CHECK_INT(lseek(append, 1, SEEK_SET), 1);
    CHECK_INT(lseek(append, 2, SEEK_SET), 2);
    CHECK_INT(write(append, "gh", 2), 2);
    CHECK_INT(lseek(append, 0, SEEK_CUR), 8);

    /* Locks from the current position. */
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_CUR, .l_len = 1};
    CHECK_INT(lseek(append, 2, SEEK_SET), 2);
    CHECK_INT(fcntl(append, F_SETLK, &lock), 0);
    lock.l_start = -3;
    CHECK_INT(lseek(append, 1, SEEK_SET), 1);
    CHECK_ERROR(fcntl(append, F_SETLK, &lock), EINVAL);
    CHECK_INT(close(append), 0);
    CHECK_INT(close(only), 0);
    CHECK_INT(close(third), 0);
    CHECK_INT(close(twin), 0);
    CHECK_INT(close(other), 0);
    CHECK_INT(unlink("f"), 0);
    CHECK_INT(unlink("g"), 0);
}

void test_size(void)
{
    static char zero[8192], buf[8192];
    struct stat st;
    const int fd = check_open("f", O_RDWR | O_CREAT, 0644);
    /* A hole behind the end reads as zero and takes no blocks. */
    CHECK_INT(lseek(fd, 1 << 20, SEEK_SET), 1 << 20);
    CHECK_INT(fstat(fd, &st), 0);
    CHECK_INT(st.st_size, 0);
    CHECK_INT(write(fd, "end", 3), 3);
    CHECK_INT(fstat(fd, &st), 0);
    CHECK_INT(st.st_size, (1 << 20) + 3);
    CHECK(st.st_blocks > 0 && st.st_blocks <= 128);
    CHECK_INT(pread(fd, buf, sizeof(buf), 5000), sizeof(buf));
    CHECK(memcmp(buf, zero, sizeof(buf)) == 0);
    /* What a shorter file lost does not come back. */
    memset(buf, 'x', sizeof(buf));
    CHECK_INT(pwrite(fd, buf, sizeof(buf), 0), sizeof(buf));
    CHECK_INT(ftruncate(fd, 100), 0);
    CHECK_INT(ftruncate(fd, 5000), 0);
    CHECK_INT(pread(fd, buf, sizeof(buf), 0), 5000);
    CHECK(buf[99] == 'x' && memcmp(buf + 100, zero, 4900) == 0);
    CHECK_INT(truncate("f", 50), 0);
    CHECK_INT(stat("f", &st), 0);
    CHECK_INT(st.st_size, 50);
    CHECK_INT(pwrite(fd, "y", 1, 60), 1);
    CHECK_INT(pread(fd, buf, sizeof(buf), 49), 12);
    CHECK(memcmp(buf, "x\0\0\0\0\0\0\0\0\0\0y", 12) == 0);
    CHECK_ERROR(ftruncate(fd, -1), EINVAL);
    CHECK_ERROR(truncate("absent", 0), ENOENT);
    CHECK_ERROR(truncate(".", 0), EISDIR);
    CHECK_ERROR(ftruncate(99, 0), EBADF);
    /* Offsets of more than 32 bits. */
    CHECK_INT(pwrite(fd, "far", 3, (off_t)5 << 32), 3);
    CHECK_INT(lseek(fd, 0, SEEK_END), ((off_t)5 << 32) + 3);
    CHECK_INT(pread(fd, buf, 10, ((off_t)5 << 32) + 1), 2);
    CHECK_INT(close(fd), 0);
    CHECK_INT(unlink("f"), 0);
}

void test_mapping(void)
{
    char page[4096];
    memset(page, 'm', sizeof(page));
    const int fd = check_open("f", O_RDWR | O_CREAT, 0644);
    CHECK_INT(write(fd, page, sizeof(page)), sizeof(page));
    CHECK_INT(write(fd, "tail", 4), 4);
    char *map = mmap(NULL, 4100, PROT_READ, MAP_PRIVATE, fd, 0);
    CHECK(map != MAP_FAILED);
    if (map != MAP_FAILED) {
        CHECK(memcmp(map, page, sizeof(page)) == 0);
        CHECK(memcmp(map + 4096, "tail\0\0", 6) ==
              0); /* zero up to the end of the page */
        CHECK_INT(munmap(map, 4100), 0);
    }
    map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 4096);
    CHECK(map != MAP_FAILED);
    if (map != MAP_FAILED) {
        CHECK(memcmp(map, "tail", 4) == 0);
        map[0] = 'T'; /* private: not in the file */
        CHECK_INT(pread(fd, page, 4, 4096), 4);
        CHECK(page[0] == 't');
        CHECK_INT(munmap(map, 4096), 0);
    }
    CHECK_INT(close(fd), 0);
    CHECK_INT(unlink("f"), 0);
}

void test_devices(void)
{
    char buf[32], zero[32] = {0};
    struct stat st;
    const int null = check_open("/dev/null", O_RDWR, 0);
    CHECK_INT(read(null, buf, sizeof(buf)), 0);
    CHECK_INT(write(null, buf, sizeof(buf)), sizeof(buf));
    CHECK_INT(fstat(null, &st), 0);
    CHECK(S_ISCHR(st.st_mode));
    CHECK_INT(isatty(null), 0);
    CHECK_INT(close(null), 0);
    const int z = check_open("/dev/zero", O_RDONLY, 0);
    memset(buf, 1, sizeof(buf));
    CHECK_INT(read(z, buf, sizeof(buf)), sizeof(buf));
    CHECK(memcmp(buf, zero, sizeof(buf)) == 0);
    CHECK_INT(close(z), 0);
    const int full = check_open("/dev/full", O_WRONLY, 0);
    CHECK_ERROR(write(full, "x", 1), ENOSPC);
    CHECK_INT(close(full), 0);
    static const char *const sources[] = {"/dev/random", "/dev/urandom"};
    for (int i = 0; i < 2; i++) {
        const int random = check_open(sources[i], O_RDONLY, 0);
        CHECK_INT(read(random, buf, sizeof(buf)), sizeof(buf));
        CHECK(memcmp(buf, zero, sizeof(buf)) != 0);
        CHECK_INT(close(random), 0);
    }
    CHECK_INT(stat("/dev", &st), 0);
    CHECK(S_ISDIR(st.st_mode));
    CHECK_ERROR(rename("/dev/null", "null"), EXDEV);
}

/** Transfers that take several calls of the file system, and arrive as one. */
void test_long(void)
{
    enum { MOST = 10 << 20 };
    static const size_t sizes[] = {65535, 65536, 65537, 131072, 1000000, MOST};
    char *out = malloc(MOST), *in = malloc(MOST);
    char small[7];
    CHECK(out != NULL && in != NULL);
    for (size_t i = 0; i < MOST; i++) {
        out[i] = (char)(i * 31 + (i >> 12));
    }
    const int fd = check_open("long", O_RDWR | O_CREAT, 0644);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        const size_t n = sizes[i];
        const struct iovec parts[] = {{small, sizeof(small)}, {in, MOST}};
        CHECK_INT(ftruncate(fd, 0), 0);
        CHECK_INT(lseek(fd, 5, SEEK_SET), 5);
        CHECK_INT(write(fd, out, n), (ssize_t)n);
        CHECK_INT(lseek(fd, 0, SEEK_CUR), (off_t)n + 5);
        CHECK_INT(lseek(fd, 5, SEEK_SET), 5);
        CHECK_INT(read(fd, in, MOST), (ssize_t)n);
        CHECK(memcmp(in, out, n) == 0);
        CHECK_INT(read(fd, in, MOST), 0);
        CHECK_INT(pwrite(fd, out + 1, n - 1, 100), (ssize_t)n - 1);
        CHECK_INT(pread(fd, in, n - 1, 100), (ssize_t)n - 1);
        CHECK(memcmp(in, out + 1, n - 1) == 0);
        CHECK_INT(preadv(fd, parts, 2, 100), (ssize_t)n - 1);
        CHECK(memcmp(small, out + 1, sizeof(small)) == 0 &&
              memcmp(in, out + 8, n - 8) == 0);
        char *map = mmap(NULL, n, PROT_READ, MAP_PRIVATE, fd, 0);
        CHECK(map != MAP_FAILED && memcmp(map + 100, out + 1, n - 100) == 0);
        CHECK_INT(munmap(map, n), 0);
    }
    CHECK_INT(close(fd), 0);
    CHECK_INT(unlink("long"), 0);
    const int zero = check_open("/dev/zero", O_RDONLY, 0);
    CHECK_INT(read(zero, in, 200000), 200000);
    CHECK(in[0] == 0 && memcmp(in, in + 1, 199999) == 0);
    CHECK_INT(close(zero), 0);
    CHECK_INT(getrandom(in, 200000, 0), 200000);
    CHECK(memcmp(in, in + 100000, 100000) != 0);
    free(out);
    free(in);
}

/** A GiB that is really there. */
void test_large(void)
{
    enum { BLOCK = 1 << 20, BLOCKS = 1024 };
    static char block[BLOCK], back[BLOCK];
    struct stat st;
    for (size_t i = 0; i < BLOCK; i++) {
        block[i] = (char)(i * 31 + (i >> 12));
    }
    const int fd = check_open("large", O_RDWR | O_CREAT, 0644);
    int bad = 0;
    for (int i = 0; i < BLOCKS; i++) {
        memcpy(block, &i, sizeof(i));
        bad += write(fd, block, BLOCK) != BLOCK;
    }
    CHECK_INT(bad, 0);
    CHECK_INT(fstat(fd, &st), 0);
    CHECK_INT(st.st_size, (off_t)BLOCK * BLOCKS);
    for (int i = 0; i < BLOCKS; i++) {
        memcpy(block, &i, sizeof(i));
        bad += pread(fd, back, BLOCK, (off_t)i * BLOCK) != BLOCK ||
               memcmp(block, back, BLOCK) != 0;
    }
    CHECK_INT(bad, 0);
    CHECK_INT(ftruncate(fd, 4096), 0);
    CHECK_INT(fstat(fd, &st), 0);
    CHECK_INT(st.st_blocks, 8); /* the rest is given back ... */
    CHECK_INT(ftruncate(fd, 0), 0);
    for (int i = 0; i < BLOCKS; i++) { /* ... so the same again fits */
        bad += write(fd, block, BLOCK) != BLOCK;
    }
    CHECK_INT(bad, 0);
    CHECK_INT(close(fd), 0);
    CHECK_INT(unlink("large"), 0);
}
