/* Ways to end, checked by the runner. */
#define _GNU_SOURCE
#include "groups.h"

#include <assert.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#define NAMES 10000

static void say_first(void)
{
    puts("registered first");
}

static void say_second(void)
{
    puts("registered second");
}

static int quiet = 1;

__attribute__((destructor)) static void destroy(void)
{
    if (!quiet) {
        puts("destructor");
    }
}

/* Takes all memory there is, in pieces that become smaller. */
static void exhaust(void)
{
    for (size_t size = (size_t)1 << 28; size >= 16; size /= 2) {
        while (malloc(size) != NULL) {
        }
    }
}

/* Without any memory left, what the program says last still arrives. */
static int end_exhausted(void)
{
    char cwd[8], name[64];

    exhaust();
    /* What vfs has left as well: it remembers names that it did not find. */
    for (int i = 0; i < NAMES; i++) {
        snprintf(name, sizeof(name), "/tmp/a-name-that-takes-some-room-%d", i);
        access(name, F_OK);
    }
    while (open("/dev/null", O_RDONLY) >= 0) {
    }
    if (write(STDOUT_FILENO, "out of memory\n", 14) != 14) {
        return 90;
    }
    if (printf("%s, %d\n", "formatted", 1) < 0 || fflush(stdout) != 0) {
        return 91;
    }
    if (fprintf(stderr, "error\n") != 6) {
        return 92;
    }
    if (getcwd(cwd, sizeof(cwd)) == NULL || strcmp(cwd, "/") != 0) {
        return 93;
    }
    if (read(STDIN_FILENO, cwd, 1) != 0) {
        return 94;
    }
    return 7;
}

/* The stack is as large as it is said to be, to the byte; below it is its guard. */
static int end_guard(void)
{
    pthread_attr_t attributes;
    struct rlimit limit;
    void *lowest;
    size_t size;
    char local;

    if (pthread_getattr_np(pthread_self(), &attributes) != 0 ||
        pthread_attr_getstack(&attributes, &lowest, &size) != 0 ||
        getrlimit(RLIMIT_STACK, &limit) != 0) {
        return 90;
    }
    volatile char *byte = lowest;
    if (limit.rlim_cur != size || &local < byte || &local >= byte + size) {
        return 91;
    }
    printf("%zu %d %d\n", size, byte[0], byte[size - 1] * 0);
    fflush(stdout);
    return byte[-1];
}

/* Calls that no program has here, each more than once. */
static int end_lacking(void)
{
    char *const argv[] = {"true", NULL};
    pthread_t thread;
    int failed = 0;

    failed += fork() != -1 || errno != ENOSYS;
    failed += fork() != -1 || errno != ENOSYS;
    failed += execvp("true", argv) != -1 || errno != ENOSYS;
    failed += system("true") != -1;
    for (int i = 0; i < 2; i++) {
        failed += pthread_create(&thread, NULL, NULL, NULL) != EAGAIN;
    }
    return failed;
}

int test_end(const char *how)
{
    quiet = 0;
    atexit(say_first);
    atexit(say_second);
    if (strcmp(how, "return") == 0) {
        printf("not flushed yet");
        return 300 + 3; /* 47 */
    }
    if (strcmp(how, "exit") == 0) {
        exit(5);
    }
    if (strcmp(how, "_exit") == 0) {
        _exit(6);
    }
    if (strcmp(how, "pthread_exit") == 0) {
        pthread_exit(NULL);
    }
    if (strcmp(how, "abort") == 0) {
        abort();
    }
    if (strcmp(how, "assert") == 0) {
        assert(!"an assertion");
    }
    if (strcmp(how, "deadlock") == 0) {
        static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
        pthread_mutex_lock(&mutex);
        pthread_mutex_lock(&mutex);
    }
    if (strcmp(how, "exhausted") == 0) {
        return end_exhausted();
    }
    if (strcmp(how, "guard") == 0) {
        return end_guard();
    }
    if (strcmp(how, "lacking") == 0) {
        return end_lacking();
    }
    return 99;
}
