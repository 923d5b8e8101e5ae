/* Runs a test program on the host. */
#include "probe.h"

#include <stdio.h>

long probe_echo(long a, double b)
{
    return a * 3 + (long)b;
}

int main(void)
{
    static char output[65536];

    probe_run(output, sizeof(output));
    fputs(output, stdout);
    return 0;
}
