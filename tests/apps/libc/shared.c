/* Shared mappings of files: the same bytes as the file has, wherever they are looked at. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "groups.h"

#define PAGE 4096
#define RW (PROT_READ | PROT_WRITE)

/* A file of @size bytes, each telling its page. */
static int make(const char *name, size_t size)
{
    const int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
    for (size_t i = 0; i < size; i++) {
        const char byte = (char)('a' + i / PAGE % 26);
        if (i % PAGE == 0 || i == size - 1) {
            CHECK_INT(pwrite(fd, &byte, 1, (off_t)i), 1);
        }
    }
    return fd;
}

static char *map(int fd, size_t size, int prot, off_t offset)
{
    char *p = mmap(NULL, size, prot, MAP_SHARED, fd, offset);
    CHECK(p != MAP_FAILED);
    return p == MAP_FAILED ? NULL : p;
}

/* Coherent with read and write, in both directions, on either side of a page's end. */
static void test_coherent(void)
{
    char buf[16] = "";
    const int fd = make("f", 3 * PAGE);
    char *p = map(fd, 3 * PAGE, RW, 0);
    CHECK_INT(p[0], 'a');
    CHECK_INT(p[2 * PAGE], 'c');
    CHECK_INT(pwrite(fd, "across", 6, PAGE - 3), 6);
    CHECK(memcmp(p + PAGE - 3, "across", 6) == 0);
    memcpy(p + 2 * PAGE - 2, "back", 4);
    CHECK_INT(pread(fd, buf, 4, 2 * PAGE - 2), 4);
    CHECK_STRING(buf, "back");
    /* The first bytes, which are looked at most: they are not remembered. */
    CHECK_INT(pread(fd, buf, 4, 0), 4);
    memcpy(p, "head", 4);
    CHECK_INT(pread(fd, buf, 4, 0), 4);
    CHECK_STRING(buf, "head");
    CHECK_INT(pwrite(fd, "HE", 2, 0), 2);
    memcpy(p + 2, "AD", 2);
    CHECK_INT(pread(fd, buf, 4, 0), 4);
    CHECK_STRING(buf, "HEAD");
    /* The kernel's side of a transfer may be a mapping. */
    const int other = make("g", 1);
    CHECK_INT(pwrite(other, p, 3 * PAGE, 0), 3 * PAGE);
    memset(p, 'x', 3 * PAGE);
    CHECK_INT(pread(other, p, 3 * PAGE, 0), 3 * PAGE);
    CHECK(memcmp(p, "HEAD", 4) == 0 && p[PAGE + 10] == 0);
    CHECK_INT(pread(other, p, 4, 0), 4);
    CHECK_INT(close(other) | unlink("g"), 0);
    CHECK_INT(msync(p, 3 * PAGE, MS_SYNC), 0);
    CHECK_INT(munmap(p, 3 * PAGE), 0);
    CHECK_INT(pread(fd, buf, 4, 0), 4);
    CHECK_STRING(buf, "HEAD");
    CHECK_INT(close(fd), 0);
}

/* The descriptor and the name may go; what is mapped stays, and nothing is left over. */
static void test_life(void)
{
    char buf[8] = "";
    struct stat st;
    int fd = make("f", PAGE + 1);
    char *p = map(fd, PAGE + 1, RW, 0);
    const int again = open("f", O_RDONLY);
    CHECK_INT(close(fd), 0);
    p[1] = '1';
    CHECK_INT(unlink("f"), 0);
    p[2] = '2';
    CHECK_INT(pread(again, buf, 3, 0), 3);
    CHECK_STRING(buf, "a12");
    CHECK_INT(fstat(again, &st), 0);
    CHECK_INT(st.st_nlink, 0);
    CHECK_INT(close(again), 0);
    fd = make("f", 10); /* another file */
    p[3] = '3';
    CHECK(memcmp(p, "a123", 4) == 0 && p[PAGE] == 'b');
    CHECK_INT(pread(fd, buf, 3, 0), 3);
    CHECK_INT(buf[1], 0);
    CHECK_INT(munmap(p, PAGE + 1), 0);
    CHECK_INT(close(fd), 0);
}

