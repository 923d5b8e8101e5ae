/* Ways to end, checked by the runner. */
#include "check.h"

#include <assert.h>
#include <pthread.h>
#include <unistd.h>

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
    return 99;
}
