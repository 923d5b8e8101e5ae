#include "message.h"
#include "utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MESSAGE_REQUESTS_MAX 16

/* Modules choose some of the text: names, reasons, notes. */
static void message_disarm(char *text, size_t len)
{
    for (size_t i = 0; i < len;) {
        const size_t shown = utf8_shown(text + i, len - i);
        if (shown == 0) {
            text[i] = '?';
        }
        i += shown > 0 ? shown : 1;
    }
}

static void message_print(const char *format, va_list arguments)
{
    char text[1024];
    vsnprintf(text, sizeof(text), format, arguments);
    message_disarm(text, strlen(text));
    fprintf(stderr, "cubicle: %s\n", text);
}

int message_error(int error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    message_print(format, arguments);
    va_end(arguments);
    return error;
}

int message_request(int error, const char *format, ...)
{
    static unsigned nmessages;
    if (nmessages >= MESSAGE_REQUESTS_MAX) {
        return error;
    }
    va_list arguments;
    va_start(arguments, format);
    message_print(format, arguments);
    va_end(arguments);
    if (++nmessages == MESSAGE_REQUESTS_MAX) {
        message_error(0, "further refused requests of cubicles are not shown");
    }
    return error;
}

void message_add_all(struct message *m, const char *const texts[])
{
    for (; *texts != NULL; texts++) {
        for (const char *c = *texts; *c != '\0' && m->len < sizeof(m->text) - 1; c++) {
            m->text[m->len++] = *c;
        }
    }
}

void message_add_hex(struct message *m, uint64_t value, unsigned digits)
{
    char text[19] = "0x";
    const unsigned n = digits < 16 ? digits : 16;
    for (unsigned i = 0; i < n; i++) {
        text[2 + i] = "0123456789abcdef"[value >> (4 * (n - 1 - i)) & 15];
    }
    text[2 + n] = '\0';
    message_add(m, text);
}

void message_add_decimal(struct message *m, uint64_t value)
{
    char text[21];
    size_t i = sizeof(text) - 1;
    text[i] = '\0';
    do {
        text[--i] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    message_add(m, text + i);
}

void message_write(struct message *m)
{
    message_disarm(m->text, m->len);
    m->text[m->len++] = '\n';
    size_t done = 0;
    while (done < m->len) {
        const ssize_t n = write(STDERR_FILENO, m->text + done, m->len - done);
        if (n <= 0) {
            break; /* nowhere to complain */
        }
        done += (size_t)n;
    }
    m->len = 0;
}
