/* Names: removing, renaming, links, directories. */
#include "groups.h"

#include <limits.h>

void test_names(void)
{
    char buf[16], name[300];
    struct stat st;
    /* Unlinked while open: there until the last close. */
    check_file("f", "old");
    int fd = check_open("f", O_RDWR, 0);
    CHECK_INT(unlink("f"), 0);
    CHECK_ERROR(unlink("f"), ENOENT);
    CHECK_INT(fstat(fd, &st), 0);
    CHECK_INT(st.st_nlink, 0);
    CHECK_INT(write(fd, "new!", 4), 4);
    check_file("f", "other");
    CHECK_INT(pread(fd, buf, sizeof(buf), 0), 4);
    CHECK_INT(close(fd), 0);
    check_content("f", "other");
    /* Renamed over while open. */
    check_file("g", "winner");
    fd = check_open("f", O_RDONLY, 0);
    CHECK_INT(rename("g", "f"), 0);
    CHECK_INT(read(fd, buf, sizeof(buf)), 5);
    CHECK_INT(close(fd), 0);
    check_content("f", "winner");
    CHECK_ERROR(stat("g", &st), ENOENT);
    CHECK_ERROR(rename("g", "f"), ENOENT);
    CHECK_INT(rename("f", "f"), 0);
    CHECK_INT(mkdir("d", 0755), 0);
    CHECK_INT(mkdir("e", 0755), 0);
    CHECK_ERROR(rename("f", "d"), EISDIR);
    CHECK_ERROR(rename("d", "f"), ENOTDIR);
    CHECK_ERROR(rename("d", "d/below"), EINVAL);
    CHECK_ERROR(rename("f", "d/"), ENOTDIR);
    CHECK_INT(rename("f", "d/f"), 0);
    CHECK_ERROR(rename("e", "d"), ENOTEMPTY);
    CHECK_INT(rename("d", "e"), 0);
    check_content("e/f", "winner");
    CHECK_ERROR(rename("e", "."), EBUSY);
    CHECK_ERROR(unlink("e"), EISDIR);
    CHECK_ERROR(rmdir("e"), ENOTEMPTY);
    CHECK_ERROR(rmdir("e/f"), ENOTDIR);
    CHECK_INT(remove("e/f"), 0);
    CHECK_INT(remove("e"), 0);
    /* Lengths. */
    memset(name, 'n', sizeof(name));
    name[256] = '\0';
    CHECK_ERROR(open(name, O_CREAT | O_RDWR, 0600), ENAMETOOLONG);
    name[255] = '\0';
    CHECK_INT(close(check_open(name, O_CREAT | O_RDWR, 0600)), 0);
    CHECK_INT(unlink(name), 0);
    static char path[PATH_MAX + 10];
    memset(path, '/', sizeof(path) - 1);
    CHECK_ERROR(stat(path, &st), ENAMETOOLONG);
}

void test_links(void)
{
    char buf[64];
    struct stat a, b;
    check_file("f", "content");
    CHECK_INT(link("f", "hard"), 0);
    CHECK_ERROR(link("f", "hard"), EEXIST);
    CHECK_ERROR(link("absent", "x"), ENOENT);
    CHECK_ERROR(link(".", "x"), EPERM);
    CHECK_INT(stat("f", &a), 0);
    CHECK_INT(stat("hard", &b), 0);
    CHECK_INT(a.st_ino, b.st_ino);
    CHECK_INT(b.st_nlink, 2);
    CHECK_INT(rename("f", "hard"), 0); /* the same file: nothing happens */
    CHECK_INT(unlink("f"), 0);
    check_content("hard", "content");
    CHECK_INT(stat("hard", &b), 0);
    CHECK_INT(b.st_nlink, 1);

    CHECK_INT(symlink("hard", "soft"), 0);
    CHECK_ERROR(symlink("x", "soft"), EEXIST);
    check_content("soft", "content");
    CHECK_INT(lstat("soft", &a), 0);
    CHECK(S_ISLNK(a.st_mode));
    CHECK_INT(a.st_size, 4);
    CHECK_INT(readlink("soft", buf, sizeof(buf)), 4);
    CHECK_INT(readlink("soft", buf, 2), 2);
    CHECK_ERROR(readlink("hard", buf, sizeof(buf)), EINVAL);
    CHECK_ERROR(open("soft", O_RDONLY | O_NOFOLLOW), ELOOP);
    CHECK_ERROR(open("soft/", O_RDONLY), ENOTDIR);
    CHECK_INT(unlink("hard"), 0);
    CHECK_ERROR(open("soft", O_RDONLY), ENOENT);
    CHECK_ERROR(open("soft", O_CREAT | O_EXCL | O_RDWR, 0600), EEXIST);
    CHECK_INT(close(check_open("soft", O_CREAT | O_RDWR, 0600)),
              0); /* through the link */
    CHECK_INT(unlink("hard"), 0);
    CHECK_INT(unlink("soft"), 0);
    CHECK_INT(symlink("b", "a"), 0);
    CHECK_INT(symlink("a", "b"), 0);
    CHECK_ERROR(stat("a", &a), ELOOP);
    CHECK_ERROR(stat("a/x", &a), ELOOP);
    CHECK_INT(unlink("a"), 0);
    CHECK_INT(unlink("b"), 0);
    CHECK_INT(mkdir("d", 0755), 0);
    CHECK_INT(symlink("d", "to-d"), 0);
    check_file("to-d/f", "x");
    check_content("d/f", "x");
    CHECK_ERROR(rmdir("to-d"), ENOTDIR);
    CHECK_INT(unlink("d/f"), 0);
    CHECK_INT(unlink("to-d"), 0);
    CHECK_INT(rmdir("d"), 0);
}

