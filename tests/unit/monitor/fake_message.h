/* What message_error() and message_request() were last told, instead of standard error. For one file of each test. */
#ifndef TEST_FAKE_MESSAGE_H
#define TEST_FAKE_MESSAGE_H

#include <stdarg.h>
#include <stdio.h>

#include "base/message.h"

static char message[1024];

int message_error(int error, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    return error;
}

int message_request(int error, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    return error;
}

#endif
