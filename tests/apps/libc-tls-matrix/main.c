/*
 * Every thread-local variable begins with its value, where its alignment says, and apart from all
 * others; errno, which libc keeps next to them, as well.
 */
#include "variables.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct tls_variable list[TLS_MAX];
static size_t count;
static int failed;

static void fail(const struct tls_variable *v, const char *what)
{
    printf("%s (%zu bytes, alignment %u, at %p): %s\n", v->name, v->size, v->align,
           (void *)v->at, what);
    failed = 1;
}

static void check_start(const struct tls_variable *v)
{
    if ((uintptr_t)v->at % v->align != 0) {
        fail(v, "is not aligned");
    }
    for (size_t i = 0; i < v->size; i++) {
        if (v->at[i] != (v->first == 0 ? 0 : (unsigned char)(v->first + 3 * i))) {
            fail(v, "begins with something else");
            return;
        }
    }
}

static void check_apart(void)
{
    for (size_t i = 0; i < count; i++) {
        memset(list[i].at, (int)(100 + i), list[i].size);
    }
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < list[i].size; k++) {
            if (list[i].at[k] != 100 + i) {
                fail(&list[i], "shares memory with another");
                break;
            }
        }
    }
}

int main(void)
{
    errno = 4711;
    count = tls_data(list);
    count += tls_more_data(list + count);
    count += tls_bss(list + count);
    for (size_t i = 0; i < count; i++) {
        check_start(&list[i]);
    }
    check_apart();
    if (errno != 4711) {
        printf("errno is %d\n", errno);
        failed = 1;
    }
    printf("%s %zu variables\n", failed ? "FAIL" : "PASS", count);
    return failed;
}
