/* One thread per cubicle: no more can be made, and ending this one ends the program. */
#include <stdlib.h>

#include "pthread_impl.h"
#include "syscall.h"

static void dummy_0(void)
{
}
weak_alias(dummy_0, __pthread_tsd_run_dtors);

void __tl_lock(void)
{
}

void __tl_unlock(void)
{
}

void __tl_sync(pthread_t td)
{
}

_Noreturn void __pthread_exit(void *result)
{
    pthread_t self = __pthread_self();
    self->canceldisable = 1;
    self->result = result;
    while (self->cancelbuf) {
        struct __ptcb *cleanup = self->cancelbuf;
        self->cancelbuf = cleanup->__next;
        cleanup->__f(cleanup->__x);
    }
    __pthread_tsd_run_dtors();
    exit(0);
}

void __do_cleanup_push(struct __ptcb *cb)
{
    struct pthread *self = __pthread_self();
    cb->__next = self->cancelbuf;
    self->cancelbuf = cb;
}

void __do_cleanup_pop(struct __ptcb *cb)
{
    __pthread_self()->cancelbuf = cb->__next;
}

int __pthread_create(pthread_t *restrict res, const pthread_attr_t *restrict attrp,
                     void *(*entry)(void *), void *restrict arg)
{
    return __call_lacking_thread("pthread_create()");
}

weak_alias(__pthread_exit, pthread_exit);
weak_alias(__pthread_create, pthread_create);
