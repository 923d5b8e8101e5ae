/*
 * Mappings of ramfs against a model: random mappings by several clients, parts of them
 * that end, changes of rights and of sizes, reads and writes. After each step the windows
 * lend exactly what the model says, and file and mappings have the same bytes. Repeat one
 * with CUBICLE_SEED=N.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <cubicle.h>
#include <cubicle/in.h>
#include <lifecycle.h>

#include "../../../components/ramfs/ramfs.h"
#include "fail_after.h"
#include "stub_windows.h"

#define PAGES 28 /* of a file: two files' ranges fit the windows of one client */
#define FILES 2
#define CLIENTS 3
#define FIRST_CLIENT 4
#define STEPS 6000
#define PAGE RAMFS_PAGE

const char *in_unreadable;

int ramfs_ended(int cubicle);

static uint64_t root;

struct lent {
    unsigned count;
    int rights, limit;
};

static struct file {
    uint64_t number;
    size_t size;
    char data[PAGES * RAMFS_PAGE];
    char *at[PAGES]; /* while somebody has the page mapped */
    struct lent lent[CLIENTS][PAGES];
} files[FILES];

static uint64_t random_state = 1;

static uint32_t roll(uint32_t below)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(random_state >> 33) % below;
}

static bool is_mapped(const struct file *file, unsigned page)
{
    bool mapped = false;
    for (unsigned c = 0; c < CLIENTS; c++) {
        mapped |= file->lent[c][page].count > 0;
    }
    return mapped;
}

static uint64_t create(const char *name)
{
    struct fs_attr attr;
    assert_int_equal(fs_create(root, name, S_IFREG | 0600, 1, &attr), 0);
    return attr.node;
}

static int setup(void **state)
{
    (void)state;
    struct fs_attr attr;
    assert_int_equal(fs_mount("", &attr), 0);
    root = attr.node;
    return 0;
}

/* ---- the model's steps ---- */

static int random_rights(void)
{
    static const int rights[] = {0, CUBICLE_READ, CUBICLE_WRITE, CUBICLE_WRITE};
    return rights[roll(4)];
}

static void step_map(struct file *file)
{
    const unsigned c = roll(CLIENTS);
    const unsigned first = roll(PAGES);
    const unsigned n = 1 + roll(PAGES - first);
    const int limit = roll(3) == 0 ? CUBICLE_READ : CUBICLE_WRITE;
    const int rights = random_rights() & limit;
    const int64_t result = fs_map(file->number, first * PAGE, n * PAGE - roll(PAGE),
                                  rights, limit, (int)(FIRST_CLIENT + c));
    if (result == -ENOMEM) {
        return; /* no piece: a part of it is mapped elsewhere */
    }
    assert_true(result > 0);
    for (unsigned i = 0; i < n; i++) {
        char *at = (char *)(uintptr_t)result + i * PAGE;
        struct lent *lent = &file->lent[c][first + i];
        if (is_mapped(file, first + i)) {
            assert_ptr_equal(file->at[first + i], at);
        }
        file->at[first + i] = at;
        lent->rights = lent->count == 0 ? rights : lent->rights | rights;
        lent->limit = lent->count == 0 ? limit : lent->limit | limit;
        lent->count++;
    }
}

/** Whether pages [@first, @first + @n) lie in one area: two may be neighbours by chance. */
static bool one_area(const struct file *file, unsigned first, unsigned n)
{
    const struct ramfs_area *area = node_get(file->number)->areas;
    while (area != NULL && first - area->first >= area->npages) {
        area = area->next;
    }
    return area != NULL && first + n <= area->first + area->npages;
}

/** What fs_map_change() is to answer for client @c's pages [@first, @first + @n). */
static int expected(const struct file *file, unsigned c, unsigned first, unsigned n,
                    int rights)
{
    int error = 0;
    for (unsigned i = first; i < first + n; i++) {
        const struct lent *lent = &file->lent[c][i];
        if (lent->count == 0 || !one_area(file, first, n)) {
            return -EINVAL;
        }
        if (rights != FS_UNMAP && (rights & ~lent->limit) != 0) {
            error = -EACCES;
        }
    }
    return error;
}

