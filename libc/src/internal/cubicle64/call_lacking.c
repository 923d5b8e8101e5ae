/*
 * A program that needs processes or threads rarely names these when it fails. So the first call of
 * each kind writes a line to standard error.
 */
#include <errno.h>
#include <string.h>

#include "libc.h"
#include "syscall.h"

#define LINE_MAX_BYTES 512

/* call_long.c has the real one, in programs that write. */
static void dummy(const char *line, unsigned long size)
{
}
weak_alias(dummy, __call_say);

static void lacking_tell(const char *call, const char *why)
{
    char line[LINE_MAX_BYTES] = "cubicle: ";
    const char *const rest[] = {__progname, ": this program called ", call, why};
    for (size_t i = 0; i < sizeof rest / sizeof *rest; i++) {
        strncat(line, rest[i], sizeof line - 2 - strlen(line));
    }
    strcat(line, "\n");
    __call_say(line, strlen(line));
}

long __call_lacking_process(const char *call)
{
    static int told;
    if (!told) {
        told = 1;
        lacking_tell(call, ", which does not exist here: there is one process, and no program can "
                           "start another. It fails with ENOSYS; see docs/libc.md");
    }
    return -ENOSYS;
}

int __call_lacking_thread(const char *call)
{
    static int told;
    if (!told) {
        told = 1;
        lacking_tell(call, ", but a program has one thread here. It fails with EAGAIN; if the "
                           "program has an option to do without threads, use that; see "
                           "docs/libc.md");
    }
    return EAGAIN;
}
