/* What operations cost in one process without isolation: nanoseconds each. Not a test:
 * run it by hand. */
#include "stubs.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <vfs.h>

static double now(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
    return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

#define ME 3
/* The best of many short rounds: other work on the machine disturbs few of them. */
#define ROUNDS 200
#define REPEAT 40000

#define MEASURE(name, count, body)                                 \
    do {                                                           \
        double best = 1e18;                                        \
        for (int round = 0; round < ROUNDS; round++) {             \
            const double start = now();                            \
            for (long i = 0; i < (count); i++) {                   \
                body;                                              \
            }                                                      \
            const double each = (now() - start) / (double)(count); \
            best = each < best ? each : best;                      \
        }                                                          \
        printf("%-34s %8.1f\n", name, best);                       \
    } while (0)

/* Not at the start of a page: copies between such addresses can be slow by themselves. */
static char space[65536 + 1040];
static char *const page = space + 1040;

static void check(long result)
{
    if (result < 0) {
        fprintf(stderr, "error %ld\n", -result);
        exit(1);
    }
}

static void transaction(int db)
{
    const int journal = vfs_openat(AT_FDCWD, "/db-journal", O_RDWR | O_CREAT, 0644, ME);
    check(journal);
    check(vfs_write(journal, page, 512, ME));
    check(vfs_write(journal, page, 4, ME));
    check(vfs_write(journal, page, 4096, ME));
    check(vfs_fsync(journal, ME));
    check(vfs_pwrite(db, page, 4096, 8192, ME));
    check(vfs_close(journal, ME));
    check(vfs_unlinkat(AT_FDCWD, "/db-journal", 0, ME));
}

static void many_files(int count)
{
    char name[32];
    for (int i = 0; i < count; i++) {
        snprintf(name, sizeof(name), "/many/%d", i);
        const int fd = vfs_openat(AT_FDCWD, name, O_WRONLY | O_CREAT, 0644, ME);
        check(fd);
        vfs_close(fd, ME);
    }
    for (int i = 0; i < count; i++) {
        snprintf(name, sizeof(name), "/many/%d", i);
        check(vfs_unlinkat(AT_FDCWD, name, 0, ME));
    }
}

int main(void)
{
    struct stat st;
    stub_boot();
    stub.clock_step_ns = 1;
    const int fd = vfs_openat(AT_FDCWD, "/db", O_RDWR | O_CREAT, 0644, ME);
    check(fd);
    for (int i = 0; i < 10000; i++) {
        check(vfs_write(fd, page, 4096, ME));
    }
    check(vfs_mkdirat(AT_FDCWD, "/many", 0755, ME));
    check(vfs_mkdirat(AT_FDCWD, "/tmp", 0755, ME));

    MEASURE("lseek", REPEAT, vfs_lseek(fd, (i & 8191) * 4096, SEEK_SET, ME));
    MEASURE("read 16", REPEAT,
            (vfs_lseek(fd, 24, SEEK_SET, ME), vfs_read(fd, page, 16, ME)));
    MEASURE("lseek + read 4096", REPEAT / 4,
            (vfs_lseek(fd, (i * 37 & 8191) * 4096, SEEK_SET, ME),
             vfs_read(fd, page, 4096, ME)));
    MEASURE("memcpy 4096 of the same", REPEAT / 4, memcpy(page, page + 8192, 4096);
            __asm__ volatile("" ::
                                 : "memory"));
    MEASURE("pread 4096, one page", REPEAT / 4, vfs_pread(fd, page, 4096, 4096, ME));
    MEASURE("pwrite 4096", REPEAT / 4,
            vfs_pwrite(fd, page, 4096, (i & 8191) * 4096, ME));
    MEASURE("pwrite 4", REPEAT, vfs_pwrite(fd, page, 4, 4096, ME));
    MEASURE("lock + unlock", REPEAT,
            (vfs_lock(fd, VFS_LOCK(F_RDLCK, 0, 0), 0x40000002, 510, ME),
             vfs_lock(fd, VFS_LOCK(F_UNLCK, 0, 0), 0, 0, ME)));
    MEASURE("fstat", REPEAT, vfs_fstat(fd, &st, ME));
    MEASURE("write 4 + fstat", REPEAT,
            (vfs_pwrite(fd, page, 4, 4096, ME), vfs_fstat(fd, &st, ME)));
    MEASURE("stat /db", REPEAT, vfs_fstatat(AT_FDCWD, "/db", &st, 0, ME));
    MEASURE("stat db", REPEAT, vfs_fstatat(AT_FDCWD, "db", &st, 0, ME));
    MEASURE("stat /tmp/absent-journal", REPEAT,
            vfs_fstatat(AT_FDCWD, "/tmp/absent-journal", &st, 0, ME));
    MEASURE("access /db-journal (absent)", REPEAT,
            vfs_faccessat(AT_FDCWD, "/db-journal", 0, 0, ME));
    MEASURE("fsync", REPEAT, vfs_fsync(fd, ME));
    MEASURE("open + close", REPEAT,
            vfs_close(vfs_openat(AT_FDCWD, "/db", O_RDONLY, 0, ME), ME));
    MEASURE("create + close + unlink", REPEAT / 4,
            (vfs_close(vfs_openat(AT_FDCWD, "/x", O_CREAT | O_RDWR, 0644, ME), ME),
             vfs_unlinkat(AT_FDCWD, "/x", 0, ME)));
    const uint64_t calls = stub.clock_calls;
    MEASURE("transaction (8 operations)", REPEAT / 8, transaction(fd));
    printf("%-34s %8.2f\n", "clock readings per transaction",
           (double)(stub.clock_calls - calls) / ((double)ROUNDS * REPEAT / 8));
    MEASURE("1000 files: create all, unlink all", 1, many_files(1000));
    return 0;
}
