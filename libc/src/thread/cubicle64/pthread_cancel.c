/* There is no other thread to cancel, and no call is a cancellation point. */
#include <errno.h>

#include "pthread_impl.h"

void __testcancel(void)
{
}

int pthread_cancel(pthread_t t)
{
    return ENOSYS;
}