/* Several mappings of one file; offsets; parts of mappings that go. */
static void test_parts(void)
{
    const int fd = make("f", 8 * PAGE);
    char *all = map(fd, 8 * PAGE, RW, 0);
    char *part = map(fd, 2 * PAGE, RW, 3 * PAGE);
    char *again = map(fd, 8 * PAGE, RW, 0);
    CHECK_INT(part[0], 'd');
    part[1] = '!';
    CHECK_INT(all[3 * PAGE + 1], '!');
    CHECK_INT(again[3 * PAGE + 1], '!');
    CHECK_INT(munmap(all, 8 * PAGE), 0);
    again[7 * PAGE] = 'y';
    CHECK_INT(part[PAGE], 'e');
    CHECK_INT(munmap(part, PAGE), 0);
    CHECK_INT(part[PAGE], 'e');
    CHECK_INT(munmap(part + PAGE, PAGE), 0);
    /* A hole in the middle, and both sides after it. */
    CHECK_INT(munmap(again + 2 * PAGE, 3 * PAGE), 0);
    CHECK_INT(again[0], 'a');
    again[5 * PAGE] = 'z';
    CHECK_INT(munmap(again + 5 * PAGE, 3 * PAGE), 0);
    CHECK_INT(again[PAGE], 'b');
    CHECK_INT(munmap(again, 2 * PAGE), 0);
    all = map(fd, 8 * PAGE, PROT_READ, 0);
    CHECK(all[5 * PAGE] == 'z' && all[7 * PAGE] == 'y' && all[2 * PAGE] == 'c');
    CHECK_INT(munmap(all, 8 * PAGE), 0);
    CHECK_INT(close(fd), 0);
}

/* Writes that grow a mapped file, and truncation: what lies past the end is not the file's. */
static void test_sizes(void)
{
    char buf[8] = "";
    struct stat st;
    const int fd = make("f", 100);
    char *p = map(fd, 4 * PAGE, RW, 0);
    CHECK(p[0] == 'a' && p[99] == 'a' && p[100] == 0 && p[PAGE - 1] == 0);
    p[100] = 'n'; /* never becomes part of the file */
    CHECK_INT(pwrite(fd, "end", 3, 2 * PAGE), 3);
    CHECK_INT(p[100], 0);
    CHECK(p[PAGE] == 0 && memcmp(p + 2 * PAGE, "end", 4) == 0);
    CHECK_INT(pread(fd, buf, 1, 100), 1);
    CHECK_INT(buf[0], 0);
    p[PAGE + 5] = '5';
    CHECK_INT(pread(fd, buf, 1, PAGE + 5), 1);
    CHECK_INT(buf[0], '5');
    CHECK_INT(fstat(fd, &st), 0);
    CHECK_INT(st.st_size, 2 * PAGE + 3);
    CHECK_INT(st.st_blocks, 24);
    CHECK_INT(ftruncate(fd, 50), 0);
    CHECK(p[49] == 0 && p[0] == 'a' && p[50] == 0);
    CHECK_INT(ftruncate(fd, 4 * PAGE), 0);
    CHECK(p[99] == 0 && p[PAGE + 5] == 0 && p[2 * PAGE] == 0 && p[4 * PAGE - 1] == 0);
    p[4 * PAGE - 1] = 'l';
    CHECK_INT(pread(fd, buf, 1, 4 * PAGE - 1), 1);
    CHECK_INT(buf[0], 'l');
    CHECK_INT(ftruncate(fd, 0), 0);
    CHECK_INT(ftruncate(fd, PAGE), 0);
    CHECK_INT(p[0], 0);
    CHECK_INT(munmap(p, 4 * PAGE), 0);
    CHECK_INT(close(fd), 0);
}

/* A hole far away takes no memory before it, and the mapping fills it. */
static void test_sparse(void)
{
    const off_t far = (off_t)1 << 40;
    char buf[4] = "";
    const int fd = make("f", 1);
    CHECK_INT(ftruncate(fd, far + 2 * PAGE), 0);
    char *p = map(fd, 2 * PAGE, RW, far);
    CHECK_INT(p[PAGE], 0);
    memcpy(p + PAGE - 1, "far", 3);
    CHECK_INT(pread(fd, buf, 3, far + PAGE - 1), 3);
    CHECK_STRING(buf, "far");
    CHECK_INT(munmap(p, 2 * PAGE), 0);
    CHECK_INT(close(fd), 0);
}

