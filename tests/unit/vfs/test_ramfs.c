/* ramfs behind its interface: numbers, holes, memory given back, names that come and
 * go, full disks. */
#include <dirent.h>
#include <errno.h>
#include <fs.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include <cubicle/in.h>

#include "../../../components/ramfs/ramfs.h"
#include "fail_after.h"

const char *in_unreadable;

#define NOW 12345

static uint64_t root;

static uint64_t create(uint64_t dir, const char *name, uint32_t mode)
{
    struct fs_attr attr;
    assert_int_equal(fs_create(dir, name, mode, NOW, &attr), 0);
    return attr.node;
}

static int setup(void **state)
{
    (void)state;
    struct fs_attr attr;
    assert_int_equal(fs_mount("size=9x", &attr), -EINVAL);
    assert_int_equal(fs_mount("colour=blue", &attr), -EINVAL);
    assert_int_equal(fs_mount("size=99999999999999999999", &attr), -EINVAL);
    assert_int_equal(fs_mount("size=20000000000G", &attr), -EINVAL);
    assert_int_equal(fs_mount("size=1G,nodes=100000", &attr), 0);
    assert_int_equal(ramfs_pool.limit, 1 << 18);
    assert_int_equal(fs_mount("", &attr), 0);
    root = attr.node;
    return 0;
}

/* A client that was begun anew finds its files, and what it held is free. */
static void test_mounted_again(void **state)
{
    (void)state;
    struct fs_attr attr;
    const uint64_t kept = create(root, "kept", S_IFREG | 0600);
    const uint64_t nodes = ramfs_nodes_used, pages = ramfs_pool.used;
    const uint64_t held = create(root, "held", S_IFREG | 0600);
    assert_int_equal(fs_write(held, 1 << 20, "x", 1), 1);
    assert_int_equal(fs_hold(held), 0);
    assert_int_equal(fs_hold(held), 0);
    assert_int_equal(fs_hold(kept), 0);
    assert_int_equal(fs_unlink(root, "held", 0, NOW), 0);
    assert_int_equal(fs_getattr(held, &attr), 0);
    assert_int_equal(fs_mount("size=1G,nodes=100000", &attr), 0);
    assert_int_equal(attr.node, root);
    assert_int_equal(fs_getattr(held, &attr), -ESTALE);
    assert_int_equal(fs_drop(kept), -EINVAL);
    assert_int_equal(ramfs_nodes_used, nodes);
    assert_int_equal(ramfs_pool.used, pages);
    assert_int_equal(fs_lookup(root, "kept", &attr), 0);
    assert_int_equal(attr.node, kept);
    assert_int_equal(fs_unlink(root, "kept", 0, NOW), 0);
}

static void test_numbers(void **state)
{
    (void)state;
    struct fs_attr attr;
    char byte;
    const uint64_t first = create(root, "x", S_IFREG | 0600);
    assert_int_equal(fs_unlink(root, "x", 0, NOW), 0);
    const uint64_t second = create(root, "x", S_IFREG | 0600);
    assert_int_equal((uint32_t)first, (uint32_t)second); /* same place, ... */
    assert_true(first != second);                        /* ... other number */
    const uint64_t bad[] = {0,
                            first,
                            second + 1,
                            UINT64_MAX,
                            UINT32_MAX,
                            1u << 20,
                            root | (uint64_t)7 << 32};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(fs_getattr(bad[i], &attr), -ESTALE);
        assert_int_equal(fs_setattr(bad[i], FS_SET_SIZE, &attr), -ESTALE);
        assert_int_equal(fs_read(bad[i], 0, &byte, 1, 0), -ESTALE);
        assert_int_equal(fs_write(bad[i], 0, &byte, 1), -ESTALE);
        assert_int_equal(fs_lookup(bad[i], "x", &attr), -ESTALE);
        assert_int_equal(fs_create(bad[i], "x", S_IFREG, NOW, &attr), -ESTALE);
        assert_int_equal(fs_symlink(bad[i], "x", "y", NOW, &attr), -ESTALE);
        assert_int_equal(fs_link(root, "y", bad[i], NOW), -ESTALE);
        assert_int_equal(fs_link(bad[i], "y", second, NOW), -ESTALE);
        assert_int_equal(fs_unlink(bad[i], "x", 0, NOW), -ESTALE);
        assert_int_equal(fs_rename(bad[i], "x", root, "y", NOW), -ESTALE);
        assert_int_equal(fs_rename(root, "x", bad[i], "y", NOW), -ESTALE);
        assert_int_equal(fs_readlink(bad[i], &byte, 1), -ESTALE);
        assert_int_equal(fs_readdir(bad[i], 0, &byte, 1), -ESTALE);
        assert_int_equal(fs_hold(bad[i]), -ESTALE);
        assert_int_equal(fs_drop(bad[i]), -ESTALE);
        assert_int_equal(fs_sync(bad[i]), -ESTALE);
        assert_int_equal(fs_poll(bad[i], 0), -ESTALE);
    }
    assert_int_equal(fs_drop(second), -EINVAL); /* not held */
    assert_int_equal(fs_read(root, 0, &byte, 1, 0), -EISDIR);
    assert_int_equal(fs_write(root, 0, &byte, 1), -EISDIR);
    assert_int_equal(fs_lookup(second, "x", &attr), -ENOTDIR);
    assert_int_equal(fs_unlink(root, "x", 0, NOW), 0);
}

