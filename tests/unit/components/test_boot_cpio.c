/* boot's root file system: cpio archives in and out, and what a hostile archive can do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <steps.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char said[4096];
static char archive[4 << 20];
static size_t archive_size, archive_limit = SIZE_MAX;
static char top[] = "/tmp/test_boot_cpio.XXXXXX";
static char dir_in[64], dir_out[64];

void boot_say(const char *format, ...)
{
    const size_t len = strlen(said);
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(said + len, sizeof(said) - len, format, arguments);
    va_end(arguments);
}

/* Short reads and writes of odd lengths, on purpose. */
static ssize_t archive_read(uint64_t offset, void *buf, size_t count)
{
    if (offset >= archive_size) {
        return 0;
    }
    size_t n = archive_size - offset < count ? archive_size - (size_t)offset : count;
    n = n < 1021 ? n : 1021;
    memcpy(buf, archive + offset, n);
    return (ssize_t)n;
}

static ssize_t archive_write(const void *buf, size_t count)
{
    const size_t n = count < 1023 ? count : 1023;

    if (archive_size + n > archive_limit) {
        return -ENOSPC;
    }
    assert_true(archive_size + n <= sizeof(archive));
    memcpy(archive + archive_size, buf, n);
    archive_size += n;
    return (ssize_t)n;
}

static void add(const char *name, unsigned mode, unsigned ino, unsigned nlink,
                const char *body)
{
    const size_t size = body != NULL ? strlen(body) : 0;
    char *at = archive + archive_size;

    at +=
        sprintf(at, "070701%08X%08X%08X%08X%08X%08X%08zX%08X%08X%08X%08X%08zX%08X", ino,
                mode, 0, 0, nlink, 1000000000, size, 0, 0, 0, 0, strlen(name) + 1, 0);
    at = stpcpy(at, name) + 1;
    while ((at - archive) % 4 != 0) {
        *at++ = '\0';
    }
    memcpy(at, body != NULL ? body : "", size);
    at += size;
    while ((at - archive) % 4 != 0) {
        *at++ = '\0';
    }
    archive_size = (size_t)(at - archive);
}

static void add_trailer(void)
{
    add("TRAILER!!!", 0, 0, 1, NULL);
}

static int remove_one(const char *path, const struct stat *st, int type,
                      struct FTW *ftw)
{
    (void)st;
    (void)type;
    return ftw->level == 0 ? 0 : remove(path);
}

