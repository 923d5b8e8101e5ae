/*
 * Attacks through interfaces (D of the catalogue): hostile pointers, lengths, numbers
 * and ids to every function that an application can call. Nothing may fault, nothing of
 * the victim may change or be told, and every error is an errno.
 */
#include "attacker.h"

#include <alloc.h>
#include <clock.h>
#include <cubicle.h>
#include <errno.h>
#include <fcntl.h>
#include <fs_ops.h>
#include <plat.h>
#include <random.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>
#include <vfs.h>
#include <victim.h>

typedef int64_t (*any_function)(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t,
                                uint64_t);

/* Classes of arguments: f descriptor, p pointer to a range, s string, n its length, i
 * int, o offset, c caller (ignored), 0 a zero. */
struct row {
    const char *name;
    any_function function;
    const char *arguments;
    int is_int; /* returns int, not int64_t */
};

#define ROW(function, arguments)                                     \
    {                                                                \
#function, (any_function)(uintptr_t)(function), arguments, 1 \
    }
#define ROW64(function, arguments)                                   \
    {                                                                \
#function, (any_function)(uintptr_t)(function), arguments, 0 \
    }
static const struct row rows[] = {
    ROW(vfs_openat, "fsiic"),
    ROW(vfs_close, "fc"),
    ROW64(vfs_read, "fpnc"),
    ROW64(vfs_write, "fpnc"),
    ROW64(vfs_pread, "fpnoc"),
    ROW64(vfs_pwrite, "fpnoc"),
    ROW64(vfs_seek_read, "fpnoc"),
    ROW64(vfs_seek_write, "fpnoc"),
    ROW64(vfs_lseek, "foic"),
    ROW(vfs_fstat, "fpc"),
    ROW(vfs_fstatat, "fspic"),
    ROW(vfs_absent, "spc"),
    ROW(vfs_ftruncate, "foc"),
    ROW(vfs_truncate, "soc"),
    ROW(vfs_fsync, "fc"),
    ROW(vfs_fcntl, "fioc"),
    ROW(vfs_lock, "fiooc"),
    ROW(vfs_lock_query, "fioopc"),
    ROW(vfs_dup, "fc"),
    ROW(vfs_dup3, "fiic"),
    ROW(vfs_pipe2, "pic"),
    ROW64(vfs_getdents, "fpnc"),
    ROW(vfs_unlinkat, "fsic"),
    ROW(vfs_mkdirat, "fsic"),
    ROW(vfs_mknodat, "fsioc"),
    ROW(vfs_renameat, "fsfsc"),
    ROW(vfs_linkat, "fsfsic"),
    ROW(vfs_symlinkat, "sfsc"),
    ROW64(vfs_readlinkat, "fspnc"),
    ROW(vfs_faccessat, "fsiic"),
    ROW(vfs_fchmod, "fic"),
    ROW(vfs_fchmodat, "fsic"),
    ROW(vfs_fchown, "fiic"),
    ROW(vfs_fchownat, "fsiiic"),
    ROW(vfs_utimensat, "fspic"),
    ROW(vfs_chdir, "sc"),
    ROW(vfs_fchdir, "fc"),
    ROW64(vfs_getcwd, "pnc"),
    ROW(vfs_isatty, "fc"),
    ROW(vfs_winsize, "fc"),
    ROW(vfs_poll, "pn0c"),
    ROW64(vfs_map, "foni"),
    ROW(vfs_unmap, "pn"),
    ROW(vfs_map_protect, "pni"),
    ROW(vfs_map_grow, "pnn"),
    ROW(vfs_map_sync, "p"),
    ROW(vfs_statfs, "spc"),
    ROW(vfs_fstatfs, "fpc"),
    ROW64(alloc_map, "nc"),
    ROW(alloc_unmap, "pnc"),
    ROW64(alloc_map_room, "nnc"),
    ROW64(alloc_map_again, "nc"),
    ROW(alloc_grow, "pnnc"),
    ROW64(alloc_reserve, "nc"),
    ROW(alloc_commit, "pnc"),
    ROW(alloc_decommit, "pnc"),
    ROW64(alloc_span, "pnc"),
    ROW64(clock_now_ns, "i"),
    ROW64(clock_resolution_ns, "i"),
    ROW64(random_bytes, "pn"),
    ROW64(plat_console_write, "ipn"),
    ROW(plat_console_isatty, "i"),
    ROW64(plat_argument, "ipn"),
    ROW64(plat_environment, "ipn"),
    ROW64(plat_clock, "i"),
    ROW64(plat_entropy, "pn"),
    ROW(cubicle_find, "s"),
    ROW(cubicle_window_add, "ipni"),
    ROW(cubicle_window_remove, "ip"),
    ROW(cubicle_window_open, "ii"),
    ROW(cubicle_window_close, "ii"),
    ROW(cubicle_window_close_all, "i"),
    ROW(cubicle_window_destroy, "i"),
    ROW(cubicle_window_lender, "pni"),
    ROW(cubicle_page_protect, "pni"),
    ROW(cubicle_page_discard, "pn"),
    ROW(cubicle_page_rights, "pn"),
    ROW(cubicle_fenv_set, "o"),
    ROW64(cubicle_epoch, "i"),
    ROW(cubicle_bind, "snspn"),
};

