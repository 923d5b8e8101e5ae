/*
 * Messages of the monitor on standard error, each one line that starts with "cubicle: ".
 * Control characters come out as "?", whatever a module has put into its names.
 */
#ifndef MONITOR_MESSAGE_H
#define MONITOR_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

/** Writes a message and returns @error, so that a caller can write and return at once. One
 *  that is too long for a line loses its middle. Not on the fault path. */
int message_error(int error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** The same for a request of a running cubicle: after some messages, further ones are dropped,
 *  so that no cubicle can flood standard error. */
int message_request(int error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** Writes @value in decimal, with a NUL, into the end of @to; returns where it begins there. */
char *message_decimal(char to[21], uint64_t value);

/* Building a line without stdio, for the fault path. Text that does not fit is cut. */
struct message {
    char text[1024];
    size_t len;
};
/** Adds texts, one behind the other. */
#define message_add(m, ...) \
    message_add_all((m), (const char *const[]){__VA_ARGS__, NULL})
void message_add_all(struct message *m, const char *const texts[]);
/** At most @max bytes of @name, and where there are more, "...": what comes behind it is to fit. */
void message_add_name(struct message *m, const char *name, size_t max);
void message_add_hex(struct message *m, uint64_t value, unsigned digits);
void message_add_decimal(struct message *m, uint64_t value);
/** Writes the line, with its LF, to standard error. In signal handlers too. */
void message_write(struct message *m);

#endif
