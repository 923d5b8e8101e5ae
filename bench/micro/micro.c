/*
 * `micro [ROUNDS [MILLISECONDS]]`: micro-benchmarks. Prints one line "NAME NANOSECONDS" per
 * operation, the smallest mean of several rounds. Compare the same line between
 * configurations.
 */
#include <bench.h>
#include <clock.h>
#include <cubicle.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <vfs.h>

static int rounds = 9;
static int64_t round_ns = 50000000; /* at most, about */

static uint8_t *buffer; /* 1 MiB of pages */
static int peer, window, window_64;
static int file;

/* Ends the program where a call was refused: its time would be that of an error. */
static void made(int result)
{
    if (result < 0) {
        fprintf(stderr, "micro: a call was refused: %d\n", result);
        exit(1);
    }
}

static void op_null(void)
{
    bench_null();
}
static void op_sum6(void)
{
    bench_sum6(1, 2, 3, 4, 5, 6);
}
static void op_self(void)
{
    cubicle_self();
}
static void op_in_16(void)
{
    made(bench_in(buffer, 16));
}
static void op_in_256(void)
{
    made(bench_in(buffer, 256));
}
static void op_in_4096(void)
{
    made(bench_in(buffer, 4096));
}
static void op_in_16384(void)
{
    made(bench_in(buffer, 16384));
}
static void op_out_4096(void)
{
    made(bench_out(buffer, 4096));
}
static void op_inout_4096(void)
{
    made(bench_inout(buffer, 4096));
}
static void op_in_65536(void)
{
    made(bench_in(buffer, 65536));
}
static void op_in_262144(void)
{
    made(bench_in(buffer, 262144));
}
static void op_in_524288(void)
{
    made(bench_in(buffer, 524288)); /* of a stack of 1 MiB three quarters may be used */
}
static void op_string_32(void)
{
    made(bench_string("a string of thirty-two characters"));
}
static void op_lseek(void)
{
    vfs_lseek(file, 0, SEEK_SET, 0);
}
static void op_pread_16(void)
{
    vfs_pread(file, buffer, 16, 0, 0);
}
static void op_pread_4096(void)
{
    vfs_pread(file, buffer, 4096, 0, 0);
}
static void op_pwrite_4096(void)
{
    vfs_pwrite(file, buffer, 4096, 0, 0);
}

static void op_stat(void)
{
    struct stat st;
    vfs_fstatat(-100, "/bench-file", &st, 0, 0);
}

static void op_window(void)
{
    cubicle_window_open(window, peer);
    bench_touch((uintptr_t)buffer);
    cubicle_window_close(window, peer);
}

/* The peer touches each page of a window of 64 once, in order. */
static void op_window_64(void)
{
    cubicle_window_open(window_64, peer);
    for (int i = 0; i < 64; i++) {
        bench_touch((uintptr_t)buffer + ((64 + i) << 12));
    }
    cubicle_window_close(window_64, peer);
}

/* The same window, of which the peer touches one page. */
static void op_window_64_one(void)
{
    cubicle_window_open(window_64, peer);
    bench_touch((uintptr_t)buffer + (80 << 12));
    cubicle_window_close(window_64, peer);
}

static void op_window_untouched(void)
{
    cubicle_window_open(window, peer);
    cubicle_window_close(window, peer);
}

