/* A component `random` that has no bytes to give: programs must do without, not with others. */
#include <cubicle/component.h>
#include <errno.h>
#include <random.h>

ssize_t random_bytes(void *buf, size_t count)
{
    (void)buf;
    (void)count;
    return -EIO;
}

int component_init(void)
{
    return 0;
}