static void test_names(void **state)
{
    (void)state;
    struct fs_attr attr;
    char name[300];
    memset(name, 'n', sizeof(name));
    name[256] = '\0';
    assert_int_equal(fs_create(root, name, S_IFREG, NOW, &attr), -ENAMETOOLONG);
    name[255] = '\0';
    assert_int_equal(fs_create(root, name, S_IFREG, NOW, &attr), 0);
    assert_int_equal(fs_lookup(root, name, &attr), 0);
    assert_int_equal(fs_unlink(root, name, 0, NOW), 0);
    static const char *const bad[] = {"", ".", "..", "a/b", "/"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(fs_create(root, bad[i], S_IFREG, NOW, &attr), -EINVAL);
        assert_int_equal(fs_lookup(root, bad[i], &attr), -EINVAL);
        assert_int_equal(fs_unlink(root, bad[i], 1, NOW), -EINVAL);
    }
    assert_int_equal(fs_create(root, "dev", S_IFCHR, NOW, &attr), -EINVAL);
    assert_int_equal(fs_symlink(root, "l", "", NOW, &attr), -ENOENT);
}

static void test_tree_of_names(void **state)
{
    (void)state;
    struct fs_attr attr;
    const uint64_t a = create(root, "a", S_IFDIR | 0755);
    const uint64_t b = create(a, "b", S_IFDIR | 0755);
    const uint64_t f = create(a, "f", S_IFREG | 0644);
    assert_int_equal(fs_rename(root, "a", b, "c", NOW), -EINVAL); /* below itself */
    assert_int_equal(fs_rename(root, "a", a, "c", NOW), -EINVAL);
    assert_int_equal(fs_unlink(root, "a", 1, NOW), -ENOTEMPTY);
    assert_int_equal(fs_unlink(root, "a", 0, NOW), -EISDIR);
    assert_int_equal(fs_unlink(a, "f", 1, NOW), -ENOTDIR);
    assert_int_equal(fs_rename(a, "f", a, "b", NOW), -EISDIR);
    assert_int_equal(fs_rename(a, "b", a, "f", NOW), -ENOTDIR);
    assert_int_equal(fs_link(root, "hard", b, NOW), -EPERM);
    assert_int_equal(fs_link(root, "hard", f, NOW), 0);
    assert_int_equal(fs_getattr(f, &attr), 0);
    assert_int_equal(attr.nlink, 2);
    assert_int_equal(fs_rename(a, "f", root, "hard", NOW),
                     0); /* two names of one file */
    assert_int_equal(fs_lookup(a, "f", &attr), 0);
    assert_int_equal(fs_getattr(a, &attr), 0);
    assert_int_equal(attr.nlink, 3);
    assert_int_equal(fs_rename(a, "b", root, "b", NOW), 0);
    assert_int_equal(fs_getattr(a, &attr), 0);
    assert_int_equal(attr.nlink, 2);
    /* A removed directory that is held takes no names. */
    assert_int_equal(fs_hold(b), 0);
    assert_int_equal(fs_unlink(root, "b", 1, NOW), 0);
    assert_int_equal(fs_create(b, "x", S_IFREG, NOW, &attr), -ENOENT);
    assert_int_equal(fs_drop(b), 0);
    assert_int_equal(fs_getattr(b, &attr), -ESTALE);
    assert_int_equal(fs_unlink(root, "hard", 0, NOW), 0);
    assert_int_equal(fs_unlink(a, "f", 0, NOW), 0);
    assert_int_equal(fs_unlink(root, "a", 1, NOW), 0);
}

