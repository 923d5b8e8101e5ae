/* Which text of a module's author may be shown: it must not drive a terminal, look like
 * another line, or reorder what stands around it. */
#ifndef MONITOR_UTF8_H
#define MONITOR_UTF8_H

#include <stddef.h>

/**
 * Returns the length of the character at @text, of which @left bytes are there (> 0), when
 * it may be shown as it is: printable ASCII, a blank, or valid UTF-8 that is neither a
 * control nor a mark of direction or line. 0: the byte at @text is to be replaced.
 */
size_t utf8_shown(const char *text, size_t left);

/** Puts `?` in the place of each byte of @text, which has @len, that may not be shown. */
void utf8_disarm(char *text, size_t len);

#endif