static void step_change(struct file *file)
{
    const unsigned c = roll(CLIENTS);
    const unsigned first = roll(PAGES);
    const unsigned n = 1 + roll(PAGES - first);
    const int rights = roll(2) == 0 ? FS_UNMAP : random_rights();
    if (!is_mapped(file, first)) {
        return;
    }
    const int error = expected(file, c, first, n, rights);
    assert_int_equal(
        fs_map_change(file->at[first], n * PAGE, rights, (int)(FIRST_CLIENT + c)),
        error);
    for (unsigned i = first; error == 0 && i < first + n; i++) {
        if (rights == FS_UNMAP) {
            file->lent[c][i].count--;
        } else {
            file->lent[c][i].rights = rights;
        }
    }
}

static void step_resize(struct file *file)
{
    const size_t size = roll(sizeof(file->data) + 1);
    const struct fs_attr attr = {.size = size};
    assert_int_equal(fs_setattr(file->number, FS_SET_SIZE, &attr), 0);
    if (size < file->size) {
        memset(file->data + size, 0, file->size - size);
    }
    file->size = size;
}

static void step_write(struct file *file)
{
    const size_t offset = roll(sizeof(file->data));
    const size_t left = sizeof(file->data) - offset;
    const size_t count = 1 + roll((uint32_t)(left < 3 * PAGE ? left : 3 * PAGE));
    static char buf[3 * RAMFS_PAGE];
    memset(buf, (int)roll(256), count);
    assert_int_equal(fs_write(file->number, offset, buf, count), (long)count);
    memcpy(file->data + offset, buf, count);
    file->size = offset + count > file->size ? offset + count : file->size;
}

/* A client writes to what it has, the bytes past the file's end too. */
static void step_store(struct file *file)
{
    const unsigned page = roll(PAGES);
    const int byte = (int)roll(256);
    if (!is_mapped(file, page)) {
        return;
    }
    memset(file->at[page], byte, PAGE);
    const size_t start = page * PAGE;
    if (start < file->size) {
        const size_t part = file->size - start < PAGE ? file->size - start : PAGE;
        memset(file->data + start, byte, part);
    }
}

static void step_end(void)
{
    const unsigned c = roll(CLIENTS);
    stub_windows_forget((int)(FIRST_CLIENT + c));
    assert_int_equal(ramfs_ended((int)(FIRST_CLIENT + c)), 0);
    for (unsigned f = 0; f < FILES; f++) {
        memset(files[f].lent[c], 0, sizeof(files[f].lent[c]));
    }
    struct fs_stat stat;
    assert_int_equal(fs_statfs(0, &stat), 0); /* where it is made good */
}

static void check(const struct file *file)
{
    static char buf[PAGES * RAMFS_PAGE + 1];
    assert_int_equal(fs_read(file->number, 0, buf, sizeof(buf), 0), (long)file->size);
    assert_memory_equal(buf, file->data, file->size);
    for (unsigned i = 0; i < PAGES; i++) {
        const size_t start = i * PAGE;
        if (!is_mapped(file, i)) {
            continue;
        }
        for (unsigned c = 0; c < CLIENTS; c++) {
            const struct lent *lent = &file->lent[c][i];
            assert_int_equal(stub_window_rights((int)(FIRST_CLIENT + c), file->at[i]),
                             lent->count > 0 ? lent->rights : 0);
        }
        if (start < file->size) {
            const size_t left = file->size - start;
            assert_memory_equal(file->at[i], file->data + start,
                                left < PAGE ? left : PAGE);
        }
    }
}

