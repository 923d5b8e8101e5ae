#include "loopback.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct option {
    const char *name; /* with its '=' */
    uint32_t *value, least, most;
};

/* A whole number in [@least, @most] that fills @text, of @len bytes. */
static bool option_number(const char *text, size_t len, const struct option *option)
{
    uint64_t value = 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return false;
        }
        value = value * 10 + (uint64_t)(text[i] - '0');
        if (value > option->most) {
            return false;
        }
    }
    *option->value = (uint32_t)value;
    return len > 0 && value >= option->least;
}

static bool option_word(const char *word, size_t len, struct loopback_options *o)
{
    const struct option known[] = {
        {"drop=", &o->drop, 0, 1000},       {"duplicate=", &o->duplicate, 0, 1000},
        {"reorder=", &o->reorder, 0, 1000}, {"delay_us=", &o->delay_us, 0, 60000000},
        {"seed=", &o->seed, 0, UINT32_MAX}, {"mtu=", &o->mtu, 68, 65535},
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        const size_t name = strlen(known[i].name);
        if (len >= name && strncmp(word, known[i].name, name) == 0) {
            return option_number(word + name, len - name, &known[i]);
        }
    }
    bool *flag = len == strlen("swap") ? &o->swap : &o->offload;
    const char *name = len == strlen("swap") ? "swap" : "offload";
    *flag = true;
    return len == strlen(name) && strncmp(word, name, len) == 0;
}

int loopback_parse(const char *text, struct loopback_options *options)
{
    *options = (struct loopback_options){.mtu = 65535};
    for (const char *word = text + strspn(text, " "); *word != '\0';
         word += strspn(word, " ")) {
        const size_t len = strcspn(word, " ");
        if (!option_word(word, len, options)) {
            return -EINVAL;
        }
        word += len;
    }
    return 0;
}
