#include "panic.h"
#include "message.h"
#include "monitor.h"

#include <unistd.h>

void panic(const char *what)
{
    struct message m = {.len = 0};
    message_add(&m, "cubicle: internal error of the monitor: ", what,
                "; the system is stopped");
    message_write(&m);
    _exit(MONITOR_EXIT_FAULT);
}
