#include "message.h"
#include "utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MESSAGE_REQUESTS_MAX 16
#define MESSAGE_MAX 12288    /* three names as long as a module file's may be */
#define MESSAGE_END_MAX 500u /* of one that is too long: what is shown of either end */

/* The place is at the start, the reason at the end, and what is long is a name. */
static void message_shorten(char *text, size_t len)
{
    static const char gap[] = " ... ";
    const size_t gap_len = sizeof(gap) - 1;
    if (len > 2 * MESSAGE_END_MAX + gap_len) {
        char *const end = text + MESSAGE_END_MAX + gap_len;
        memcpy(text + MESSAGE_END_MAX, gap, gap_len);
        memmove(end, text + len - MESSAGE_END_MAX, MESSAGE_END_MAX + 1);
    }
}

static void message_print(const char *format, va_list arguments)
{
    char text[MESSAGE_MAX];
    vsnprintf(text, sizeof(text), format, arguments);
    message_shorten(text, strlen(text));
    utf8_disarm(text, strlen(text)); /* names, reasons, notes: a module's author's */
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

/* At most @max bytes of @text; returns what is left of it. */
static const char *message_append(struct message *m, const char *text, size_t max)
{
    for (; max > 0 && *text != '\0' && m->len < sizeof(m->text) - 1; max--) {
        m->text[m->len++] = *text++;
    }
    return text;
}

void message_add_all(struct message *m, const char *const texts[])
{
    for (; *texts != NULL; texts++) {
        (void)message_append(m, *texts, SIZE_MAX);
    }
}

void message_add_name(struct message *m, const char *name, size_t max)
{
    message_add(m, *message_append(m, name, max) != '\0' ? "..." : "");
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

char *message_decimal(char to[21], uint64_t value)
{
    char *at = to + 20;
    *at = '\0';
    do {
        *--at = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    return at;
}

void message_add_decimal(struct message *m, uint64_t value)
{
    char text[21];
    message_add(m, message_decimal(text, value));
}

void message_write(struct message *m)
{
    utf8_disarm(m->text, m->len);
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
