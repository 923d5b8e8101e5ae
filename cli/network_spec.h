/*
 * What is said about the network: --network=KIND[,NAME=VALUE...], and the line of the manifest,
 * "STACK DEVICE NAME=VALUE...".
 */
#ifndef CLI_NETWORK_SPEC_H
#define CLI_NETWORK_SPEC_H

#include <stdbool.h>

enum network_kind {
    NETWORK_DEFAULT, /* nothing was said */
    NETWORK_NONE,
    NETWORK_STREAM, /* passt, or else our own helper */
    NETWORK_PASST,
    NETWORK_SLIRP,
    NETWORK_PATH, /* a UNIX socket */
    NETWORK_TAP,
};

struct network_spec {
    enum network_kind kind;
    const char *where;   /* of NETWORK_PATH the path, of NETWORK_TAP the device */
    const char *options; /* words; "" */
};

/** Reads the argument of --network. NULL, or what is wrong with it. */
const char *network_parse(const char *text, struct network_spec *spec);

/** Is @word NAME=VALUE with a known name and a value that it can have? */
bool network_is_option(const char *word);

/** Word @index of @line, or NULL. The caller frees it. */
char *network_word(const char *line, unsigned index);

/** The value of option @name of @line, the last where it stands more than once, or NULL. The
 *  caller frees it. */
char *network_option(const char *line, const char *name);

/** @line with the options of @options in place of its own. The caller frees it. */
char *network_merge(const char *line, const char *options);

/** Six bytes of "02:00:00:00:00:01". */
bool network_mac(const char *text, unsigned char mac[6]);

/** An address with "/BITS", 1 to 32. */
bool network_prefix(const char *text, char address[16], unsigned *bits);

#endif