static void test_model(void **state)
{
    const char *seed = getenv("CUBICLE_SEED");
    (void)state;
    random_state = seed != NULL ? strtoull(seed, NULL, 0) : 1;
    const uint64_t used = ramfs_pool.used;
    files[0].number = create("first");
    files[1].number = create("second");
    for (unsigned step = 0; step < STEPS; step++) {
        struct file *file = &files[roll(FILES)];
        switch (roll(8)) {
        case 0:
            step_map(file);
            break;
        case 1:
        case 2:
        case 3:
            step_change(file);
            break;
        case 4:
            step_resize(file);
            break;
        case 5:
            step_write(file);
            break;
        case 6:
            step_store(file);
            break;
        default:
            if (roll(100) == 0) {
                step_end();
            }
            break;
        }
        check(file);
    }
    for (unsigned c = 0; c < CLIENTS; c++) {
        ramfs_ended((int)(FIRST_CLIENT + c));
    }
    assert_int_equal(fs_unlink(root, "first", 0, 1), 0);
    assert_int_equal(fs_unlink(root, "second", 0, 1), 0);
    assert_int_equal(stub_windows_used(), 0);
    assert_int_equal(ramfs_pool.used, used);
}

/* ---- single cases ---- */

static void test_refused(void **state)
{
    (void)state;
    const int w = CUBICLE_WRITE;
    const uint64_t file = create("refused");
    struct fs_mapping mapping;
    assert_int_equal(fs_map(77, 0, 1, w, w, 4), -ESTALE);
    assert_int_equal(fs_map(root, 0, 1, w, w, 4), -ENODEV);
    assert_int_equal(fs_map(file, 1, 1, w, w, 4), -EINVAL);
    assert_int_equal(fs_map(file, 0, 0, w, w, 4), -EINVAL);
    assert_int_equal(fs_map(file, (uint64_t)1 << 63, 1, w, w, 4), -EINVAL);
    assert_int_equal(fs_map(file, 0, 1, w, CUBICLE_READ, 4), -EINVAL);
    assert_int_equal(fs_map(file, 0, 1, 2, w, 4), -EINVAL);
    assert_int_equal(fs_map(file, 0, 1, 4, 7, 4), -EINVAL);
    assert_int_equal(fs_map(file, 0, 1, -1, w, 4), -EINVAL);
    assert_int_equal(fs_map(file, 0, 1, w, w, 0), -EINVAL);
    assert_int_equal(fs_map(file, 0, 1, w, w, -4), -EINVAL);
    assert_int_equal(fs_map(file, 0, 1, w, w, 1000), -ENOMEM);
    assert_int_equal(fs_map(file, 0, SIZE_MAX, w, w, 4), -ENOMEM);
    assert_int_equal(fs_map(file, INT64_MAX - 4095, 8192, w, w, 4), -ENOMEM);
    assert_int_equal(fs_map(file, 0, (size_t)1 << 40, w, w, 4), -ENOMEM);
    assert_int_equal(stub_windows_used(), 0);

    char *base = (char *)(uintptr_t)fs_map(file, 0, 2 * PAGE, w, w, 4);
    assert_int_equal(fs_map_change(base, 3 * PAGE, FS_UNMAP, 4), -EINVAL);
    assert_int_equal(fs_map_change(base, SIZE_MAX, FS_UNMAP, 4), -EINVAL);
    assert_int_equal(fs_map_change(base, 0, FS_UNMAP, 4), -EINVAL);
    assert_int_equal(fs_map_change(base + 1, PAGE, FS_UNMAP, 4), -EINVAL);
    assert_int_equal(fs_map_change(base, PAGE, -2, 4), -EINVAL);
    assert_int_equal(fs_map_change(base, PAGE, 2, 4), -EINVAL);
    assert_int_equal(fs_map_change(base, PAGE, FS_UNMAP, 5), -EINVAL);
    assert_int_equal(fs_map_change(base - PAGE, PAGE, FS_UNMAP, 4), -EINVAL);
    assert_int_equal(fs_mapping(base, 5, &mapping), -EINVAL);
    assert_int_equal(fs_mapping(base + 2 * PAGE, 4, &mapping), -EINVAL);
    assert_int_equal(fs_mapping(base + PAGE + 5, 4, &mapping), 0);
    assert_int_equal(mapping.node, file);
    assert_int_equal(mapping.offset, PAGE + 5);
    assert_int_equal(mapping.rights, w);
    assert_int_equal(fs_map_change(base, 2 * PAGE, FS_UNMAP, 4), 0);
    assert_int_equal(fs_unlink(root, "refused", 0, 1), 0);
}

