/*
 * Components gone mad: a liar (../modules/front.c) that takes orders from the traffic that it carries, as one does whom
 * an attacker on the network has taken over. An order is a line in a request, and is carried out once:
 *
 *   X-Mad: COMPONENT WORD NUMBER...
 *
 *   read ADDRESS           a byte of anybody's memory
 *   write ADDRESS
 *   search ADDRESS SIZE    looks for a secret there
 *   lend ADDRESS           opens a window on it, to everybody
 *   FUNCTION LIE VALUE TIMES
 *                          the next calls of a function are answered with a lie (tests/interfaces/tell.h)
 *
 * and what the component adds. Numbers as strtoull() reads them.
 */
#ifndef MAD_H
#define MAD_H

#include <stddef.h>
#include <stdint.h>

#define MAD_NUMBERS 3

struct mad_order {
    char word[64];
    uint64_t numbers[MAD_NUMBERS]; /* 0 where the order has none */
};

/** Obeys the orders to component @name that are in [@bytes, @bytes + @size). What it does not know, @more does. */
void mad_obey(const char *name, const void *bytes, size_t size,
              void (*more)(const struct mad_order *order));

/** Prints a line on the command's standard error. */
void mad_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
