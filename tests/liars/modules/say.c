#include "say.h"

#include <hostile.h>
#include <plat.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The victim can be told to call it; nobody tells. */
int hostile_event(int event)
{
    return event;
}

/* Not by stdio: what libc is told is what is tested. */
void say(const char *format, ...)
{
    char line[700] = "liar: ";
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line + 6, sizeof(line) - 8, format, arguments);
    va_end(arguments);
    strcat(line, "\n");
    plat_console_write(2, line, strlen(line));
}