/* Pages, not bytes: what lies behind the file's end in its last page, and the pages behind it,
 * have held other files. */
static void test_nothing_else(void **state)
{
    (void)state;
    static char secret[16 * RAMFS_PAGE];
    const uint64_t other = create("other");
    memset(secret, 's', sizeof(secret));
    assert_int_equal(fs_write(other, 0, secret, sizeof(secret)), sizeof(secret));
    assert_int_equal(fs_unlink(root, "other", 0, 1), 0);
    const uint64_t file = create("file");
    assert_int_equal(fs_write(file, 0, "ten bytes.", 10), 10);
    const char *base = (char *)(uintptr_t)fs_map(file, 0, 3 * PAGE, 1, 1, 4);
    assert_memory_equal(base, "ten bytes.", 10);
    for (size_t i = 10; i < 3 * PAGE; i++) {
        assert_int_equal(base[i], 0);
    }
    assert_int_equal(stub_window_rights(4, base - 1), 0);
    assert_int_equal(stub_window_rights(4, base + 3 * PAGE), 0);
    assert_int_equal(fs_map_change((char *)base, 3 * PAGE, FS_UNMAP, 4), 0);
    assert_int_equal(fs_unlink(root, "file", 0, 1), 0);
}

/* Windows and ranges run out: an error, and what was mapped stays as it was. */
static void test_windows_end(void **state)
{
    (void)state;
    const uint64_t file = create("file");
    char *base = (char *)(uintptr_t)fs_map(file, 0, 400 * PAGE, 3, 3, 4);
    unsigned i = 1;
    int error = 0;
    for (; error == 0 && i < 400; i += 2) {
        error = fs_map_change(base + i * PAGE, PAGE, CUBICLE_READ, 4);
    }
    assert_int_equal(error, -ENOMEM);
    assert_true(i > 40 && i < 100);
    for (unsigned k = 0; k < 400; k++) {
        assert_int_equal(stub_window_rights(4, base + k * PAGE),
                         k % 2 == 1 && k < i - 3 ? CUBICLE_READ : CUBICLE_WRITE);
    }
    assert_int_equal(fs_map_change(base, 400 * PAGE, FS_UNMAP, 4), 0);
    assert_int_equal(stub_windows_used(), 0);
    stub_windows_left = 0;
    assert_int_equal(fs_map(file, 0, PAGE, 3, 3, 4), -ENOMEM);
    stub_windows_left = -1;
    assert_int_equal(fs_unlink(root, "file", 0, 1), 0);
}

/* A file that others have mapped does not move; one that grows finds room at first. */
static void test_room(void **state)
{
    (void)state;
    const uint64_t file = create("file");
    const int64_t base = fs_map(file, 0, 8 * PAGE, 3, 3, 4);
    assert_int_equal(fs_map(file, 8 * PAGE, 8 * PAGE, 3, 3, 5), base + 8 * (long)PAGE);
    assert_int_equal(fs_map(file, 0, 1000 * PAGE, 3, 3, 5), -ENOMEM);
    char *at = (char *)(uintptr_t)base;
    assert_int_equal(fs_map_change(at, 8 * PAGE, FS_UNMAP, 4), 0);
    assert_int_equal(fs_map_change(at + 8 * PAGE, 8 * PAGE, FS_UNMAP, 5), 0);
    at = (char *)(uintptr_t)fs_map(file, 0, 1000 * PAGE, 3, 3, 5);
    assert_int_equal(fs_map_change(at, 1000 * PAGE, FS_UNMAP, 5), 0);
    assert_int_equal(fs_unlink(root, "file", 0, 1), 0);
}

