/* Thread-local data. */
#include "probe.h"

static __thread int number = 42;
static __thread long zero;
static __thread char text[32] = "thread";
__thread struct {
    short a;
    double b;
} record = {7, 2.5};

__attribute__((noinline)) static int *address(void)
{
    return &number;
}

void program(void)
{
    int *p = address();

    number += 3;
    *p *= 2;
    probe_int("number", number);
    zero += probe_hide(5);
    probe_int("zero", zero);
    for (int i = 0; i < 6; i++) {
        text[probe_hide(i)] ^= (char)i;
    }
    probe_text(text);
    record.a = (short)(record.a + number);
    record.b *= record.a;
    probe_double("record", record.b);
    probe_int("same", p == &number);
}
