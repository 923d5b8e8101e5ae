#include "forbidden.h"

#define MODRM_MOD(byte) ((byte) >> 6)
#define MODRM_REG(byte) ((byte) >> 3 & 7)

/* Behind 0x0f. Prefixes are not looked at: without theirs, these bytes are another's. */
static const char *forbidden_rights(uint8_t opcode, uint8_t modrm)
{
    const unsigned mod = MODRM_MOD(modrm);
    const unsigned reg = MODRM_REG(modrm);
    switch (opcode) {
    case 0x01:
        return modrm == 0xef ? "wrpkru" : NULL;
    case 0xae:
        if (mod != 3) {
            return reg == 5 ? "xrstor" : NULL;
        }
        return reg == 2 ? "wrfsbase" : reg == 3 ? "wrgsbase" : NULL;
    case 0xc7:
        return mod != 3 && reg == 3 ? "xrstors" : NULL;
    default:
        return NULL;
    }
}

/* Other interrupts than 0x80 are not open to programs. */
static const char *forbidden_call(uint8_t first, uint8_t second)
{
    if (first == 0x0f) {
        return second == 0x05 ? "syscall" : second == 0x34 ? "sysenter" : NULL;
    }
    return first == 0xcd && second == 0x80 ? "int 0x80" : NULL;
}

size_t forbidden_find(const uint8_t *code, size_t len, bool calls, const char **name)
{
    for (size_t at = 0; at + 1 < len; at++) {
        const uint8_t first = code[at];
        if (first != 0x0f && first != 0xcd) {
            continue;
        }
        *name = calls ? forbidden_call(first, code[at + 1]) : NULL;
        if (*name == NULL && first == 0x0f && at + 2 < len) {
            *name = forbidden_rights(code[at + 1], code[at + 2]);
        }
        if (*name != NULL) {
            return at;
        }
    }
    return len;
}