static const uint64_t descriptors[] = {3,
                                       (uint64_t)-1,
                                       64,
                                       1000000,
                                       INT32_MAX,
                                       0x80000000,
                                       (uint64_t)AT_FDCWD,
                                       UINT64_C(0x100000003)};
static const uint64_t lengths[] = {0,
                                   1,
                                   16,
                                   4096,
                                   65536,
                                   65537,
                                   UINT64_C(1) << 31,
                                   UINT64_C(1) << 32,
                                   UINT64_C(1) << 40,
                                   INT64_MAX,
                                   UINT64_MAX,
                                   UINT64_MAX - 4095};
static const uint64_t integers[] = {
    0, 1, 2, 7, 4096, INT32_MAX, 0x80000000, UINT64_MAX, UINT64_C(0xffffffff00000000)};
static const uint64_t offsets[] = {0,
                                   1,
                                   INT64_MAX,
                                   UINT64_C(1) << 63,
                                   UINT64_MAX,
                                   UINT64_C(1) << 32,
                                   UINT64_C(1) << 50};
enum { NPOINTERS = 15 };
static uint64_t pointers[NPOINTERS];
static unsigned foreign; /* pointers[0..foreign) are memory of others, or of nobody */

static unsigned values_of(char class, const uint64_t **values)
{
    static const uint64_t nothing[] = {0, 1, 255};
    switch (class) {
#define CLASS(letter, table) \
    case letter:             \
        *values = table;     \
        return sizeof(table) / sizeof(table)[0];
        CLASS('f', descriptors)
        CLASS('n', lengths)
        CLASS('i', integers)
        CLASS('o', offsets)
        CLASS('p', pointers)
        CLASS('s', pointers)
        CLASS('c', nothing)
    default:
        *values = nothing;
        return 1;
    }
}

static char *own;
enum { SAVED_STDOUT = 20, SAVED_FILE = 21 };

