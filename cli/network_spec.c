#include "network_spec.h"

#include "cli.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MTU_LEAST 1280 /* what IPv6 asks of every link (RFC 8200, 5) */
#define MTU_MOST 65520

static bool is_number(const char *text, unsigned long least, unsigned long most)
{
    char *end;
    const size_t len = strspn(text, "0123456789");
    const unsigned long value = strtoul(text, &end, 10);

    return len > 0 && len < 10 && *end == '\0' && value >= least && value <= most;
}

bool network_mac(const char *text, unsigned char mac[6])
{
    char end;

    return strlen(text) == 17 &&
           sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%c", &mac[0], &mac[1],
                  &mac[2], &mac[3], &mac[4], &mac[5], &end) == 6;
}

bool network_prefix(const char *text, char address[16], unsigned *bits)
{
    const size_t len = strcspn(text, "/");
    struct in_addr ignored;

    if (len >= 16 || text[len] == '\0' || !is_number(text + len + 1, 1, 32)) {
        return false;
    }
    memcpy(address, text, len);
    address[len] = '\0';
    *bits = (unsigned)strtoul(text + len + 1, NULL, 10);
    return inet_pton(AF_INET, address, &ignored) == 1;
}

bool network_memory(const char *text, size_t *bytes)
{
    if (!is_number(text, 16, 65536)) {
        return false;
    }
    *bytes = (size_t)strtoul(text, NULL, 10) << 20;
    return true;
}

static bool is_address(const char *text)
{
    char address[16];
    unsigned bits;

    return strcmp(text, "dhcp") == 0 || network_prefix(text, address, &bits);
}

static bool is_host(const char *text)
{
    struct in_addr address;

    return inet_pton(AF_INET, text, &address) == 1;
}

static bool is_host6(const char *text)
{
    struct in6_addr address;

    return inet_pton(AF_INET6, text, &address) == 1;
}

static bool is_address6(const char *text)
{
    const size_t len = strcspn(text, "/");
    char *address = cli_format("%.*s", (int)len, text);
    const bool ok =
        is_host6(address) && (text[len] == '\0' || is_number(text + len + 1, 1, 128));

    free(address);
    return ok;
}

static bool is_mtu(const char *text)
{
    return is_number(text, MTU_LEAST, MTU_MOST);
}

static bool is_mac(const char *text)
{
    unsigned char mac[6];

    return network_mac(text, mac) && (mac[0] & 1) == 0; /* one host's */
}

static bool is_memory(const char *text)
{
    size_t bytes;

    return network_memory(text, &bytes);
}

static bool is_switch(const char *text)
{
    return strcmp(text, "on") == 0 || strcmp(text, "off") == 0;
}

static const struct {
    const char *name;
    bool (*is_value)(const char *text);
} options[] = {
    {"address=", is_address},   {"gateway=", is_host},   {"dns=", is_host},
    {"address6=", is_address6}, {"gateway6=", is_host6}, {"mtu=", is_mtu},
    {"mac=", is_mac},           {"offload=", is_switch}, {"memory=", is_memory},
};

enum network_word network_check(const char *word)
{
    for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++) {
        const size_t len = strlen(options[i].name);
        if (strncmp(word, options[i].name, len) == 0) {
            return options[i].is_value(word + len) ? NETWORK_WORD_GOOD
                                                   : NETWORK_WORD_BAD;
        }
    }
    return NETWORK_WORD_UNKNOWN;
}

/* "a,b" as words; NULL where one is no option, which is then *@bad. */
static char *spec_options(const char *text, char **bad)
{
    char *words = cli_format("%s", text);

    for (char *comma = words; (comma = strchr(comma, ',')) != NULL;) {
        *comma = ' ';
    }
    for (unsigned i = 0; (*bad = network_word(words, i)) != NULL; i++) {
        if (network_check(*bad) != NETWORK_WORD_GOOD) {
            free(words);
            return NULL;
        }
        free(*bad);
    }
    return words;
}

const char *network_parse(const char *text, struct network_spec *spec)
{
    static const struct {
        const char *name;
        enum network_kind kind;
    } kinds[] = {{"none", NETWORK_NONE},
                 {"stream", NETWORK_STREAM},
                 {"stream:passt", NETWORK_PASST},
                 {"stream:slirp", NETWORK_SLIRP}};
    const size_t len = strcspn(text, ",");
    char *kind = cli_format("%.*s", (int)len, text);

    *spec = (struct network_spec){.kind = NETWORK_DEFAULT, .where = "", .options = ""};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
        if (strcmp(kind, kinds[i].name) == 0) {
            spec->kind = kinds[i].kind;
        }
    }
    if (spec->kind == NETWORK_DEFAULT && strncmp(kind, "tap:", 4) == 0) {
        *spec = (struct network_spec){.kind = NETWORK_TAP, .where = kind + 4};
    } else if (spec->kind == NETWORK_DEFAULT && strncmp(kind, "stream:", 7) == 0) {
        *spec = (struct network_spec){.kind = NETWORK_PATH, .where = kind + 7};
    } else if (spec->kind == NETWORK_DEFAULT) {
        return "no such kind; there are: none, stream, stream:passt, stream:slirp, "
               "stream:PATH, tap:NAME";
    }
    if (spec->kind >= NETWORK_PATH && spec->where[0] == '\0') {
        return "a name is missing after the ':'";
    }
    char *bad = NULL;
    spec->options = text[len] == ',' ? spec_options(text + len + 1, &bad) : "";
    return spec->options != NULL
               ? NULL
               : cli_format("bad option '%s'; there are, after commas: "
                            "address=ADDRESS/BITS or address=dhcp, gateway=ADDRESS, "
                            "dns=ADDRESS, address6=ADDRESS, gateway6=ADDRESS, "
                            "mtu=1280...65520, mac=02:xx:xx:xx:xx:xx, offload=off, "
                            "memory=MIB (16 to 65536)",
                            bad);
}

char *network_word(const char *line, unsigned index)
{
    line += strspn(line, " ");
    while (index-- > 0) {
        line += strcspn(line, " ");
        line += strspn(line, " ");
    }
    return *line != '\0' ? cli_format("%.*s", (int)strcspn(line, " "), line) : NULL;
}

char *network_option(const char *line, const char *name)
{
    const size_t len = strlen(name);
    char *value = NULL;
    char *word;

    for (unsigned i = 0; (word = network_word(line, i)) != NULL; i++) {
        if (strncmp(word, name, len) == 0 && word[len] == '=') {
            free(value);
            value = cli_format("%s", word + len + 1);
        }
        free(word);
    }
    return value;
}

char *network_without(const char *line, const char *name)
{
    const size_t len = strlen(name);
    char *rest = cli_format("%s", "");
    char *word;

    for (unsigned i = 0; (word = network_word(line, i)) != NULL; i++) {
        if (strncmp(word, name, len) != 0 || word[len] != '=') {
            char *longer = cli_format("%s%s%s", rest, rest[0] != '\0' ? " " : "", word);
            free(rest);
            rest = longer;
        }
        free(word);
    }
    return rest;
}

char *network_merge(const char *line, const char *options_given)
{
    char *merged = cli_format("%s", line);
    char *word;

    for (unsigned i = 0; (word = network_word(options_given, i)) != NULL; i++) {
        char *name = cli_format("%.*s", (int)strcspn(word, "="), word);
        char *rest = network_without(merged, name);
        free(merged);
        merged = cli_format("%s%s%s", rest, rest[0] != '\0' ? " " : "", word);
        free(rest);
        free(name);
        free(word);
    }
    return merged;
}
