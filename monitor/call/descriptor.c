/* Interface descriptors: what is in them, look-up and the fingerprint. descriptor_parse.c reads them. */
#include "descriptor.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    uint8_t size;
} type_table[] = {
    [DESCRIPTOR_VOID] = {"void", 0}, [DESCRIPTOR_I8] = {"i8", 1},
    [DESCRIPTOR_U8] = {"u8", 1},     [DESCRIPTOR_I16] = {"i16", 2},
    [DESCRIPTOR_U16] = {"u16", 2},   [DESCRIPTOR_I32] = {"i32", 4},
    [DESCRIPTOR_U32] = {"u32", 4},   [DESCRIPTOR_I64] = {"i64", 8},
    [DESCRIPTOR_U64] = {"u64", 8},   [DESCRIPTOR_F64] = {"f64", 8},
    [DESCRIPTOR_PTR] = {"ptr", 8},
};

static const char *const role_keys[] = {
    [DESCRIPTOR_ROLE_APPLICATION] = "application",
    [DESCRIPTOR_ROLE_ALLOCATOR] = "allocator",
    [DESCRIPTOR_ROLE_HOST] = "host",
    [DESCRIPTOR_ROLE_BOOT] = "boot",
};

const char *descriptor_role_key(enum descriptor_role role)
{
    return role_keys[role];
}

bool descriptor_role_of(const char *key, enum descriptor_role *role)
{
    for (unsigned i = DESCRIPTOR_ROLE_APPLICATION; i <= DESCRIPTOR_ROLE_BOOT; i++) {
        if (strcmp(role_keys[i], key) == 0) {
            *role = (enum descriptor_role)i;
            return true;
        }
    }
    return false;
}

const char *descriptor_type_name(enum descriptor_type type)
{
    return type_table[type].name;
}

size_t descriptor_type_size(enum descriptor_type type)
{
    return type_table[type].size;
}

bool descriptor_type_is_integer(enum descriptor_type type)
{
    return type >= DESCRIPTOR_I8 && type <= DESCRIPTOR_U64;
}

void descriptor_free(struct descriptor *descriptor)
{
    free(descriptor->functions);
    free(descriptor->text);
    memset(descriptor, 0, sizeof(*descriptor));
}

int descriptor_find(const struct descriptor *descriptor, const char *name)
{
    for (size_t i = 0; i < descriptor->nfunctions; i++) {
        if (strcmp(descriptor->functions[i].name, name) == 0) {
            return (int)i;
        }
    }
    return -1;
}

static uint64_t fnv1a(uint64_t hash, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        hash = (hash ^ (unsigned char)bytes[i]) * 0x100000001b3u;
    }
    return hash;
}

static bool starts_with(const char *s, const char *end, const char *prefix)
{
    size_t len = strlen(prefix);

    return (size_t)(end - s) >= len && memcmp(s, prefix, len) == 0;
}

uint64_t descriptor_fingerprint(const char *text, size_t len)
{
    const char *end = text + len;
    uint64_t hash = 0xcbf29ce484222325u;

    while (text < end) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        const char *next = newline != NULL ? newline + 1 : end;

        if (starts_with(text, next, "arg ")) {
            hash = fnv1a(hash, text, 4);
            text += 4;
            while (text < next && *text != ' ') {
                text++;
            }
        }
        if (!starts_with(text, next, "fingerprint ") &&
            !starts_with(text, next, "role ") &&
            !starts_with(text, next, "boot_only\n")) {
            hash = fnv1a(hash, text, (size_t)(next - text));
        }
        text = next;
    }
    return hash;
}