static void test_rights(void)
{
    int fd = make("f", PAGE);
    CHECK_INT(close(fd), 0);
    fd = open("f", O_RDONLY);
    CHECK_ERROR(mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0), EACCES);
    char *p = map(fd, PAGE, PROT_READ, 0);
    CHECK_INT(p[0], 'a');
    CHECK_ERROR(mprotect(p, PAGE, RW), EACCES);
    CHECK_INT(mprotect(p, PAGE, PROT_NONE), 0);
    CHECK_INT(mprotect(p, PAGE, PROT_READ), 0);
    CHECK_INT(p[0], 'a');
    CHECK_INT(munmap(p, PAGE) | close(fd), 0);
    fd = open("f", O_WRONLY);
    CHECK_ERROR(mmap(NULL, PAGE, PROT_WRITE, MAP_SHARED, fd, 0), EACCES);
    CHECK_INT(close(fd), 0);
    fd = open("f", O_RDWR);
    p = map(fd, PAGE, PROT_NONE, 0);
    CHECK_INT(mprotect(p, PAGE, RW), 0);
    p[1] = 'w';
    CHECK_INT(munmap(p, PAGE) | close(fd), 0);
}

static void test_refused(void)
{
    const int fd = make("f", PAGE);
    const int dir = open(".", O_RDONLY | O_DIRECTORY);
    const int path = open("f", O_PATH);
    CHECK_ERROR(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, 777, 0), EBADF);
    CHECK_ERROR(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, path, 0), EBADF);
    CHECK_ERROR(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, dir, 0), ENODEV);
    CHECK_ERROR(mmap(NULL, 0, PROT_READ, MAP_SHARED, fd, 0), EINVAL);
    CHECK_ERROR(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 100), EINVAL);
    CHECK_ERROR(mmap(NULL, (size_t)1 << 50, PROT_READ, MAP_SHARED, fd, 0), ENOMEM);
    char *p = map(fd, PAGE, RW, 0);
    CHECK_ERROR(msync(p + 1, PAGE, MS_SYNC), EINVAL);
    CHECK_ERROR(msync(p, PAGE, MS_SYNC | MS_ASYNC), EINVAL);
    CHECK_ERROR(munmap(p + 1, PAGE), EINVAL);
    CHECK_INT(msync(p, 1, MS_ASYNC), 0);
    CHECK_INT(munmap(p, PAGE), 0);
    CHECK_INT(close(fd) | close(dir) | close(path), 0);
}

/* Growing in place, where there is room, and shrinking. */
static void test_remap(void)
{
    char buf[4] = "";
    const int fd = make("f", 2 * PAGE);
    char *p = map(fd, 2 * PAGE, RW, 0);
    CHECK_INT(ftruncate(fd, 4 * PAGE), 0);
    char *q = mremap(p, 2 * PAGE, 4 * PAGE, MREMAP_MAYMOVE);
    CHECK(q != MAP_FAILED && q[0] == 'a');
    memcpy(q + 3 * PAGE, "new", 3);
    CHECK_INT(pread(fd, buf, 3, 3 * PAGE), 3);
    CHECK_STRING(buf, "new");
    CHECK(mremap(q, 4 * PAGE, PAGE, 0) == q);
    CHECK_INT(q[0], 'a');
    CHECK_INT(munmap(q, PAGE), 0);
    CHECK_INT(close(fd), 0);
}

/* The times follow what is written through a mapping, at the latest where it is synced. */
static void test_times(void)
{
    const struct timespec old[2] = {{1000, 0}, {1000, 0}};
    struct stat st;
    const int fd = make("f", PAGE);
    char *p = map(fd, PAGE, RW, 0);
    CHECK_INT(futimens(fd, old), 0);
    p[0] = 't';
    CHECK_INT(msync(p, PAGE, MS_SYNC), 0);
    CHECK_INT(fstat(fd, &st), 0);
    CHECK(st.st_mtime > 1000);
    CHECK_INT(munmap(p, PAGE), 0);
    p = map(fd, PAGE, PROT_READ, 0);
    CHECK_INT(futimens(fd, old), 0);
    CHECK_INT(msync(p, PAGE, MS_SYNC), 0);
    CHECK_INT(munmap(p, PAGE), 0);
    CHECK_INT(fstat(fd, &st), 0);
    CHECK_INT(st.st_mtime, 1000);
    CHECK_INT(close(fd), 0);
}

/* Mapped, grown and unmapped again and again: mappings and memory do not run out. */
static void test_often(void)
{
    const int fd = make("f", PAGE);
    for (int i = 0; i < 2000; i++) {
        const size_t size = (size_t)(1 + i % 60) * PAGE;
        CHECK_INT(ftruncate(fd, (off_t)size), 0);
        char *p = map(fd, size, RW, 0);
        if (p == NULL) {
            break;
        }
        p[size - 1] = (char)i;
        CHECK_INT(munmap(p, size), 0);
    }
    CHECK_INT(close(fd), 0);
    /* 40 files at once. */
    char *maps[40];
    for (int i = 0; i < 40; i++) {
        const int other = make("g", PAGE);
        maps[i] = map(other, PAGE, RW, 0);
        CHECK_INT(close(other) | unlink("g"), 0);
        maps[i][0] = (char)i;
    }
    for (int i = 0; i < 40; i++) {
        CHECK_INT(maps[i][0], i);
        CHECK_INT(munmap(maps[i], PAGE), 0);
    }
}

