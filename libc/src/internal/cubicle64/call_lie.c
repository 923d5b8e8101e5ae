/* What is left of an answer that is not among those that the interface allows: an error that says so.
 * Errors are passed on, but for EINTR: nothing interrupts a call here, and programs try again on it, for
 * ever if they are told so for ever. */
#include "syscall.h"

long __call_lie(long r)
{
    return r < 0 && r >= -4095 && r != -EINTR ? r : -EIO;
}
