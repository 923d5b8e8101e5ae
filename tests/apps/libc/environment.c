#define _GNU_SOURCE
#include "groups.h"

#include <getopt.h>
#include <unistd.h>

static void test_variables(void)
{
    CHECK(getenv("NO_SUCH_VARIABLE") == NULL);
    CHECK_INT(setenv("LIBC_TEST", "one", 1), 0);
    CHECK_STRING(getenv("LIBC_TEST"), "one");
    CHECK_INT(setenv("LIBC_TEST", "two", 0), 0);
    CHECK_STRING(getenv("LIBC_TEST"), "one");
    static char entry[] = "LIBC_TEST=three";
    CHECK_INT(putenv(entry), 0);
    CHECK_STRING(getenv("LIBC_TEST"), "three");
    CHECK_INT(unsetenv("LIBC_TEST"), 0);
    CHECK(getenv("LIBC_TEST") == NULL);
    CHECK_ERROR(setenv("a=b", "x", 1), EINVAL);
}

static void test_options(void)
{
    char *argv[] = {"program",  "-a",     "-bvalue", "operand",
                    "--long=7", "--flag", "last",    NULL};
    static const struct option options[] = {{"long", required_argument, NULL, 'l'},
                                            {"flag", no_argument, NULL, 'f'},
                                            {NULL, 0, NULL, 0}};
    optind = 1;
    CHECK_INT(getopt_long(7, argv, "ab:", options, NULL), 'a');
    CHECK_INT(getopt_long(7, argv, "ab:", options, NULL), 'b');
    CHECK_STRING(optarg, "value");
    CHECK_INT(getopt_long(7, argv, "ab:", options, NULL), 'l');
    CHECK_STRING(optarg, "7");
    CHECK_INT(getopt_long(7, argv, "ab:", options, NULL), 'f');
    CHECK_INT(getopt_long(7, argv, "ab:", options, NULL), -1);
    CHECK_STRING(argv[optind], "operand");
}

void test_environment(void)
{
    CHECK(program_invocation_short_name != NULL &&
          program_invocation_short_name[0] != '\0');
    test_variables();
    test_options();
}