/* A short life of a mapped file; false: memory was refused. What it made is gone again. */
static bool small_life(void)
{
    const uint64_t file = create("life");
    bool good = fs_write(file, 20 * PAGE, "far", 3) == 3;
    const int64_t base = good ? fs_map(file, 0, 30 * PAGE, 3, 3, 4) : -1;
    if (base > 0) {
        char *at = (char *)(uintptr_t)base;
        const struct fs_attr attr = {.size = 29 * PAGE};
        good = fs_map_change(at + PAGE, PAGE, CUBICLE_READ, 4) == 0;
        good = fs_map(file, 2 * PAGE, 4 * PAGE, 3, 3, 4) > 0 && good;
        good = fs_setattr(file, FS_SET_SIZE, &attr) == 0 && good;
        assert_memory_equal(at + 20 * PAGE, "far", 4);
        fail_after = -1;
        ramfs_ended(4);
    }
    fail_after = -1;
    stub_windows_forget(4);
    assert_int_equal(fs_unlink(root, "life", 0, 1), 0);
    return good && base > 0;
}

static void test_every_allocation_fails_once(void **state)
{
    (void)state;
    struct fs_attr attr;
    const uint64_t used = ramfs_pool.used;
    assert_int_equal(fs_create(root, "life", S_IFREG | 0600, 1, &attr), 0);
    assert_int_equal(fs_unlink(root, "life", 0, 1), 0);
    for (long n = 0;; n++) {
        /* create() itself is another test's */
        assert_true(n < 100);
        fail_after = -1;
        assert_int_equal(fs_create(root, "life", S_IFREG | 0600, 1, &attr), 0);
        assert_int_equal(fs_unlink(root, "life", 0, 1), 0);
        fail_after = n;
        if (small_life()) {
            assert_true(n > 3);
            break;
        }
        assert_int_equal(ramfs_pool.used, used);
        assert_int_equal(stub_windows_used(), 0);
    }
}

/* A full file system: mapping fails, and the file is as it was. */
static void test_full(void **state)
{
    (void)state;
    const uint64_t file = create("file");
    assert_int_equal(fs_write(file, 0, "data", 4), 4);
    ramfs_pool.limit = ramfs_pool.used + 10;
    assert_int_equal(fs_map(file, 0, 11 * PAGE, 3, 3, 4), -ENOMEM);
    char buf[5] = "";
    assert_int_equal(fs_read(file, 0, buf, 4, 0), 4);
    assert_string_equal(buf, "data");
    char *at = (char *)(uintptr_t)fs_map(file, 0, 10 * PAGE, 3, 3, 4);
    const uint64_t other = create("other");
    static char big[4 * RAMFS_PAGE];
    assert_int_equal(fs_write(other, 0, big, sizeof(big)), PAGE);
    assert_int_equal(fs_write(other, PAGE, big, 1), -ENOSPC);
    const struct fs_attr attr = {.size = 10 * PAGE};
    assert_int_equal(fs_setattr(file, FS_SET_SIZE, &attr), -ENOSPC); /* its tables */
    at[1] = 'o';
    assert_int_equal(fs_read(file, 0, buf, 4, 0), 4);
    assert_string_equal(buf, "dota");
    assert_int_equal(fs_map_change(at, 10 * PAGE, FS_UNMAP, 4), 0);
    ramfs_pool.limit = UINT64_MAX;
    assert_int_equal(fs_unlink(root, "file", 0, 1), 0);
    assert_int_equal(fs_unlink(root, "other", 0, 1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_nothing_else),
        cmocka_unit_test(test_windows_end),
        cmocka_unit_test(test_room),
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_every_allocation_fails_once),
        cmocka_unit_test(test_model),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("ramfs_map", tests, setup, NULL);
}