/* @npages from the allocator, each written to, and back. */
static void use_pages(size_t npages)
{
    uint8_t *page = mmap(NULL, npages << 12, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (size_t i = 0; i < npages; i++) {
        page[i << 12] = 1;
    }
    munmap(page, npages << 12);
}

static void op_page(void)
{
    use_pages(1);
}
static void op_pages_16(void)
{
    use_pages(16);
}
static void op_pages_256(void)
{
    use_pages(256);
}

/* @npages of its own, of which one is used by the peer, and back. */
static void lend_pages(size_t npages)
{
    uint8_t *page = mmap(NULL, npages << 12, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    page[0] = 1;
    const int id = cubicle_window_init();
    cubicle_window_add(id, page, npages << 12, CUBICLE_READ);
    cubicle_window_open(id, peer);
    bench_touch((uintptr_t)page);
    cubicle_window_destroy(id);
    munmap(page, npages << 12);
}

static void op_page_lent(void)
{
    lend_pages(1);
}
static void op_pages_64_lent(void)
{
    lend_pages(64);
}

/* Of @count times, as many as take about round_ns. */
static long fitting(void (*op)(void), long count)
{
    const long some = count / 100 + 1;
    const int64_t start = clock_now_ns(1);
    for (long i = 0; i < some; i++) {
        op();
    }
    const int64_t each = (clock_now_ns(1) - start) / some + 1;
    return round_ns / each < count ? round_ns / each + 1 : count;
}

static void measure(const char *name, void (*op)(void), long count)
{
    double best = 1e30;
    op();
    count = fitting(op, count);
    for (int round = 0; round < rounds; round++) {
        int64_t start = clock_now_ns(1);
        for (long i = 0; i < count; i++) {
            op();
        }
        double each = (double)(clock_now_ns(1) - start) / (double)count;
        best = each < best ? each : best;
    }
    printf("%s %.1f\n", name, best);
}

int main(int argc, char **argv)
{
    rounds = argc > 1 ? atoi(argv[1]) : rounds;
    round_ns = argc > 2 ? atoi(argv[2]) * INT64_C(1000000) : round_ns;
    if (rounds < 1 || round_ns < 1) {
        fprintf(stderr, "usage: micro [ROUNDS [MILLISECONDS]]\n");
        return 2;
    }
    buffer =
        mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(buffer, 1, 1 << 20);
    peer = cubicle_find("callee");
    window = cubicle_window_init();
    window_64 = cubicle_window_init();
    const int lends = window != -ENOSYS; /* not where cubicles share no memory */
    if (lends && (cubicle_window_add(window, buffer, 4096, CUBICLE_READ) != 0 ||
                  cubicle_window_add(window_64, buffer + (64 << 12), 64 << 12,
                                     CUBICLE_READ) != 0)) {
        return 1;
    }
    file = vfs_openat(-100, "/bench-file", 0102, 0600, 0);
    if (file < 0 || write(file, buffer, 8192) != 8192) {
        return 1;
    }
    measure("null", op_null, 200000);
    measure("six-arguments", op_sum6, 200000);
    measure("monitor", op_self, 200000);
    measure("in-16", op_in_16, 100000);
    measure("in-256", op_in_256, 100000);
    measure("in-4096", op_in_4096, 50000);
    measure("in-16384", op_in_16384, 20000);
    measure("out-4096", op_out_4096, 50000);
    measure("inout-4096", op_inout_4096, 50000);
    measure("in-65536", op_in_65536, 5000);
    measure("in-262144", op_in_262144, 1000);
    measure("in-524288", op_in_524288, 500);
    measure("string-32", op_string_32, 100000);
    measure("page-map-touch-unmap", op_page, 2000);
    measure("pages-16-map-touch-unmap", op_pages_16, 500);
    measure("pages-256-map-touch-unmap", op_pages_256, 50);
    measure("lseek", op_lseek, 100000);
    measure("pread-16", op_pread_16, 100000);
    measure("pread-4096", op_pread_4096, 50000);
    measure("pwrite-4096", op_pwrite_4096, 50000);
    measure("stat", op_stat, 50000);
    if (lends) {
        measure("window-open-close", op_window_untouched, 20000);
        measure("window-open-touch-close", op_window, 2000);
        measure("window-64-pages", op_window_64, 100);
        measure("window-64-pages-one", op_window_64_one, 1000);
        measure("page-map-lend-unmap", op_page_lent, 1000);
        measure("pages-64-map-lend-unmap", op_pages_64_lent, 200);
    }
    return 0;
}
