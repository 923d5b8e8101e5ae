/* The smallest application: every line takes the way app -> vfscore -> devfs -> plat. */
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    printf("hello, world, from a cubicle\n");
    for (int i = 1; i < argc; i++) {
        printf("argument %d: %s\n", i, argv[i]);
    }
    return EXIT_SUCCESS;
}
