/*
 * `many COUNT`: calls each of COUNT cubicles in turn, prints the mean time of a call in
 * nanoseconds, and stays until standard input ends, so that its memory can be looked
 * at.
 */
#include <clock.h>
#include <cubicle.h>
#include <stdio.h>
#include <stdlib.h>
#include <unit_ops.h>

enum { MAX = 256, ROUNDS = 200 };

int main(int argc, char **argv)
{
    static struct unit_ops units[MAX];
    int count = argc > 1 ? atoi(argv[1]) : 1;
    int64_t x = 0, calls = 0;
    if (count < 1 || count > MAX) {
        return 2;
    }
    for (int i = 0; i < count; i++) {
        char name[16];
        snprintf(name, sizeof name, "unit%d", i);
        int error = unit_bind(&units[i], name);
        if (error != 0) {
            printf("cannot bind %s: %d\n", name, error);
            return 1;
        }
    }
    for (int i = 0; i < count; i++) {
        x = units[i].unit_step(x);
    }
    int64_t start = clock_now_ns(1);
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < count; i++) {
            x = units[i].unit_step(x);
            calls++;
        }
    }
    int64_t time = clock_now_ns(1) - start;
    if (x != calls + count) {
        return 1;
    }
    printf("%d %.1f\n", count, (double)time / (double)calls);
    fflush(stdout);
    getchar();
    return 0;
}
