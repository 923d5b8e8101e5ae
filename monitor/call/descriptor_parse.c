/*
 * The strict parser of interface descriptors: a cursor over lines, a cursor over words,
 * one function per record. No recursion; every count and length is bounded before use.
 */
#include "descriptor_parser.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Steps to the next line; *key receives its first word. */
static int next_record(struct parser *p, const char **key)
{
    int err = parser_next_line(p);

    *key = err == 0 ? parser_next_word(p) : "";
    return err;
}

/* "KEY VALUE", of which the first word, @found, has been read; *value receives the second. */
static int parse_value(struct parser *p, const char *key, const char *found,
                       const char **value)
{
    if (strcmp(found, key) != 0) {
        return parser_refuse(p, "`%s' expected, found `%.40s'", key, found);
    }
    *value = parser_next_word(p);
    return parser_end_line(p);
}

/* The next line, which is "KEY VALUE"; *value receives the second word. */
static int parse_header(struct parser *p, const char *key, const char **value)
{
    const char *found = "";
    int err = next_record(p, &found);

    return err != 0 ? err : parse_value(p, key, found, value);
}

static int parse_fingerprint(struct parser *p, const char *word)
{
    uint64_t value = 0;

    if (strlen(word) != 16 || strspn(word, "0123456789abcdef") != 16) {
        return parser_refuse(
            p, "bad fingerprint `%.40s': 16 lower-case hex digits expected", word);
    }
    for (; *word != '\0'; word++) {
        unsigned digit = *word <= '9' ? *word - '0' : *word - 'a' + 10;
        value = value << 4 | digit;
    }
    p->descriptor->fingerprint = value;
    return 0;
}

/* `role KEY', of which the first word has been read. */
static int parse_role(struct parser *p)
{
    struct descriptor *d = p->descriptor;
    const char *key = parser_next_word(p);

    if (!descriptor_role_of(key, &d->role)) {
        return parser_refuse(p, "unknown role `%.40s'", key);
    }
    if (d->many) {
        return parser_refuse(p, "a role, but of an interface of many");
    }
    return parser_end_line(p);
}

static int parse_preamble(struct parser *p)
{
    struct descriptor *d = p->descriptor;
    const char *value = "";
    const char *key = "";

    int err = parse_header(p, "cubicle-interface", &value);
    if (err == 0 && strcmp(value, "1") != 0) {
        err = parser_refuse(p, "unknown format version `%.40s'", value);
    }
    if (err == 0) {
        err = parse_header(p, "name", &value);
    }
    if (err == 0) {
        d->name = value;
        if (!parser_is_identifier(value, DESCRIPTOR_INTERFACE_MAX)) {
            err = parser_refuse(p, "bad interface name `%.80s'", value);
        }
    }
    if (err == 0) {
        err = parse_header(p, "providers", &value);
    }
    if (err == 0) {
        d->many = strcmp(value, "many") == 0;
        if (!d->many && strcmp(value, "one") != 0) {
            err = parser_refuse(p, "providers is `one' or `many', not `%.40s'", value);
        }
    }
    if (err == 0) {
        err = next_record(p, &key);
    }
    if (err == 0 && strcmp(key, "role") == 0) {
        err = parse_role(p);
        if (err == 0) {
            err = next_record(p, &key);
        }
    }
    if (err == 0) {
        err = parse_value(p, "fingerprint", key, &value);
    }
    return err != 0 ? err : parse_fingerprint(p, value);
}

/* Appends a zeroed function to the array; NULL with *err where it cannot. */
static struct descriptor_function *add_function(struct parser *p, int *err)
{
    struct descriptor *d = p->descriptor;

    if (d->nfunctions == DESCRIPTOR_FUNCTIONS_MAX) {
        *err = parser_refuse(p, "more than %d functions", DESCRIPTOR_FUNCTIONS_MAX);
        return NULL;
    }
    if (d->nfunctions == p->capacity) {
        size_t capacity = p->capacity == 0 ? 16 : p->capacity * 2;
        void *grown = realloc(d->functions, capacity * sizeof(d->functions[0]));
        if (grown == NULL) {
            (void)parser_refuse(p, "out of memory");
            *err = -ENOMEM;
            return NULL;
        }
        d->functions = grown;
        p->capacity = capacity;
    }
    struct descriptor_function *function = &d->functions[d->nfunctions++];
    memset(function, 0, sizeof(*function));
    return function;
}

/* `function NAME', of which the first word has been read. */
static int parse_name(struct parser *p, const char **name)
{
    *name = parser_next_word(p);
    if (!parser_is_identifier(*name, DESCRIPTOR_NAME_MAX)) {
        return parser_refuse(p, "bad function name `%.80s'", *name);
    }
    if (descriptor_find(p->descriptor, *name) >= 0) {
        return parser_refuse(p, "function %s is there twice", *name);
    }
    return parser_end_line(p);
}

