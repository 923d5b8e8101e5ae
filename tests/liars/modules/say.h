/* What both applications of the liars say, on standard error. */
#ifndef LIARS_SAY_H
#define LIARS_SAY_H

/** A line that begins with "liar: ". */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
