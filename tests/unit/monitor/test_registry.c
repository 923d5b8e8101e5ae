/*
 * The interface registry: which files of a folder are read, what two of them may not both
 * declare, and that a name is found whole. A process reads one registry, so each case has its own.
 */
#include "load/registry.h"

#include "fake_message.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64];

static int setup(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/test-registry-XXXXXX");
    return mkdtemp(folder) != NULL ? 0 : -1;
}

static int teardown(void **state)
{
    char command[128];

    (void)state;
    snprintf(command, sizeof(command), "rm -r %s", folder);
    return system(command);
}

static void write_file(const char *name, const char *text)
{
    char path[400];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "we");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* File @name: interface @interface with functions @first and, unless NULL, @second. */
static void declare(const char *name, const char *interface, const char *first,
                    const char *second)
{
    static const char mark[] = "fingerprint ";
    char *text = NULL;

    assert_true(asprintf(&text,
                         "cubicle-interface 1\nname %s\nproviders one\n"
                         "fingerprint 0000000000000000\n"
                         "function %s\nreturns i32\n%s%s%send\n",
                         interface, first, second != NULL ? "function " : "",
                         second != NULL ? second : "",
                         second != NULL ? "\nreturns i32\n" : "") > 0);
    char *digits = strstr(text, mark) + strlen(mark);
    char right[17];
    snprintf(right, sizeof(right), "%016llx",
             (unsigned long long)descriptor_fingerprint(text, strlen(text)));
    memcpy(digits, right, 16);
    write_file(name, text);
    free(text);
}

/* Reads the folder in a process of its own, and there goes on with @then. */
static void in_child(void (*then)(int result))
{
    const pid_t child = fork();
    int status = -1;

    assert_true(child >= 0);
    if (child == 0) {
        then(registry_read(folder));
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* In the child, where a failed assertion would go on as another copy of the test. */
#define EXPECT(condition)                                                        \
    do {                                                                         \
        if (!(condition)) {                                                      \
            (void)fprintf(stderr, "%d: %s; message: %s\n", __LINE__, #condition, \
                          message);                                              \
            _exit(1);                                                            \
        }                                                                        \
    } while (false)

static void find_both(int result)
{
    const struct descriptor *interface = NULL;

    EXPECT(result == 0);
    EXPECT(registry_functions() == 3);
    const struct descriptor *file = registry_interface("file", 4);
    EXPECT(file != NULL && strcmp(file->name, "file") == 0);
    EXPECT(registry_interface("files and more", 5) != NULL);
    EXPECT(registry_interface("files", 5) != file);
    EXPECT(registry_interface("fil", 3) == NULL);
    EXPECT(registry_interface("filesystem", 10) == NULL);
    EXPECT(registry_interface("", 0) == NULL);
    const struct descriptor_function *open = registry_function("file_open", &interface);
    EXPECT(open != NULL && strcmp(open->name, "file_open") == 0 && interface == file);
    EXPECT(registry_function("file_ope", &interface) == NULL);
    EXPECT(registry_function("file_open2", &interface) == NULL);
    const struct descriptor_function *close =
        registry_function("file_close", &interface);
    const struct descriptor_function *list =
        registry_function("files_list", &interface);
    EXPECT(close != NULL && list != NULL &&
           interface == registry_interface("files", 5));
    /* Each has a number of its own, below their count. */
    EXPECT(open->number < 3 && close->number < 3 && list->number < 3);
    EXPECT(open->number != close->number && open->number != list->number &&
           close->number != list->number);
}

static void test_found(void **state)
{
    (void)state;
    declare("a.desc", "file", "file_open", "file_close");
    declare("b.desc", "files", "files_list", NULL);
    write_file("notes", "nobody reads this");
    write_file(".desc", "nor this");
    write_file("c.desc.old", "nor this");
    in_child(find_both);
}

static void refused_interface(int result)
{
    EXPECT(result == -EEXIST);
    EXPECT(strstr(message, ".desc: interface file is declared twice") != NULL);
}

static void test_same_interface(void **state)
{
    (void)state;
    declare("a.desc", "file", "file_open", NULL);
    declare("b.desc", "file", "file_close", NULL);
    in_child(refused_interface);
}

static void refused_function(int result)
{
    EXPECT(result == -EINVAL);
    EXPECT(strstr(message, "both declare file_open") != NULL);
}

static void test_same_function(void **state)
{
    (void)state;
    declare("a.desc", "file", "file_open", "file_close");
    declare("b.desc", "files", "file_open", "files_list");
    in_child(refused_function);
}

static void refused_file(int result)
{
    EXPECT(result == -EINVAL);
    EXPECT(strstr(message,
                  "/b.desc:1: `cubicle-interface' expected, found `rubbish'") != NULL);
}

/* One that is refused is not left out: the system would lack an interface. */
static void test_bad_file(void **state)
{
    (void)state;
    declare("a.desc", "file", "file_open", NULL);
    write_file("b.desc", "rubbish\n");
    in_child(refused_file);
}

static void refused_empty(int result)
{
    EXPECT(result == -ENOENT);
    EXPECT(strstr(message, ": no interface (*.desc) in the registry") != NULL);
}

static void test_empty(void **state)
{
    (void)state;
    write_file("notes", "nobody reads this");
    in_child(refused_empty);
}

static void refused_folder(int result)
{
    EXPECT(result == -ENOENT);
    EXPECT(strstr(message, ": cannot open the interface registry: No such file") !=
           NULL);
}

static void test_no_folder(void **state)
{
    (void)state;
    assert_int_equal(rmdir(folder), 0);
    in_child(refused_folder);
    assert_int_equal(mkdir(folder, 0700), 0);
}

static void refused_number(int result)
{
    EXPECT(result == -ENOSPC);
    EXPECT(strstr(message, ": more than 256 interfaces") != NULL);
}

static void as_many(int result)
{
    EXPECT(result == 0);
    EXPECT(registry_functions() == 256);
}

static void test_many(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 257; i++) {
        char name[32], interface[32], function[32];
        snprintf(name, sizeof(name), "i%u.desc", i);
        snprintf(interface, sizeof(interface), "i%u", i);
        snprintf(function, sizeof(function), "f%u", i);
        if (i == 256) {
            in_child(as_many);
        }
        declare(name, interface, function, NULL);
    }
    in_child(refused_number);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_found),    TEST(test_same_interface), TEST(test_same_function),
        TEST(test_bad_file), TEST(test_empty),          TEST(test_no_folder),
        TEST(test_many),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("registry", tests, NULL, NULL);
}