/* Steps over record *key where it is @word, alone in its line; @flag says whether it was. */
static int parse_flag(struct parser *p, const char **key, const char *word, bool *flag)
{
    *flag = strcmp(*key, word) == 0;
    if (!*flag) {
        return 0;
    }
    int err = parser_end_line(p);
    return err != 0 ? err : next_record(p, key);
}

/* One function; *key receives the first word of the record that follows it. */
static int parse_function(struct parser *p, const char **key)
{
    const char *name = "";
    const char *returns = "";

    int err = parse_name(p, &name);
    if (err != 0) {
        return err;
    }
    struct descriptor_function *function = add_function(p, &err);
    if (function == NULL) {
        return err;
    }
    function->name = name;
    err = parse_header(p, "returns", &returns);
    if (err == 0 && !parser_type(returns, &function->returns)) {
        err = parser_refuse(p, "unknown return type `%.40s'", returns);
    }
    if (err == 0) {
        err = next_record(p, key);
    }
    if (err == 0) {
        err = parse_flag(p, key, "noreturn", &function->noreturn);
    }
    if (err == 0) {
        err = parse_flag(p, key, "boot_only", &function->boot_only);
    }
    if (err == 0 && function->boot_only && p->descriptor->many) {
        err =
            parser_refuse(p, "%s is for boot only, but of an interface of many", name);
    }
    while (err == 0 && strcmp(*key, "arg") == 0) {
        err = parser_arg(p, function);
        if (err == 0) {
            err = next_record(p, key);
        }
    }
    return err != 0 ? err : parser_check_function(p, function);
}

static int parse_functions(struct parser *p)
{
    const char *key = "";
    int err = next_record(p, &key);

    while (err == 0 && strcmp(key, "function") == 0) {
        err = parse_function(p, &key);
    }
    if (err != 0) {
        return err;
    }
    if (strcmp(key, "end") != 0) {
        return parser_refuse(p, "unexpected record `%.40s'", key);
    }
    if (p->descriptor->nfunctions == 0) {
        return parser_refuse(p, "an interface without functions");
    }
    if (parser_end_line(p) != 0 || p->next != p->end) {
        return parser_refuse(p, "something follows `end'");
    }
    return 0;
}

int descriptor_parse(const char *file, const char *text, size_t len,
                     struct descriptor *descriptor, struct descriptor_error *error)
{
    struct descriptor d = {0};
    struct parser p = {.file = file, .descriptor = &d, .error = error};

    if (len > DESCRIPTOR_FILE_MAX) {
        return parser_refuse(&p, "larger than %u bytes", DESCRIPTOR_FILE_MAX);
    }
    d.text = malloc(len + 1);
    if (d.text == NULL) {
        (void)parser_refuse(&p, "out of memory");
        return -ENOMEM;
    }
    memcpy(d.text, text, len);
    d.text[len] = '\0';
    p.next = d.text;
    p.end = d.text + len;

    int err = parse_preamble(&p);
    if (err == 0) {
        err = parse_functions(&p);
    }
    /* Invariant 5. */
    uint64_t fingerprint = descriptor_fingerprint(text, len);
    if (err == 0 && fingerprint != d.fingerprint) {
        p.line = 4;
        err = parser_refuse(&p, "the fingerprint of this text is %016llx",
                            (unsigned long long)fingerprint);
    }
    if (err != 0) {
        descriptor_free(&d);
        return err;
    }
    *descriptor = d;
    return 0;
}

/* Reads to the end of the file or to one byte more than is allowed. */
static ssize_t read_all(int fd, char *buf, size_t size)
{
    size_t len = 0;

    while (len < size) {
        ssize_t n = read(fd, buf + len, size - len);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return -errno;
        }
        if (n == 0) {
            break;
        }
        len += (size_t)n;
    }
    return (ssize_t)len;
}

int descriptor_read(const char *path, struct descriptor *descriptor,
                    struct descriptor_error *error)
{
    const size_t size = DESCRIPTOR_FILE_MAX + 1;
    char *text = malloc(size);
    int fd = text != NULL ? open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY) : -1;
    ssize_t len = fd >= 0 ? read_all(fd, text, size) : -errno;
    int err = (int)len;

    if (text != NULL && len >= 0) {
        err = descriptor_parse(path, text, (size_t)len, descriptor, error);
    } else {
        error->line = 0;
        snprintf(error->text, sizeof(error->text), "%.100s: %s", path, strerror(-err));
    }
    if (fd >= 0) {
        close(fd);
    }
    free(text);
    return err;
}