static void prepare(void)
{
    static const char path[] = "/tmp-deputy";
    enum { GONE = 4200 }; /* more than stay the attacker's when they are given back */
    own = mmap(NULL, (2 + GONE) * 4096, PROT_READ | PROT_WRITE,
               MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(own + 8192, GONE * 4096);
    memset(own, 'x', 8192); /* no NUL before the end */
    unsigned n = 0;
    for (int what = VICTIM_HEAP; what <= VICTIM_TLS; what++) {
        pointers[n++] = victim_address(what);
    }
    pointers[n++] = victim_address(VICTIM_ENTRY);
    pointers[n++] = 0;
    pointers[n++] = 0xffffffff;
    pointers[n++] = 0x7f000000;
    pointers[n++] = 0xfffe0000; /* what stands for arguments on demand */
    pointers[n++] = (uintptr_t)own + 8192;
    foreign = n;
    pointers[n++] = (uintptr_t)own + 8192 - 8; /* starts in ours, ends elsewhere */
    pointers[n++] = (uintptr_t)own;
    pointers[n++] = (uintptr_t)path;
    pointers[n++] = (uintptr_t) "";
    close(3);
    if (n > NPOINTERS || open("/deputy", O_RDWR | O_CREAT, 0600) != 3) {
        printf("cannot prepare: %u pointers\n", n);
        exit(98);
    }
    fcntl(1, F_DUPFD, SAVED_STDOUT);
    fcntl(3, F_DUPFD, SAVED_FILE);
}

static int bad;

static void complain(const struct row *row, const uint64_t *a, int64_t result,
                     const char *what)
{
    bad++;
    printf("%s(%#lx, %#lx, %#lx, %#lx, %#lx) = %ld: %s\n", row->name, a[0], a[1], a[2],
           a[3], a[4], (long)result, what);
}

/* Calls, checks, and repairs what a successful call may have done to our descriptors. */
static void attempt(const struct row *row, const uint64_t *a)
{
    int64_t result = row->function(a[0], a[1], a[2], a[3], a[4], a[5]);
    if (row->is_int) {
        result = (int32_t)result;
    }
    vfs_dup3(SAVED_STDOUT, 1, 0, 0);
    vfs_dup3(SAVED_STDOUT, 2, 0, 0);
    vfs_dup3(SAVED_FILE, 3, 0, 0);
    if (result < -4095) {
        complain(row, a, result, "not an errno");
    }
    if (victim_intact() != 1) {
        complain(row, a, result, "the victim has changed");
        exit(1);
    }
}

/* Every value of each argument, and every pair of values of two arguments. */
static int hostile_arguments(void)
{
    int count = 0;
    prepare();
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        const struct row *row = &rows[r];
        int n = (int)strlen(row->arguments);
        for (int fd = 4; fd < 300; fd++) {
            if (fd != SAVED_STDOUT && fd != SAVED_FILE) {
                vfs_close(fd, 0);
            }
        }
        for (int i = 0; i < n; i++) {
            for (int k = i; k < n; k++) {
                const uint64_t *vi, *vk;
                unsigned ni = values_of(row->arguments[i], &vi);
                unsigned nk = values_of(row->arguments[k], &vk);
                for (unsigned x = 0; x < ni; x++) {
                    for (unsigned y = 0; y < (k == i ? 1 : nk); y++) {
                        uint64_t a[6] = {0};
                        for (int z = 0; z < n; z++) {
                            const uint64_t *vz;
                            unsigned nz = values_of(row->arguments[z], &vz);
                            a[z] = vz[row->arguments[z] == 'p' ? nz - 3 : 0];
                        }
                        a[i] = vi[x];
                        if (k != i) {
                            a[k] = vk[y];
                        }
                        attempt(row, a);
                        count++;
                    }
                }
            }
        }
    }
    /* On a line of its own: what is on the console by then may be anything. */
    printf("\n%d calls, %d bad\n", count, bad);
    return bad != 0;
}

/* The callee must not read or write for the caller what the caller cannot reach itself. */
static int deputy_ranges(void)
{
    static const size_t sizes[] = {1, 16, 4096, 65536, 65537, 1 << 20};
    int file;
    prepare();
    file = 3;
    if (pwrite(file, own, 8192, 0) != 8192 || symlink("target", "/link") != 0) {
        return 98;
    }
    for (unsigned p = 0; p < foreign; p++) {
        for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
            uint64_t at = pointers[p];
            int64_t results[] = {
                vfs_pread(file, (void *)at, sizes[s], 0, 0),
                vfs_pwrite(file, (void *)at, sizes[s], 0, 0),
                random_bytes((void *)at, sizes[s]),
                vfs_getcwd((void *)at, sizes[s], 0),
                vfs_fstat(file, (void *)at, 0),
                vfs_openat(AT_FDCWD, (const char *)at, O_RDONLY, 0, 0),
                vfs_readlinkat(AT_FDCWD, "/link", (void *)at, sizes[s], 0),
                vfs_poll((void *)at, sizes[s] & ~(size_t)7, 0, 0),
            };
            for (size_t r = 0; r < sizeof results / sizeof results[0]; r++) {
                int refused = results[r] == -EFAULT ||
                              (results[r] == -ENOBUFS && sizes[s] == 1 << 20) ||
                              (results[r] == -ERANGE && r == 3 && sizes[s] == 1) ||
                              (results[r] == 0 && r == 7 && sizes[s] < 8);
                if (!refused) {
                    printf("call %zu with %#lx, %zu: %ld\n", r, at, sizes[s],
                           (long)results[r]);
                    bad++;
                }
            }
        }
    }
    struct stat st;
    if (fstat(file, &st) != 0 || st.st_size != 8192) {
        printf("the file has changed\n");
        bad++;
    }
    printf("intact %d, %d bad\n", victim_intact(), bad);
    return bad != 0;
}

/* Descriptors run out with EMFILE, for this cubicle only, and come back. */
static int descriptors_run_out(void)
{
    static int fds[100000];
    for (int round = 0; round < 2; round++) {
        int count = 0;
        while (count < 100000 && (fds[count] = open("/", O_RDONLY)) >= 0) {
            count++;
        }
        if (count < 16 || count == 100000 || errno != EMFILE) {
            printf("%d descriptors, errno %d\n", count, errno);
            return 1;
        }
        if (victim_intact() != 1) {
            return 1;
        }
        while (count > 0) {
            close(fds[--count]);
        }
    }
    printf("refused\n");
    return 0;
}