void test_directories(void)
{
    char name[32], here[512], there[512];
    bool seen[300] = {false};
    CHECK_INT(mkdir("d", 0755), 0);
    CHECK_ERROR(mkdir("d", 0755), EEXIST);
    CHECK_ERROR(mkdir("absent/d", 0755), ENOENT);
    CHECK_ERROR(rmdir("absent"), ENOENT);
    CHECK_ERROR(rmdir("d/."), EINVAL);
    for (int i = 0; i < 300; i++) {
        snprintf(name, sizeof(name), "d/%d", i);
        check_file(name, "");
    }
    DIR *dir = opendir("d");
    CHECK(dir != NULL);
    int entries = 0, dots = 0;
    long middle = 0;
    struct dirent *entry;
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] == '.') {
            dots++;
            CHECK_INT(entry->d_type, DT_DIR);
            continue;
        }
        const int i = atoi(entry->d_name);
        CHECK(i >= 0 && i < 300 && !seen[i]);
        seen[i] = true;
        if (++entries == 150) {
            middle = telldir(dir);
        }
        CHECK_INT(entry->d_type, DT_REG);
    }
    CHECK_INT(dots, 2);
    CHECK_INT(entries, 300);
    if (dir != NULL) {
        seekdir(dir, middle);
        entries = 150;
        while (readdir(dir) != NULL) {
            entries++;
        }
        CHECK_INT(entries, 300);
        /* Removing while reading takes everything. */
        rewinddir(dir);
        while ((entry = readdir(dir)) != NULL) {
            if (entry->d_name[0] != '.') {
                CHECK_INT(unlinkat(dirfd(dir), entry->d_name, 0), 0);
            }
        }
        CHECK_INT(closedir(dir), 0);
    }
    CHECK(getcwd(here, sizeof(here)) != NULL);
    CHECK_ERROR(chdir("absent"), ENOENT);
    CHECK_INT(chdir("d"), 0);
    CHECK(getcwd(there, sizeof(there)) != NULL);
    strcat(here, "/d");
    CHECK_STRING(there, here);
    errno = 0;
    CHECK(getcwd(there, 3) == NULL && errno == ERANGE);
    CHECK_INT(rmdir("../d"), 0);
    errno = 0;
    CHECK(getcwd(there, sizeof(there)) == NULL && errno == ENOENT);
    CHECK_ERROR(open("x", O_CREAT | O_RDWR, 0600), ENOENT);
    CHECK_INT(chdir(".."), 0);
}

