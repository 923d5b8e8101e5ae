/* Rights of the single user, and times. Natively this needs a user without privileges. */
#include "groups.h"

#include <time.h>

void test_rights(void)
{
    struct stat st;
    const int fd = check_open("f", O_RDWR | O_CREAT, 0666);
    CHECK_INT(fstat(fd, &st), 0);
    CHECK_INT(st.st_mode, S_IFREG | 0644); /* the umask took the rest */
    CHECK_INT(st.st_uid, geteuid());
    CHECK_INT(umask(0), 022);
    CHECK_INT(mkdir("d", 01777), 0);
    CHECK_INT(umask(022), 0);
    CHECK_INT(stat("d", &st), 0);
    CHECK_INT(st.st_mode, S_IFDIR | 01777);
    CHECK_INT(fchmod(fd, 0400), 0);
    CHECK_INT(access("f", R_OK), 0);
    CHECK_ERROR(access("f", W_OK), EACCES);
    CHECK_ERROR(access("f", X_OK), EACCES);
    CHECK_ERROR(access("absent", F_OK), ENOENT);
    CHECK_ERROR(access("f", 99), EINVAL);
    CHECK_ERROR(open("f", O_RDWR), EACCES);
    CHECK_ERROR(truncate("f", 0), EACCES);
    CHECK_INT(write(fd, "x", 1), 1); /* what is open stays open */
    CHECK_INT(chmod("f", 0), 0);
    CHECK_ERROR(open("f", O_RDONLY), EACCES);
    CHECK_INT(close(fd), 0);
    CHECK_INT(chmod("d", 0600), 0);
    CHECK_ERROR(open("d/x", O_RDONLY), EACCES);
    CHECK_ERROR(chdir("d"), EACCES);
    CHECK_INT(chmod("d", 0500), 0);
    CHECK_ERROR(open("d/x", O_CREAT | O_RDWR, 0600), EACCES);
    CHECK_ERROR(mkdir("d/x", 0700), EACCES);
    CHECK_ERROR(rename("f", "d/f"), EACCES);
    CHECK_ERROR(open("d/x", O_RDONLY), ENOENT);
    CHECK_INT(chmod("d", 0300), 0);
    CHECK(opendir("d") == NULL && errno == EACCES);
    check_file("d/x", "x");
    CHECK_INT(unlink("d/x"), 0);
    CHECK_ERROR(chown("f", geteuid() + 1, (gid_t)-1), EPERM);
    CHECK_INT(chown("f", geteuid(), getegid()), 0);
    CHECK_INT(chmod("f", 04755), 0);
    const int again = check_open("f", O_RDWR, 0);
    CHECK_INT(write(again, "x", 1), 1);
    CHECK_INT(fstat(again, &st), 0);
    CHECK_INT(st.st_mode, S_IFREG | 0755); /* writing takes the set-id bit away */
    CHECK_INT(close(again), 0);
    CHECK_INT(unlink("f"), 0);
    CHECK_INT(rmdir("d"), 0);
}

static bool is_near(const struct timespec *ts)
{
    const time_t now = time(NULL);
    return ts->tv_sec >= now - 20 && ts->tv_sec <= now + 1;
}

void test_times(void)
{
    struct stat st, before;
    const int fd = check_open("f", O_RDWR | O_CREAT, 0644);
    CHECK_INT(fstat(fd, &st), 0);
    CHECK(is_near(&st.st_atim) && is_near(&st.st_mtim) && is_near(&st.st_ctim));
    const struct timespec times[2] = {{1000, 5}, {2000, 999999999}};
    CHECK_INT(futimens(fd, times), 0);
    CHECK_INT(fstat(fd, &st), 0);
    CHECK_INT(st.st_atim.tv_sec, 1000);
    CHECK_INT(st.st_mtim.tv_sec, 2000);
    CHECK_INT(st.st_mtim.tv_nsec, 999999999);
    CHECK(is_near(&st.st_ctim));
    CHECK_INT(write(fd, "x", 1), 1);
    CHECK_INT(fstat(fd, &st), 0);
    CHECK(is_near(&st.st_mtim));
    const struct timespec omit[2] = {{3000, 0}, {0, UTIME_OMIT}};
    before = st;
    CHECK_INT(utimensat(AT_FDCWD, "f", omit, 0), 0);
    CHECK_INT(fstat(fd, &st), 0);
    CHECK_INT(st.st_atim.tv_sec, 3000);
    CHECK_INT(st.st_mtim.tv_sec, before.st_mtim.tv_sec);
    CHECK_INT(utimensat(AT_FDCWD, "f", NULL, 0), 0);
    CHECK_INT(fstat(fd, &st), 0);
    CHECK(is_near(&st.st_atim) && is_near(&st.st_mtim));
    const struct timespec bad[2] = {{0, -7}, {0, 0}};
    CHECK_ERROR(utimensat(AT_FDCWD, "f", bad, 0), EINVAL);
    CHECK_ERROR(utimensat(AT_FDCWD, "absent", NULL, 0), ENOENT);
    /* A name that comes or goes is a change of its directory. */
    CHECK_INT(mkdir("d", 0755), 0);
    CHECK_INT(utimensat(AT_FDCWD, "d", times, 0), 0);
    CHECK_INT(rename("f", "d/f"), 0);
    CHECK_INT(stat("d", &st), 0);
    CHECK(is_near(&st.st_mtim));
    CHECK_INT(utimensat(AT_FDCWD, "d", times, 0), 0);
    CHECK_INT(unlink("d/f"), 0);
    CHECK_INT(stat("d", &st), 0);
    CHECK(is_near(&st.st_mtim));
    CHECK_INT(close(fd), 0);
    CHECK_INT(rmdir("d"), 0);
}
