/* qsort, bsearch, hash and tree searches, random numbers. */
#define _GNU_SOURCE
#include "groups.h"

#include <search.h>

static int compare_int(const void *a, const void *b)
{
    const int x = *(const int *)a, y = *(const int *)b;
    return (x > y) - (x < y);
}

static int compare_context(const void *a, const void *b, void *calls)
{
    ++*(int *)calls;
    return compare_int(a, b);
}

static void test_sizes(void)
{
    static int v[1000];
    for (size_t n = 0; n < 1000; n += n < 20 ? 1 : 97) {
        unsigned long sum = 0, after = 0;
        for (size_t i = 0; i < n; i++) {
            v[i] = (int)(i * 2654435761u % 257) - 100;
            sum += (unsigned)v[i];
        }
        qsort(v, n, sizeof *v, compare_int);
        int sorted = 1;
        for (size_t i = 0; i < n; i++) {
            sorted &= i == 0 || v[i - 1] <= v[i];
            after += (unsigned)v[i];
        }
        CHECK(sorted && sum == after);
    }
    int calls = 0, w[] = {3, 1, 2};
    qsort_r(w, 3, sizeof *w, compare_context, &calls);
    CHECK(w[0] == 1 && w[1] == 2 && w[2] == 3 && calls > 1);
}

static int compare_wide(const void *a, const void *b)
{
    return memcmp(a, b, 4);
}

/* Elements that are neither words nor aligned. */
static void test_wide_elements(void)
{
    char v[] = "0030xxx0010yyy0020zzz";
    qsort(v, 3, 7, compare_wide);
    CHECK_STRING(v, "0010yyy0020zzz0030xxx");
}

static void keep(void *key)
{
    (void)key;
}

static void test_search(void)
{
    const int v[] = {1, 3, 5, 7, 9}, there = 7, missing = 4;
    CHECK(bsearch(&there, v, 5, sizeof *v, compare_int) == &v[3]);
    CHECK(bsearch(&missing, v, 5, sizeof *v, compare_int) == NULL);
    void *root = NULL;
    for (int i = 0; i < 5; i++) {
        tsearch(&v[i], &root, compare_int);
    }
    CHECK(tfind(&there, &root, compare_int) != NULL &&
          tfind(&missing, &root, compare_int) == NULL);
    tdelete(&there, &root, compare_int);
    CHECK(tfind(&there, &root, compare_int) == NULL);
    tdestroy(root, keep);
    CHECK(hcreate(8) != 0);
    CHECK(hsearch((ENTRY){.key = "one", .data = (void *)&v[0]}, ENTER) != NULL);
    ENTRY *found = hsearch((ENTRY){.key = "one"}, FIND);
    CHECK(found && found->data == &v[0]);
    hdestroy();
}

static void test_random(void)
{
    srand(1);
    const int first = rand();
    srand(1);
    CHECK_INT(rand(), first);
    CHECK(rand() != first);
    unsigned short seed[3] = {1, 2, 3};
    const double x = erand48(seed);
    CHECK(x >= 0 && x < 1);
}

void test_sort(void)
{
    test_sizes();
    test_wide_elements();
    test_search();
    test_random();
}
