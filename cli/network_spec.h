/*
 * What is said about the network: --network=KIND[,NAME=VALUE...], and the line of the manifest,
 * "STACK DEVICE NAME=VALUE...".
 */
#ifndef CLI_NETWORK_SPEC_H
#define CLI_NETWORK_SPEC_H

#include <stdbool.h>
#include <stddef.h>

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

/** What NAME=VALUE is. */
enum network_word {
    NETWORK_WORD_GOOD,
    NETWORK_WORD_BAD,     /* a known name, with a value that it cannot have */
    NETWORK_WORD_UNKNOWN, /* for the device, perhaps */
};
enum network_word network_check(const char *word);

/** Word @index of @line, or NULL. The caller frees it. */
char *network_word(const char *line, unsigned index);

/** The value of option @name of @line, the last where it stands more than once, or NULL. The
 *  caller frees it. */
char *network_option(const char *line, const char *name);

/** @line with the options of @options in place of its own. The caller frees it. */
char *network_merge(const char *line, const char *options);

/** @line without option @name. The caller frees it. */
char *network_without(const char *line, const char *name);

/** Six bytes of "02:00:00:00:00:01". */
bool network_mac(const char *text, unsigned char mac[6]);

/** Bytes of @text, a number of MiB from 16 to 65536. */
bool network_memory(const char *text, size_t *bytes);

/** An address with "/BITS", 1 to 32. */
bool network_prefix(const char *text, char address[16], unsigned *bits);

#endif
