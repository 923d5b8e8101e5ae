/* Linked to every program, in the view and on the host. */
#include "probe.h"

static char *probe_at;
static char *probe_end;

void probe_text(const char *text)
{
    while (*text && probe_at + 1 < probe_end) {
        *probe_at++ = *text++;
    }
    *probe_at = '\0';
}

void probe_int(const char *name, int64_t value)
{
    char digits[24];
    char *at = digits + sizeof(digits);
    uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;

    *--at = '\0';
    do {
        *--at = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (value < 0) {
        *--at = '-';
    }
    probe_text(name);
    probe_text(" ");
    probe_text(at);
    probe_text("\n");
}

void probe_double(const char *name, double value)
{
    int64_t bits;

    __builtin_memcpy(&bits, &value, sizeof(bits));
    probe_int(name, bits);
}

int probe_run(char *out, unsigned long size)
{
    probe_at = out;
    probe_end = out + size;
    program();
    return 0;
}