static void test_holes(void **state)
{
    (void)state;
    struct fs_attr attr;
    char buf[8192], zero[8192] = {0};
    const uint64_t used = ramfs_pool.used;
    const uint64_t f = create(root, "f", S_IFREG | 0644);
    static const uint64_t places[] = {
        0, 4095, 8 * 4096, 1u << 30, (uint64_t)1 << 42, INT64_MAX - 3};
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        assert_int_equal(fs_write(f, places[i], "abc", 3), 3);
        assert_int_equal(fs_read(f, places[i], buf, sizeof(buf), 0), 3);
        assert_memory_equal(buf, "abc", 3);
    }
    assert_int_equal(fs_write(f, INT64_MAX - 2, "abc", 3), -EFBIG);
    assert_int_equal(fs_write(f, UINT64_MAX, "abc", 3), -EFBIG);
    assert_int_equal(fs_write(f, 5, "abc", SIZE_MAX), -EFBIG);
    assert_int_equal(fs_read(f, UINT64_MAX, buf, 3, 0), 0);
    assert_int_equal(fs_read(f, (uint64_t)1 << 40, buf, sizeof(buf), 0), sizeof(buf));
    assert_memory_equal(buf, zero, sizeof(buf));
    assert_int_equal(fs_getattr(f, &attr), 0);
    assert_int_equal(attr.size, INT64_MAX);
    assert_int_equal(attr.blocks, 6 * 8); /* the second write is in two pages */
    assert_true(ramfs_pool.used - used < 40);
    attr.size = (uint64_t)INT64_MAX + 1;
    assert_int_equal(fs_setattr(f, FS_SET_SIZE, &attr), -EFBIG);
    assert_int_equal(fs_unlink(root, "f", 0, NOW), 0);
    assert_int_equal(ramfs_pool.used, used);
}

/* A file that is written in one go lies in one piece, tables or not, as far as a chunk of 2 MiB goes. */
static void test_one_piece(void **state)
{
    (void)state;
    static char block[65536];
    const uint64_t f = create(root, "one", S_IFREG | 0644);
    for (uint64_t at = 0; at < (1u << 20); at += sizeof(block)) {
        assert_int_equal(fs_write(f, at, block, sizeof(block)), sizeof(block));
    }
    const struct ramfs_node *node = node_get(f);
    const char *page = tree_find(node, 0);
    for (uint64_t i = 0; i < 256; i++) {
        assert_ptr_equal(tree_find(node, i), page + i * RAMFS_PAGE);
    }
    assert_int_equal(fs_unlink(root, "one", 0, NOW), 0);
    assert_int_equal(ramfs_pool.used, 0);
}

static void test_memory_comes_back(void **state)
{
    (void)state;
    static char block[65536];
    struct fs_attr attr = {.size = 4096};
    const uint64_t f = create(root, "big", S_IFREG | 0644);
    for (uint64_t at = 0; at < (64u << 20); at += sizeof(block)) {
        assert_int_equal(fs_write(f, at, block, sizeof(block)), sizeof(block));
    }
    assert_true(ramfs_pool.chunks >= 32);
    assert_int_equal(fs_setattr(f, FS_SET_SIZE, &attr), 0);
    assert_true(ramfs_pool.chunks <= 3);
    assert_int_equal(fs_hold(f), 0);
    assert_int_equal(fs_unlink(root, "big", 0, NOW), 0);
    assert_int_equal(fs_read(f, 0, block, 1, 0), 1); /* held: alive */
    assert_int_equal(fs_drop(f), 0);
    assert_int_equal(ramfs_pool.used, 0);
    assert_true(ramfs_pool.chunks <= 1);
}

static void test_full(void **state)
{
    (void)state;
    static char block[16 * 4096];
    const uint64_t limit = ramfs_pool.limit;
    const uint64_t f = create(root, "f", S_IFREG | 0644);
    struct fs_stat stat;
    ramfs_pool.limit = ramfs_pool.used + 4;
    assert_int_equal(fs_write(f, 100, block, sizeof(block)),
                     4 * 4096 - 100); /* what fits */
    assert_int_equal(fs_write(f, 4 * 4096, block, 1), -ENOSPC);
    assert_int_equal(fs_write(f, 50, block, 4096), 4096); /* needs nothing new */
    assert_int_equal(fs_statfs(0, &stat), 0);
    assert_int_equal(stat.blocks_free, 0);
    assert_int_equal(fs_write(f, 0, block, 0), 0);
    ramfs_pool.limit = limit;
    assert_int_equal(fs_unlink(root, "f", 0, NOW), 0);
}

