#include "message.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int message_error(int error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("cubicle: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    return error;
}

void message_add(struct message *m, const char *text)
{
    while (*text != '\0' && m->len < sizeof(m->text) - 1) {
        m->text[m->len++] = *text++;
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
