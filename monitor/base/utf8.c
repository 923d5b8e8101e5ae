#include "utf8.h"

#include <stdbool.h>
#include <stdint.h>

/* Lines, directions, and what has no width (Unicode, chapter 23). */
static bool is_mark(uint32_t c)
{
    return (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
           (c >= 0x2060 && c <= 0x206f) || c == 0x061c || c == 0xfeff;
}

/* Bytes of a sequence that begins with @byte; 0: none does. RFC 3629. */
static size_t utf8_length(uint8_t byte)
{
    return byte >= 0xc2 && byte < 0xe0   ? 2
           : byte >= 0xe0 && byte < 0xf0 ? 3
           : byte >= 0xf0 && byte < 0xf5 ? 4
                                         : 0;
}

size_t utf8_shown(const char *text, size_t left)
{
    static const uint32_t smallest[] = {0, 0, 0xa0, 0x800, 0x10000};
    const uint8_t *at = (const uint8_t *)text;

    if (*at < 0x80) {
        return *at >= 0x20 && *at != 0x7f;
    }
    const size_t length = utf8_length(*at);
    if (length == 0 || length > left) {
        return 0;
    }
    uint32_t c = *at & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((at[i] & 0xc0) != 0x80) {
            return 0;
        }
        c = c << 6 | (at[i] & 0x3f);
    }
    const bool valid =
        c >= smallest[length] && c <= 0x10ffff && (c < 0xd800 || c > 0xdfff);
    return valid && !is_mark(c) ? length : 0;
}

void utf8_disarm(char *text, size_t len)
{
    for (size_t i = 0; i < len;) {
        const size_t shown = utf8_shown(text + i, len - i);
        if (shown == 0) {
            text[i] = '?';
        }
        i += shown > 0 ? shown : 1;
    }
}