void test_relative(void)
{
    struct stat st;
    char buf[8];
    CHECK_INT(mkdir("d", 0755), 0);
    const int dir = check_open("d", O_RDONLY | O_DIRECTORY, 0);
    const int fd = openat(dir, "f", O_CREAT | O_RDWR, 0644);
    CHECK(fd >= 0);
    CHECK_INT(fstatat(dir, "f", &st, 0), 0);
    CHECK_INT(fstatat(dir, "", &st, AT_EMPTY_PATH), 0);
    CHECK(S_ISDIR(st.st_mode));
    CHECK_INT(faccessat(dir, "f", R_OK, 0), 0);
    CHECK_INT(symlinkat("f", dir, "s"), 0);
    CHECK_INT(readlinkat(dir, "s", buf, sizeof(buf)), 1);
    CHECK_INT(linkat(dir, "f", dir, "h", 0), 0);
    CHECK_INT(renameat(dir, "h", AT_FDCWD, "h"), 0);
    CHECK_INT(mkdirat(dir, "sub", 0700), 0);
    CHECK_INT(unlinkat(dir, "sub", AT_REMOVEDIR), 0);
    CHECK_INT(fchmodat(dir, "f", 0600, 0), 0);
    CHECK_ERROR(openat(fd, "x", O_RDONLY), ENOTDIR);
    CHECK_ERROR(openat(99, "x", O_RDONLY), EBADF);
    CHECK_INT(fstatat(99, "/", &st, 0), 0); /* not looked at */
    CHECK_ERROR(unlinkat(dir, "f", 0x1000000), EINVAL);
    CHECK_INT(fchdir(dir), 0);
    CHECK_INT(access("f", F_OK), 0);
    CHECK_INT(chdir(".."), 0);
    CHECK_ERROR(fchdir(fd), ENOTDIR);
    CHECK_INT(close(fd), 0);
    CHECK_INT(unlink("h"), 0);
    CHECK_INT(unlinkat(dir, "s", 0), 0);
    CHECK_INT(unlinkat(dir, "f", 0), 0);
    CHECK_INT(close(dir), 0);
    CHECK_INT(rmdir("d"), 0);
}

/* Looked for so often that the answer may be remembered: it must still be true. */
static void absent_many_times(const char *path)
{
    struct stat st;
    for (int i = 0; i < 200; i++) {
        CHECK_ERROR(stat(path, &st), ENOENT);
    }
}

void test_absent(void)
{
    char dir[512], path[600], other[600];
    struct stat st;
    CHECK(getcwd(dir, sizeof(dir)) != NULL);
    snprintf(path, sizeof(path), "%s/sub/none", strcmp(dir, "/") == 0 ? "" : dir);
    snprintf(other, sizeof(other), "%s/sub", strcmp(dir, "/") == 0 ? "" : dir);
    CHECK_INT(mkdir("sub", 0755), 0);
    check_file("sub/there", "x");
    for (int round = 0; round < 3; round++) {
        absent_many_times(path);
        check_file("sub/none", "y");
        CHECK_INT(stat(path, &st), 0);
        CHECK_INT(unlink("sub/none"), 0);
        absent_many_times(path);
        CHECK_INT(link("sub/there", "sub/none"), 0);
        CHECK_INT(stat(path, &st), 0);
        CHECK_INT(unlink("sub/none"), 0);
        absent_many_times(path);
        CHECK_INT(rename("sub/there", "sub/none"), 0);
        CHECK_INT(stat(path, &st), 0);
        CHECK_INT(rename("sub/none", "sub/there"), 0);
        absent_many_times(path);
        CHECK_INT(symlink("there", "sub/none"), 0);
        CHECK_INT(stat(path, &st), 0);
        CHECK_INT(unlink("sub/none"), 0);
        absent_many_times(path);
        CHECK_INT(mkdir("sub/none", 0755), 0);
        CHECK_INT(stat(path, &st), 0);
        CHECK_INT(rmdir("sub/none"), 0);
        absent_many_times(path);
        CHECK_INT(chmod("sub", 0600), 0);
        CHECK_ERROR(stat(path, &st), EACCES);
        CHECK_INT(chmod("sub", 0755), 0);
        absent_many_times(path);
        /* Another directory in place of the one that was looked in. */
        CHECK_INT(mkdir("with", 0755), 0);
        check_file("with/none", "z");
        CHECK_INT(rename("sub", "aside"), 0);
        absent_many_times(other);
        CHECK_INT(rename("with", "sub"), 0);
        CHECK_INT(stat(path, &st), 0);
        CHECK_INT(stat(other, &st), 0);
        CHECK_INT(unlink("sub/none"), 0);
        CHECK_INT(rmdir("sub"), 0);
        CHECK_INT(rename("aside", "sub"), 0);
    }
    CHECK_INT(unlink("sub/there"), 0);
    CHECK_INT(rmdir("sub"), 0);
}
