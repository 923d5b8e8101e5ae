/*
 * Thread-local variables of many sizes, DATA_ALIGN and BSS_ALIGN apart: 0 is none of that kind. Each
 * is checked against an array of the same values, from another object file than its own.
 */
#ifndef TEST_TLS_VARIABLES_H
#define TEST_TLS_VARIABLES_H

#include <stddef.h>
#include <stdint.h>

/* A variable of SIZE bytes: X(name, size). */
#define TLS_SMALL(X) X(one, 1) X(two, 2) X(three, 3) X(five, 5) X(eight, 8)
#define TLS_LARGE(X) X(word, 16) X(line, 64) X(odd, 97) X(most, 1500) X(prime, 13)
#define TLS_SIZES(X) TLS_SMALL(X) TLS_LARGE(X)

struct tls_variable {
    const char *name;
    unsigned char *at;
    size_t size;
    unsigned align;
    unsigned char first; /* byte i of it begins as first + 3 * i; 0: all are 0 */
};

/** The variables of one object file; their number. */
size_t tls_data(struct tls_variable *list);
size_t tls_more_data(struct tls_variable *list);
size_t tls_bss(struct tls_variable *list);

#define TLS_MAX 48

#endif