/* Objects of shared memory, and semaphores with names. */
static void test_names(void)
{
    char *maps[2];
    int fd = shm_open("/object", O_RDWR | O_CREAT | O_EXCL, 0600);
    CHECK(fd >= 0);
    CHECK_ERROR(shm_open("/object", O_RDWR | O_CREAT | O_EXCL, 0600), EEXIST);
    CHECK_INT(ftruncate(fd, PAGE), 0);
    maps[0] = map(fd, PAGE, RW, 0);
    CHECK_INT(close(fd), 0);
    fd = shm_open("/object", O_RDWR, 0);
    maps[1] = map(fd, PAGE, RW, 0);
    CHECK_INT(close(fd), 0);
    maps[0][7] = '7';
    CHECK_INT(maps[1][7], '7');
    CHECK_INT(shm_unlink("/object"), 0);
    CHECK_ERROR(shm_open("/object", O_RDWR, 0), ENOENT);
    CHECK_INT(munmap(maps[0], PAGE), 0);
    CHECK_INT(maps[1][7], '7');
    CHECK_INT(munmap(maps[1], PAGE), 0);

    int value = 0;
    sem_t *sem = sem_open("/sem", O_CREAT | O_EXCL, 0600, 2);
    CHECK(sem != SEM_FAILED);
    CHECK(sem_open("/sem", 0) == sem);
    CHECK_INT(sem_trywait(sem), 0);
    CHECK_INT(sem_post(sem) | sem_post(sem), 0);
    CHECK_INT(sem_getvalue(sem, &value), 0);
    CHECK_INT(value, 3);
    CHECK_INT(sem_close(sem) | sem_close(sem), 0);
    sem = sem_open("/sem", 0);
    CHECK(sem != SEM_FAILED && sem_wait(sem) == 0 && sem_getvalue(sem, &value) == 0);
    CHECK_INT(value, 2);
    CHECK_INT(sem_unlink("/sem") | sem_close(sem), 0);
    CHECK(sem_open("/sem", 0) == SEM_FAILED && errno == ENOENT);
}

/* A full file system of 1 MiB: errors, and the program goes on. */
void test_full(void)
{
    static char block[16 * PAGE];
    const int fd = shm_open("/full", O_RDWR | O_CREAT, 0600);
    CHECK_INT(ftruncate(fd, 8 << 20), 0);
    CHECK_ERROR(mmap(NULL, 8 << 20, RW, MAP_SHARED, fd, 0), ENOMEM);
    char *p = map(fd, 8 * PAGE, RW, 0);
    memset(p, 'f', 8 * PAGE);
    const int other = shm_open("/other", O_RDWR | O_CREAT, 0600);
    ssize_t done;
    while ((done = write(other, block, sizeof block)) > 0) {
    }
    CHECK(done == -1 && errno == ENOSPC);
    CHECK_ERROR(pwrite(fd, "x", 1, 4 << 20), ENOSPC);
    CHECK_ERROR(mmap(NULL, PAGE, RW, MAP_SHARED, fd, 4 << 20), ENOMEM);
    CHECK(mremap(p, 8 * PAGE, 1 << 20, MREMAP_MAYMOVE) == MAP_FAILED &&
          errno == ENOMEM);
    CHECK_INT(pwrite(fd, "y", 1, 1), 1);
    CHECK(p[1] == 'y' && p[8 * PAGE - 1] == 'f');
    CHECK_INT(shm_unlink("/other") | close(other), 0);
    CHECK_INT(pwrite(fd, "x", 1, 4 << 20), 1);
    CHECK_INT(munmap(p, 8 * PAGE) | shm_unlink("/full") | close(fd), 0);
}

void test_shared(void)
{
    mkdir("/tmp", 01777);
    mkdir("/tmp/libc-shared", 0755);
    CHECK_INT(chdir("/tmp/libc-shared"), 0);
    test_coherent();
    test_life();
    test_parts();
    test_sizes();
    test_sparse();
    test_rights();
    test_refused();
    test_remap();
    test_times();
    test_often();
    test_names();
    CHECK_INT(unlink("f"), 0);
    CHECK_INT(chdir("/"), 0);
    CHECK_INT(rmdir("/tmp/libc-shared"), 0);
}