/* The host allows a process so many mappings. One cubicle that scatters its pages gets its
 * share of them, and the others can still be given memory. */
static char *map_pages(int npages)
{
    return mmap(NULL, (size_t)npages * 4096, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

/* Pages that are alike again after they were protected in turn: what the monitor counts as
 * one run must be one mapping of the host's. */
static int reused_in_pieces(void)
{
    enum { CHUNKS = 280, CHUNK = 500, INNER = CHUNK - 2 };
    int bad = 0;
    for (int chunk = 0; bad == 0 && chunk < CHUNKS; chunk++) {
        char *const start = map_pages(CHUNK);
        if (start == MAP_FAILED) {
            bad++;
            break;
        }
        char *const end = start + (CHUNK - 1) * 4096;
        /* Neighbours that a hole does not join. */
        bad += mprotect(start, 4096, PROT_READ) != 0 ||
               mprotect(end, 4096, PROT_READ) != 0;
        bad += munmap(start + 4096, INNER * 4096) != 0;
        char *const inner = map_pages(INNER);
        bad += inner == MAP_FAILED;
        for (int i = 0; bad == 0 && i < INNER; i += 2) {
            bad += mprotect(inner + i * 4096, 4096, PROT_READ) != 0;
        }
        for (int i = 1; bad == 0 && i < INNER; i += 2) {
            inner[i * 4096] = 1;
        }
        bad += mprotect(inner, INNER * 4096, PROT_READ | PROT_WRITE) != 0 ||
               mprotect(start, 4096, PROT_READ | PROT_WRITE) != 0 ||
               mprotect(end, 4096, PROT_READ | PROT_WRITE) != 0;
    }
    printf("%s\n", bad == 0 && victim_intact() == 1 ? "served" : "BROKEN");
    return 0;
}

/* What the victim used, page by page, and whose every second page the lender uses again:
 * where a page has one user, that many mappings the host does not have. */
static int lent_in_pieces(void)
{
    enum { PAGES = 70000 };
    char *const lent = map_pages(PAGES);
    const int id = cubicle_window_init();
    int bad = lent == MAP_FAILED ||
              cubicle_window_add(id, lent, (size_t)PAGES * 4096, CUBICLE_WRITE) != 0;
    bad += cubicle_window_open(id, cubicle_find("victim")) != 0;
    bad += bad == 0 && victim_increment((uint64_t)lent, 4096, PAGES) != 0;
    for (int i = 0; bad == 0 && i < PAGES; i += 2) {
        lent[(size_t)i * 4096]++;
    }
    /* Others go on, and are given memory. */
    const int fd = open("/scattered", O_CREAT | O_RDWR, 0600);
    for (int i = 0; i < 512; i++) {
        bad += pwrite(fd, "x", 1, (off_t)i * 65536) != 1;
    }
    bad += victim_intact() != 1;
    for (int i = 0; bad == 0 && i < PAGES; i++) {
        bad += lent[(size_t)i * 4096] != (i % 2 == 0 ? 2 : 1);
    }
    bad += cubicle_window_destroy(id) != 0;
    bad += munmap(lent, (size_t)PAGES * 4096) != 0;
    printf("%s\n", bad == 0 ? "served" : "BROKEN");
    return 0;
}

static int mappings_run_out(void)
{
    enum { PAGES = 8192 };
    char *const base = mmap(NULL, PAGES * 4096, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int protected = 0;
    int freed = 0;
    while (protected < PAGES / 2 &&
           mprotect(base + (size_t) protected * 8192, 4096, PROT_READ) == 0) {
        protected++;
    }
    const int protect_error = errno;
    while (freed < PAGES / 2 &&
           munmap(base + (PAGES - 2 - 2 * (size_t)freed) * 4096, 4096) == 0) {
        freed++;
    }
    if (protected < 100 || protected == PAGES / 2 || protect_error != ENOMEM ||
        freed == PAGES / 2 || errno != ENOMEM) {
        printf("%d protected, %d freed, errno %d\n", protected, freed, errno);
        return 1;
    }
    /* All of it at once makes fewer runs, not more. */
    if (munmap(base, PAGES * 4096 / 2) != 0 || victim_intact() != 1) {
        return 1;
    }
    const int fd = open("/mapped", O_CREAT | O_RDWR, 0600);
    for (int i = 0; i < 512; i++) {
        if (pwrite(fd, "x", 1, (off_t)i * 65536) != 1) {
            return 1;
        }
    }
    printf("refused\n");
    return 0;
}

/* Another cubicle's descriptors are not ours, whatever caller id is passed. */
static int foreign_caller_id(void)
{
    int victim = cubicle_find("victim");
    int fd = open("/", O_RDONLY);
    for (int caller = 0; caller < 20; caller++) {
        if (vfs_fcntl(fd, F_GETFD, 0, caller) < 0) {
            return 1;
        }
    }
    if (alloc_unmap((void *)victim_address(VICTIM_HEAP), 4096, victim) != -EINVAL) {
        return 1;
    }
    printf("refused %d\n", victim_intact());
    return 0;
}

/* libc lets a seek wait for the transfer behind it: one that is refused on its way must
 * not take the seek along. */
static int refused_after_seek(void)
{
    char byte = 0;
    const int fd = open("/sought", O_CREAT | O_RDWR, 0600);
    if (write(fd, "01234567", 8) != 8) {
        return 1;
    }
    for (int i = 1; i < 8; i++) {
        const int reads = i % 2;
        if (lseek(fd, i, SEEK_SET) != i ||
            (reads ? read(fd, (void *)16, 4) : write(fd, (void *)16, 4)) != -1 ||
            errno != EFAULT || read(fd, &byte, 1) != 1 || byte != '0' + i) {
            printf("%d: at '%c', errno %d\n", i, byte, errno);
            return 1;
        }
    }
    printf("kept\n");
    return 0;
}

/* Writes that fail leave no page of a deleted file behind in the new one. */
static int failed_write(void)
{
    static char deleted[8 * 4096], back[4 * 4096];
    prepare();
    memset(deleted, 'S', sizeof(deleted));
    int fd = open("/deleted", O_CREAT | O_RDWR, 0600);
    if (write(fd, deleted, sizeof(deleted)) != sizeof(deleted) || close(fd) != 0 ||
        unlink("/deleted") != 0) {
        return 1;
    }
    fd = open("/failed", O_CREAT | O_RDWR, 0600);
    const uint64_t sources[] = {(uintptr_t)own + 8192 - 100, (uintptr_t)failed_write,
                                0xfffe0000, victim_address(VICTIM_HEAP)};
    for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
        for (size_t size = 200; size <= 300; size += 100) {
            if (pwrite(fd, (const void *)sources[i], size, (off_t)i * 4096 + 5) != -1 ||
                errno != EFAULT) {
                printf("source %zu was written\n", i);
            }
        }
    }
    if (ftruncate(fd, sizeof(back)) != 0 ||
        pread(fd, back, sizeof(back), 0) != sizeof(back)) {
        return 1;
    }
    size_t stale = 0;
    for (size_t i = 0; i < sizeof(back); i++) {
        stale += back[i] != 0;
    }
    if (stale != 0) {
        return survived();
    }
    printf("nothing shows\n");
    return 0;
}

/* The file systems are vfscore's to use; past it there are no permissions. */
static int bind_past_vfscore(void)
{
    struct fs_ops ops;
    int refused = 0;

    memset(&ops, 0, sizeof(ops));
    for (int i = 0; i < 100; i++) {
        refused += fs_bind(&ops, i % 2 == 0 ? "ramfs" : "devfs") == -EACCES;
    }
    for (size_t i = 0; i < sizeof(ops); i++) {
        if (((const char *)&ops)[i] != 0) {
            return survived();
        }
    }
    printf("refused %d\n", refused);
    return 0;
}

static __attribute__((noreturn)) int endless_loop(void)
{
    printf("looping\n");
    for (;;) {
        asm volatile("");
    }
}

/* Alarms that come faster than one can be handled, so that nothing else would ever run. */
static __attribute__((noreturn)) int endless_alarms(void)
{
    const struct itimerval often = {.it_interval.tv_usec = 1, .it_value.tv_usec = 1};
    signal(SIGALRM, SIG_IGN);
    printf("looping\n");
    setitimer(ITIMER_REAL, &often, NULL);
    for (;;) {
        asm volatile("");
    }
}

const struct attack deputy_attacks[] = {
    {"hostile_arguments", hostile_arguments},
    {"deputy_ranges", deputy_ranges},
    {"descriptors_run_out", descriptors_run_out},
    {"foreign_caller_id", foreign_caller_id},
    {"mappings_run_out", mappings_run_out},
    {"reused_in_pieces", reused_in_pieces},
    {"lent_in_pieces", lent_in_pieces},
    {"refused_after_seek", refused_after_seek},
    {"failed_write", failed_write},
    {"bind_past_vfscore", bind_past_vfscore},
    {"endless_loop", endless_loop},
    {"endless_alarms", endless_alarms},
    {0},
};