/* A writer's memory that ends, or goes, in the middle: what was there is written, and nothing
 * that was deleted shows. */
static void test_unreadable(void **state)
{
    (void)state;
    static char block[3 * 4096], back[3 * 4096];
    struct fs_attr attr;
    memset(block, 'o', sizeof(block));
    const uint64_t old = create(root, "old", S_IFREG | 0644);
    assert_int_equal(fs_write(old, 0, block, sizeof(block)), sizeof(block));
    assert_int_equal(fs_unlink(root, "old", 0, NOW), 0); /* its pages are used again */
    memset(block, 'n', sizeof(block));
    const uint64_t f = create(root, "f", S_IFREG | 0644);
    in_unreadable = block;
    assert_int_equal(fs_write(f, 0, block, 100), -EFAULT);
    in_unreadable = block + 4096 + 100;
    assert_int_equal(fs_write(f, 0, block, sizeof(block)), 4096);
    in_unreadable = NULL;
    assert_int_equal(fs_getattr(f, &attr), 0);
    assert_int_equal(attr.size, 4096);
    attr.size = sizeof(back);
    assert_int_equal(fs_setattr(f, FS_SET_SIZE, &attr), 0);
    assert_int_equal(fs_read(f, 0, back, sizeof(back), 0), sizeof(back));
    for (size_t i = 0; i < sizeof(back); i++) {
        assert_int_equal(back[i], i < 4096 ? 'n' : 0);
    }
    assert_int_equal(fs_unlink(root, "f", 0, NOW), 0);
    /* Short writes into pages that were used before: neither they nor what is around them. */
    const uint64_t g = create(root, "g", S_IFREG | 0644);
    const uint64_t used = ramfs_pool.used;
    in_unreadable = block;
    assert_int_equal(fs_write(g, 0, block, 300), -EFAULT);
    assert_int_equal(fs_write(g, 4096 + 5, block, 300), -EFAULT);
    in_unreadable = NULL;
    assert_int_equal(ramfs_pool.used, used);
    attr.size = sizeof(back);
    assert_int_equal(fs_setattr(g, FS_SET_SIZE, &attr), 0);
    assert_int_equal(fs_read(g, 0, back, sizeof(back), 0), sizeof(back));
    for (size_t i = 0; i < sizeof(back); i++) {
        assert_int_equal(back[i], 0);
    }
    assert_int_equal(fs_getattr(g, &attr), 0);
    assert_int_equal(attr.blocks, 0);
    assert_int_equal(fs_unlink(root, "g", 0, NOW), 0);
}

static size_t count_names(uint64_t dir, size_t buf_size, bool remove)
{
    char buf[4096];
    uint64_t cookie = 0;
    size_t count = 0;
    ssize_t got;
    while ((got = fs_readdir(dir, cookie, buf, buf_size)) > 0) {
        for (ssize_t at = 0; at < got;) {
            const struct fs_dirent *entry = (const struct fs_dirent *)(buf + at);
            assert_int_equal(entry->reclen % 8, 0);
            cookie = entry->next_cookie;
            if (remove) {
                assert_int_equal(fs_unlink(dir, entry->name, 0, NOW), 0);
            }
            count++;
            at += entry->reclen;
        }
    }
    assert_int_equal(got, 0);
    return count;
}

static void test_many_names(void **state)
{
    (void)state;
    char name[300];
    struct fs_attr attr;
    const uint64_t dir = create(root, "many", S_IFDIR | 0755);
    for (int i = 0; i < 20000; i++) {
        snprintf(name, sizeof(name), "%0*d", i % 50 == 0 ? 200 : 5, i);
        create(dir, name, S_IFREG | 0644);
    }
    assert_int_equal(fs_create(dir, "19999", S_IFREG, NOW, &attr), -EEXIST);
    assert_int_equal(count_names(dir, 4096, false), 20000);
    assert_int_equal(count_names(dir, 300, false), 20000);
    char small[8];
    assert_int_equal(fs_readdir(dir, 0, small, sizeof(small)), -EINVAL);
    assert_int_equal(fs_readdir(dir, UINT64_MAX, small, sizeof(small)), 0);
    for (int i = 1; i < 20000; i += 2) {
        snprintf(name, sizeof(name), "%05d", i);
        assert_int_equal(fs_unlink(dir, name, 0, NOW), 0);
        assert_int_equal(fs_lookup(dir, name, &attr), -ENOENT);
    }
    assert_int_equal(count_names(dir, 4096, false), 10000);
    assert_int_equal(count_names(dir, 700, true), 10000); /* removing what was listed */
    assert_int_equal(count_names(dir, 4096, false), 0);
    /* Names that come and go in between many others never fill the table. */
    for (int i = 0; i < 40; i++) {
        snprintf(name, sizeof(name), "keep%d", i);
        create(dir, name, S_IFREG | 0644);
    }
    for (int i = 0; i < 200000; i++) {
        snprintf(name, sizeof(name), "temporary%d", i);
        create(dir, name, S_IFREG | 0644);
        assert_int_equal(fs_unlink(dir, name, 0, NOW), 0);
    }
    assert_int_equal(count_names(dir, 4096, true), 40);
    assert_int_equal(fs_unlink(root, "many", 1, NOW), 0);
}

