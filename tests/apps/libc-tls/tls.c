/*
 * Thread-local storage: initialised, zero, aligned, and too large for what libc sets
 * aside statically. A module of its own, because in one cubicle only one module can
 * have it.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static __thread int zero;
static __thread volatile int value = 42;
static __thread char text[100] __attribute__((aligned(64))) = "thread-local";
static __thread char large[20000];
__thread long exported = -7;

static int failed;

static void check(int ok, const char *what)
{
    if (!ok) {
        printf("%s\n", what);
        failed = 1;
    }
}

int main(void)
{
    char *volatile p = large;
    check(zero == 0 && value == 42 && exported == -7, "initial values");
    check(strcmp(text, "thread-local") == 0, "the template is there");
    check((uintptr_t)text % 64 == 0, "alignment");
    for (size_t i = 0; i < sizeof large; i++) {
        check(p[i] == 0, "zeroed");
    }
    memset(p, 1, sizeof large);
    zero = 5;
    value++;
    errno = ERANGE;
    check(zero == 5 && value == 43 && exported == -7, "values stay apart");
    check(strcmp(text, "thread-local") == 0 && errno == ERANGE, "neighbours");
    void *volatile block = malloc(1000); /* makes the module one that can map memory */
    free(block);
    printf("%s tls\n", failed ? "FAIL" : "PASS");
    return failed;
}