static int setup(void **state)
{
    (void)state;
    snprintf(dir_in, sizeof(dir_in), "%s/in", top);
    snprintf(dir_out, sizeof(dir_out), "%s/out", top);
    nftw(top, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    memset(archive, 0, sizeof(archive));
    archive_size = 0;
    archive_limit = SIZE_MAX;
    said[0] = '\0';
    return mkdir(dir_in, 0755) | mkdir(dir_out, 0755);
}

static void write_file(const char *path, const char *content, size_t size)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_int_equal(fwrite(content, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static const char *read_file(const char *name)
{
    static char content[256];
    char path[128];

    snprintf(path, sizeof(path), "%s/%s", dir_out, name);
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        return "(none)";
    }
    content[fread(content, 1, sizeof(content) - 1, file)] = '\0';
    fclose(file);
    return content;
}

static int unpack(void)
{
    return boot_unpack(dir_out, archive_read);
}

static void test_empty_stream_is_no_root(void **state)
{
    (void)state;
    assert_int_equal(unpack(), 0);
    assert_string_equal(said, "");
}

static void test_round_trip(void **state)
{
    static char big[200000];
    char command[256];

    (void)state;
    for (size_t i = 0; i < sizeof(big); i++) {
        big[i] = (char)(i * 7);
    }
    assert_int_equal(chdir(dir_in), 0);
    write_file("a", "hello", 5);
    write_file("empty", "", 0);
    write_file("big", big, sizeof(big));
    assert_int_equal(mkdir("d", 0755), 0);
    write_file("d/inner", "x", 1);
    assert_int_equal(link("a", "d/same"), 0);
    assert_int_equal(symlink("../a", "d/symbolic"), 0);
    assert_int_equal(mkfifo("d/fifo", 0600), 0);
    assert_int_equal(chmod("d/inner", 04711), 0);
    assert_int_equal(chmod("d", 0555), 0);
    const struct timespec times[2] = {{.tv_sec = 1234567890}, {.tv_sec = 1234567890}};
    assert_int_equal(utimensat(AT_FDCWD, "d", times, 0), 0);

    assert_int_equal(boot_pack(dir_in, archive_write), 0);
    assert_int_equal(unpack(), 0);
    assert_string_equal(said, "");

    struct stat a, same, st;
    assert_int_equal(chdir(dir_out), 0);
    assert_int_equal(stat("a", &a), 0);
    assert_int_equal(stat("d/same", &same), 0);
    assert_int_equal(a.st_ino, same.st_ino);
    assert_int_equal(stat("d", &st), 0);
    assert_int_equal(st.st_mode, S_IFDIR | 0555);
    assert_int_equal(st.st_mtime, 1234567890);
    assert_int_equal(stat("d/inner", &st), 0);
    assert_int_equal(st.st_mode, S_IFREG | 04711);
    assert_int_equal(lstat("d/fifo", &st), 0);
    assert_true(S_ISFIFO(st.st_mode));
    snprintf(command, sizeof(command), "chmod u+w */d; rm */d/fifo; diff -r in out");
    assert_int_equal(chdir(top), 0);
    assert_int_equal(system(command), 0);
}

/* The archive of another program, and ours to it. */
static void test_gnu_cpio_agrees(void **state)
{
    char command[512];

    (void)state;
    assert_int_equal(chdir(dir_in), 0);
    assert_int_equal(system("mkdir -p x/y; echo one >x/y/f; ln x/y/f x/g; ln -s g x/l; "
                            "find . | cpio --quiet -o -H newc >../archive"),
                     0);
    assert_int_equal(chdir(top), 0);
    FILE *file = fopen("archive", "r");
    archive_size = fread(archive, 1, sizeof(archive), file);
    fclose(file);
    assert_int_equal(unpack(), 0);
    assert_string_equal(said, "");
    assert_int_equal(system("diff -r in out && test out/x/g -ef out/x/y/f"), 0);

    archive_size = 0;
    assert_int_equal(boot_pack(dir_out, archive_write), 0);
    write_file("archive", archive, archive_size);
    snprintf(command, sizeof(command),
             "mkdir again; cd again; cpio --quiet -i <../archive && diff -r . ../in && "
             "test x/g -ef x/y/f");
    assert_int_equal(system(command), 0);
}

static void test_names(void **state)
{
    (void)state;
    add("/absolute", 0100644, 1, 1, "1");
    add("./a/b//c", 0100644, 2, 1,
        "2"); /* directories that the archive does not name */
    add(".", 040700, 3, 2, NULL);
    add("a/b/c", 0100644, 4, 1, "3"); /* replaces */
    add("dev/null", 020666, 5, 1, NULL);
    add_trailer();
    assert_int_equal(unpack(), 0);
    assert_string_equal(read_file("absolute"), "1");
    assert_string_equal(read_file("a/b/c"), "3");
    assert_non_null(strstr(said, "skipped 'dev/null'"));
}

static void test_hard_link_content_may_come_last(void **state)
{
    (void)state;
    add("one", 0100644, 7, 2, NULL);
    add("two", 0100644, 7, 2, "content");
    add_trailer();
    assert_int_equal(unpack(), 0);
    assert_string_equal(read_file("one"), "content");
    assert_string_equal(read_file("two"), "content");
}

static void refused(const char *why)
{
    said[0] = '\0';
    assert_int_equal(unpack(), -1);
    if (strstr(said, why) == NULL) {
        fail_msg("'%s' does not say '%s'", said, why);
    }
}

static void test_hostile_archives(void **state)
{
    (void)state;
    add("../outside", 0100644, 1, 1, "1");
    refused("the name '../outside' has '..' in it");
    archive_size = 0;
    add("a/../../outside", 0100644, 1, 1, "1");
    refused("'..'");
    assert_int_equal(access("../outside", F_OK), -1);

    archive_size = 0;
    add("file", 0100644, 1, 1, "1");
    refused("ends in the middle of an entry (at byte");
    memcpy(archive, "070702", 6);
    refused("magic 070701");
    memcpy(archive, "070701", 6);
    archive[6 + 8 * 6] = 'G'; /* filesize */
    refused("not a hexadecimal number (at byte 110");
    memset(archive + 6 + 8 * 6, 'F', 8);
    refused("ends in the middle of a file");
    memset(archive + 6 + 8 * 11, '0', 8); /* namesize */
    refused("no name or one that is too long");
    memset(archive + 6 + 8 * 11, 'F', 8);
    refused("no name or one that is too long");
    memcpy(archive + 6 + 8 * 11, "00000003", 8);
    refused("does not end where it should");

    archive_size = 0;
    add("link", 0120777, 1, 1, NULL);
    refused("the target of 'link' is empty or too long");
    archive_size = 0;
    add("odd", 0170644, 1, 1, NULL);
    refused("'odd' has an unknown type");
}

static void test_every_truncation_is_refused(void **state)
{
    (void)state;
    add("d", 040755, 1, 2, NULL);
    add("d/file", 0100644, 2, 1, "content");
    add("d/link", 0120777, 3, 1, "file");
    const size_t whole = archive_size + 110 + sizeof("TRAILER!!!");
    add_trailer();
    for (size_t size = 1; size < whole; size++) {
        archive_size = size;
        assert_int_equal(unpack(), -1);
    }
    archive_size = whole;
    assert_int_equal(unpack(), 0);
}

/* Any byte changed: unpacked or refused, but never a crash (run under ASan by `make
 * check`). */
static void test_mutations(void **state)
{
    (void)state;
    add("d", 040755, 1, 2, NULL);
    add("d/file", 0100644, 2, 2, "content");
    add("d/same", 0100644, 2, 2, NULL);
    add("d/link", 0120777, 3, 1, "file");
    add_trailer();
    for (size_t i = 0; i < archive_size; i++) {
        const char byte = archive[i];
        const char replacements[] = {'0', '7', 'F', '/', '\0', (char)0xff};
        for (size_t r = 0; r < sizeof(replacements); r++) {
            archive[i] = replacements[r];
            said[0] = '\0';
            (void)unpack();
            chmod(dir_out, 0755);
        }
        archive[i] = byte;
    }
}

static void test_export_without_room(void **state)
{
    (void)state;
    assert_int_equal(chdir(dir_in), 0);
    write_file("a", "hello", 5);
    assert_int_equal(boot_pack(dir_in, archive_write), 0);
    const size_t whole = archive_size;
    for (size_t limit = 0; limit < whole; limit += 7) {
        archive_limit = limit;
        archive_size = 0;
        said[0] = '\0';
        assert_int_equal(boot_pack(dir_in, archive_write), -1);
        assert_non_null(strstr(said, "No space left on device"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_empty_stream_is_no_root, setup),
        cmocka_unit_test_setup(test_round_trip, setup),
        cmocka_unit_test_setup(test_gnu_cpio_agrees, setup),
        cmocka_unit_test_setup(test_names, setup),
        cmocka_unit_test_setup(test_hard_link_content_may_come_last, setup),
        cmocka_unit_test_setup(test_hostile_archives, setup),
        cmocka_unit_test_setup(test_every_truncation_is_refused, setup),
        cmocka_unit_test_setup(test_mutations, setup),
        cmocka_unit_test_setup(test_export_without_room, setup),
    };

    if (mkdtemp(top) == NULL) {
        return 1;
    }
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    setup(NULL);
    rmdir(dir_in);
    rmdir(dir_out);
    rmdir(top);
    return failed;
}