#define MODEL (300 * 1024)

static void test_data_like_an_array(void **state)
{
    (void)state;
    static char model[MODEL], buf[MODEL];
    size_t size = 0;
    srand(7);
    const uint64_t f = create(root, "data", S_IFREG | 0644);
    memset(model, 0, sizeof(model));
    for (int step = 0; step < 20000; step++) {
        const size_t offset = (size_t)rand() % (step % 3 == 0 ? MODEL : 20000);
        size_t count = (size_t)rand() % (rand() % 8 == 0 ? 40000 : 100);
        count = count < MODEL - offset ? count : MODEL - offset;
        switch (rand() % 8) {
        case 0: {
            struct fs_attr attr = {.size = offset};
            assert_int_equal(fs_setattr(f, FS_SET_SIZE, &attr), 0);
            if (offset < size) {
                memset(model + offset, 0, size - offset);
            }
            size = offset;
            break;
        }
        case 1:
        case 2:
        case 3: {
            memset(buf, rand(), count);
            assert_int_equal(fs_write(f, offset, buf, count), count);
            memcpy(model + offset, buf, count);
            if (count > 0 && offset + count > size) {
                size = offset + count;
            }
            break;
        }
        default: {
            size_t left = offset < size ? size - offset : 0;
            left = left < count ? left : count;
            assert_int_equal(fs_read(f, offset, buf, count, 0), left);
            assert_memory_equal(buf, model + offset, left);
        }
        }
    }
    assert_int_equal(fs_read(f, 0, buf, sizeof(buf), 0), size);
    assert_memory_equal(buf, model, size);
    assert_int_equal(fs_unlink(root, "data", 0, NOW), 0);
    assert_int_equal(ramfs_pool.used, 0);
}

/** What a program might do; true when nothing was refused. Undone in any case. */
static bool small_life(void)
{
    static char block[3 * 4096];
    struct fs_attr attr;
    bool good = true;
    char name[64];
    if (fs_create(root, "dir", S_IFDIR | 0755, NOW, &attr) != 0) {
        return false;
    }
    const uint64_t dir = attr.node;
    for (int i = 0; i < 20; i++) {
        snprintf(name, sizeof(name), "a name that is too long to be kept inline %d", i);
        if (fs_create(dir, name, S_IFREG, NOW, &attr) != 0) {
            good = false;
            continue;
        }
        good &= fs_write(attr.node, (uint64_t)i << 30, block, sizeof(block)) ==
                sizeof(block);
    }
    good &= fs_symlink(dir, "link", "target", NOW, &attr) == 0;
    fs_unlink(dir, "link", 0, NOW);
    for (int i = 0; i < 20; i++) {
        snprintf(name, sizeof(name), "a name that is too long to be kept inline %d", i);
        fs_unlink(dir, name, 0, NOW);
    }
    assert_int_equal(fs_unlink(root, "dir", 1, NOW), 0);
    return good;
}

static void test_every_allocation_fails_once(void **state)
{
    (void)state;
    bool good = false;
    for (long n = 0; n < 2000 && !good; n++) {
        fail_after = n;
        good = small_life();
        fail_after = -1;
        assert_int_equal(ramfs_pool.used, 0);
    }
    assert_true(good);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mounted_again),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_tree_of_names),
        cmocka_unit_test(test_holes),
        cmocka_unit_test(test_one_piece),
        cmocka_unit_test(test_memory_comes_back),
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_unreadable),
        cmocka_unit_test(test_many_names),
        cmocka_unit_test(test_data_like_an_array),
        cmocka_unit_test(test_every_allocation_fails_once),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, setup, NULL);
}
