#include "operand.h"

#include "memory.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define NREGISTERS 17

static const struct {
    unsigned width;
    const char *names[NREGISTERS];
} register_names[] = {
    {8,
     {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11",
      "r12", "r13", "r14", "r15", "rip"}},
    {4,
     {"eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi", "r8d", "r9d", "r10d",
      "r11d", "r12d", "r13d", "r14d", "r15d", "eip"}},
    {2,
     {"ax", "cx", "dx", "bx", "sp", "bp", "si", "di", "r8w", "r9w", "r10w", "r11w",
      "r12w", "r13w", "r14w", "r15w", "ip"}},
    {1,
     {"al", "cl", "dl", "bl", "spl", "bpl", "sil", "dil", "r8b", "r9b", "r10b", "r11b",
      "r12b", "r13b", "r14b", "r15b", ""}},
    {1, {"ah", "ch", "dh", "bh", "", "", "", "", "", "", "", "", "", "", "", "", ""}},
};

static int register_number(const char *name, size_t len, unsigned *width)
{
    *width = 0;
    if (len < 2 || len > 4 || *name == 'x' || *name == 'y') {
        return REG_OTHER;
    }
    for (size_t set = 0; set < sizeof(register_names) / sizeof(*register_names);
         set++) {
        for (int reg = 0; reg < NREGISTERS; reg++) {
            const char *have = register_names[set].names[reg];

            if (!strncmp(have, name, len) && !have[len]) {
                *width = register_names[set].width;
                return reg;
            }
        }
    }
    return REG_OTHER;
}

const char *register_name(int reg, unsigned width)
{
    return register_names[width == 8 ? 0 : 1].names[reg];
}

/* Parses `%reg` at *@at and moves behind it; blanks around it are skipped. */
static bool parse_register(const char **at, const char *end, int *reg, unsigned *width)
{
    while (*at < end && **at == ' ') {
        (*at)++;
    }
    if (*at == end || **at != '%') {
        return false;
    }
    const char *start = ++*at;

    while (*at < end && isalnum((unsigned char)**at)) {
        (*at)++;
    }
    *reg = register_number(start, (size_t)(*at - start), width);
    while (*at < end && **at == ' ') {
        (*at)++;
    }
    return true;
}

/* Parses what stands between the parentheses of an address. */
static bool parse_address(const char *at, const char *end, struct operand *operand)
{
    unsigned width = 8;

    while (at < end && *at == ' ') {
        at++;
    }
    if (at < end && *at != ',' && !parse_register(&at, end, &operand->base, &width)) {
        return false;
    }
    operand->narrow = width == 4;
    if (at < end && *at == ',') {
        at++;
        if (!parse_register(&at, end, &operand->index, &width)) {
            return false;
        }
        operand->narrow |= width == 4;
        if (at < end && *at == ',') {
            operand->scale = (unsigned)strtoul(at + 1, (char **)&at, 0);
            while (at < end && *at == ' ') {
                at++;
            }
        }
    }
    return at == end && operand->base != REG_OTHER && operand->index != REG_OTHER &&
           (width == 8 || width == 4);
}

static bool parse_memory(const char *text, size_t len, struct operand *operand)
{
    const char *at = text;
    const char *end = text + len;

    if (*at == '%') {
        const char *colon = memchr(at, ':', len);

        if (!colon) {
            return false;
        }
        operand->segment = arena_copy(at + 1, (size_t)(colon - at - 1));
        at = colon + 1;
    }
    const char *open = end;

    /* The address is the last parenthesis, unless that belongs to an expression. */
    if (end > at && end[-1] == ')') {
        while (open > at && *open != '(') {
            open--;
        }
        size_t blank = *open == '(' ? strspn(open + 1, " ") : 0;

        if (*open != '(' || (open[1 + blank] != '%' && open[1 + blank] != ',')) {
            open = end;
        } else if (!parse_address(open + 1, end - 1, operand)) {
            return false;
        }
    }
    while (at < open && *at == ' ') {
        at++;
    }
    size_t size = (size_t)(open - at);

    while (size && at[size - 1] == ' ') {
        size--;
    }
    operand->disp = size ? arena_copy(at, size) : "";
    return !strchr(operand->disp, '%');
}

bool operand_parse(const char *text, size_t len, struct operand *operand)
{
    *operand = (struct operand){
        .base = REG_NONE, .index = REG_NONE, .scale = 1, .reg = REG_NONE, .disp = ""};
    if (len && *text == '*') {
        operand->indirect = true;
        do {
            text++;
            len--;
        } while (len && *text == ' ');
    }
    if (!len) {
        return false;
    }
    operand->text = arena_copy(text, len);
    if (*text == '$') {
        operand->kind = OPERAND_IMMEDIATE;
        return len > 1;
    }
    if (*text == '%' && !memchr(text, ':', len)) {
        operand->kind = OPERAND_REGISTER;
        operand->reg = register_number(text + 1, len - 1, &operand->width);
        return true;
    }
    operand->kind = OPERAND_MEMORY;
    return parse_memory(text, len, operand);
}

const char *operand_address(const struct operand *operand, unsigned width)
{
    const char *base = operand->base >= 0 ? register_name(operand->base, width) : "";
    const char *sign = operand->base >= 0 ? "%" : "";

    if (operand->index >= 0) {
        return arena_printf("%s(%s%s,%%%s,%u)", operand->disp, sign, base,
                            register_name(operand->index, width), operand->scale);
    }
    if (operand->base >= 0) {
        return arena_printf("%s(%%%s)", operand->disp, base);
    }
    return operand->disp;
}

bool operand_is_register(const struct operand *operand, int reg)
{
    return operand->kind == OPERAND_REGISTER && operand->reg == reg;
}

bool operand_mentions(const struct operand *operand, int reg)
{
    return operand_is_register(operand, reg) ||
           (operand->kind == OPERAND_MEMORY &&
            (operand->base == reg || operand->index == reg));
}
