/*
 * The ways to write an instruction differently, in the order in which they are tried:
 *
 *   0  a displacement of 32 bits       cmpb $5,15(%rsp)       {disp32} cmpb $5,15(%rsp)
 *   1  base and index change places    movb 5(%rdi,%r9),%al   movb 5(%r9,%rdi),%al
 *   2  a half of a register is moved   orb $-128,%ch          xchg; orb $-128,%cl; xchg
 *   3  a constant comes from its       movl $1295,%edx        movl $~1295,%edx; notl %edx
 *      complement                      addl $1295,%edx        by way of a saved register
 *   4  an address is computed first    movl 1295(%rax),%edx   by way of a saved register
 *
 * No way changes flags or registers that the instruction leaves alone. A register that
 * is used besides is saved meanwhile, below the red zone.
 */
#include "plain.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_OPERANDS 4
#define RED_ZONE 128
/* Changes every byte of a displacement that it is added to, but for carries. */
#define SHIFT 0x01010101

struct instruction {
    const char *prefix;   /* "lock " or "" */
    const char *mnemonic; /* with its suffix, if it has one */
    const char *operands[MAX_OPERANDS];
    unsigned noperands;
};

/* DISP(BASE,INDEX,SCALE); a part that is absent is an empty string. */
struct memory {
    long disp;
    const char *base;
    const char *index;
    const char *scale;
};

/* ---- reading ---- */

static const char *trim(const char *text, size_t len)
{
    while (len > 0 && isspace((unsigned char)*text)) {
        text++;
        len--;
    }
    while (len > 0 && isspace((unsigned char)text[len - 1])) {
        len--;
    }
    return arena_copy(text, len);
}

/* Length of the operand at @text: commas inside parentheses belong to it. */
static size_t operand_length(const char *text)
{
    int depth = 0;
    size_t len = 0;

    for (; text[len] && (text[len] != ',' || depth > 0); len++) {
        depth += text[len] == '(';
        depth -= text[len] == ')';
    }
    return len;
}

/* False: it is no instruction that this file can handle. */
static bool read_instruction(const char *text, struct instruction *in)
{
    const char *words = trim(text, strcspn(text, "#"));

    *in = (struct instruction){.prefix = ""};
    if (!isalpha((unsigned char)*words) || strpbrk(words, ":;\"/{")) {
        return false; /* a directive, a label, a segment, two statements, a comment */
    }
    for (const char *reg = words; reg; reg = strchr(reg + 1, '%')) {
        /* Names are compared as gcc writes them; strides of tiles are no index. */
        size_t len = strcspn(reg, " \t,()");

        for (size_t i = 0; i < len; i++) {
            if (isupper((unsigned char)reg[i])) {
                return false;
            }
        }
        if (!strncmp(reg, "%tmm", 4) || !strncmp(reg, "%bnd", 4)) {
            return false;
        }
    }
    if (!strncmp(words, "lock", 4) && isspace((unsigned char)words[4])) {
        in->prefix = "lock ";
        words = trim(words + 4, strlen(words + 4));
    }
    size_t len = strcspn(words, " \t");

    in->mnemonic = arena_copy(words, len);
    words += len + strspn(words + len, " \t");
    while (*words && in->noperands < MAX_OPERANDS) {
        len = operand_length(words);
        in->operands[in->noperands] = trim(words, len);
        if (strpbrk(in->operands[in->noperands], " \t")) {
            return false; /* the mnemonic was a prefix */
        }
        in->noperands++;
        words += len + (words[len] == ',');
    }
    return !*words;
}

static bool is_memory(const char *operand)
{
    return strchr(operand, '(') != NULL;
}

static int memory_operand(const struct instruction *in)
{
    for (unsigned i = 0; i < in->noperands; i++) {
        if (is_memory(in->operands[i])) {
            return (int)i;
        }
    }
    return -1;
}

/* Is @reg a whole general register of 64 bits? */
static bool is_wide(const char *reg)
{
    size_t len = strlen(reg);

    return len >= 3 && reg[1] == 'r' && !strchr("bwd", reg[len - 1]);
}

/* False: the address has no base, or the linker completes it. */
static bool read_memory(const char *operand, struct memory *memory)
{
    char *end;
    const char *parts[3] = {"", "", ""};

    errno = 0;
    memory->disp = strtol(operand, &end, 0);
    if (errno || *end != '(' || strstr(operand, "%rip") ||
        operand[strlen(operand) - 1] != ')') {
        return false;
    }
    const char *words = end + 1;

    for (unsigned i = 0; i < 3 && *words && *words != ')'; i++) {
        size_t len = strcspn(words, ",)");

        parts[i] = trim(words, len);
        words += len + (words[len] == ',');
    }
    memory->base = parts[0];
    memory->index = parts[1];
    memory->scale = parts[2];
    return is_wide(memory->base) && (!*memory->index || is_wide(memory->index)) &&
           memory->disp == (int32_t)memory->disp;
}

static const char *memory_text(const struct memory *memory)
{
    return !*memory->index ? arena_printf("%ld(%s)", memory->disp, memory->base)
           : !*memory->scale
               ? arena_printf("%ld(%s,%s)", memory->disp, memory->base, memory->index)
               : arena_printf("%ld(%s,%s,%s)", memory->disp, memory->base,
                              memory->index, memory->scale);
}

/* ---- registers ---- */

static bool mentions(const struct instruction *in, const char *reg)
{
    for (unsigned i = 0; i < in->noperands; i++) {
        const char *at = in->operands[i];

        while ((at = strstr(at, reg)) != NULL) {
            at += strlen(reg);
            if (!isdigit((unsigned char)*at)) {
                return true;
            }
        }
    }
    return false;
}

/* A register that the instruction does not use: from %r8 on, no instruction uses a
 * register without naming it. NULL where the instruction could not name it, because it
 * names %ah or the like. */
static const char *free_register(const struct instruction *in)
{
    static const char *const registers[] = {"%r8",  "%r9",  "%r10", "%r11",
                                            "%r12", "%r13", "%r14", "%r15"};

    if (mentions(in, "%ah") || mentions(in, "%bh") || mentions(in, "%ch") ||
        mentions(in, "%dh")) {
        return NULL;
    }
    for (size_t i = 0; i < sizeof(registers) / sizeof(*registers); i++) {
        if (!mentions(in, registers[i])) {
            return registers[i];
        }
    }
    return NULL;
}

/* Is the mnemonic @name, or @name with the suffix of a width? */
static bool is_called(const struct instruction *in, const char *name)
{
    size_t len = strlen(name);

    return !strncmp(in->mnemonic, name, len) &&
           (!in->mnemonic[len] ||
            (strchr("bwlq", in->mnemonic[len]) && !in->mnemonic[len + 1]));
}

/* The width of the operation, b, w, l or q, by its last operand or its suffix; 0:
 * unknown. */
static char operation_width(const struct instruction *in, const char *name)
{
    const char *to = in->operands[in->noperands - 1];

    if (*to != '%') {
        return in->mnemonic[strlen(name)]; /* or the end */
    }
    size_t len = strlen(to);
    char last = to[len - 1];

    if (to[1] == 'e' || (isdigit((unsigned char)to[2]) && last == 'd')) {
        return 'l';
    }
    if (to[1] == 'r' && !(isdigit((unsigned char)to[2]) && strchr("bw", last))) {
        return 'q';
    }
    return last == 'l' || last == 'h' || last == 'b' ? 'b' : 'w';
}

/* The name of @reg, one of %r8 to %r15, for a width. */
static const char *narrow(const char *reg, char width)
{
    return width == 'q' ? reg : arena_printf("%s%c", reg, width == 'l' ? 'd' : width);
}

/* ---- writing ---- */

/* The instruction with operand @index replaced. */
static const char *write_with(const struct instruction *in, unsigned index,
                              const char *operand)
{
    char *text = arena_printf("%s%s", in->prefix, in->mnemonic);

    for (unsigned i = 0; i < in->noperands; i++) {
        text = arena_printf("%s%s%s", text, i > 0 ? ", " : " ",
                            i == index ? operand : in->operands[i]);
    }
    return text;
}

#define MAX_PIECES 8

static const char **pieces_of(const char *const *texts, unsigned count)
{
    const char **pieces = arena_alloc((MAX_PIECES + 1) * sizeof(*pieces));

    for (unsigned i = 0; i < count; i++) {
        pieces[i] = texts[i];
    }
    return pieces;
}

static const char **one_piece(const char *text)
{
    return pieces_of(&text, 1);
}

/* Up to four pieces, NULL for none, between saving and restoring @reg. */
static const char **with_saved(const char *reg, const char *first, const char *second,
                               const char *third, const char *fourth)
{
    const char *texts[] = {
        arena_printf("leaq -%d(%%rsp), %%rsp", RED_ZONE),
        arena_printf("pushq %s", reg),
        first,
        second,
        third,
        fourth,
        arena_printf("movq (%%rsp), %s", reg),
        arena_printf("leaq %d(%%rsp), %%rsp", RED_ZONE + 8),
    };
    const char *kept[MAX_PIECES];
    unsigned count = 0;

    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        if (texts[i]) {
            kept[count++] = texts[i];
        }
    }
    return pieces_of(kept, count);
}

/* Does the instruction use the stack pointer, other than as the base of an address?
 * Such addresses are corrected while a register is saved. */
static bool uses_stack(const struct instruction *in)
{
    static const char *const prefixes[] = {"push", "pop",   "call", "ret",
                                           "j",    "enter", "leave"};

    for (size_t i = 0; i < sizeof(prefixes) / sizeof(*prefixes); i++) {
        if (!strncmp(in->mnemonic, prefixes[i], strlen(prefixes[i]))) {
            return true;
        }
    }
    for (unsigned i = 0; i < in->noperands; i++) {
        if (!is_memory(in->operands[i]) && strstr(in->operands[i], "sp") &&
            in->operands[i][0] == '%') {
            return true;
        }
    }
    return false;
}

/* @operand as it must be written while a register is saved. NULL: that is unknown. */
static const char *while_saved(const char *operand)
{
    struct memory memory;

    if (!is_memory(operand) || (!strstr(operand, "%rsp") && !strstr(operand, "%esp"))) {
        return operand;
    }
    if (!read_memory(operand, &memory) || strcmp(memory.base, "%rsp") != 0) {
        return NULL;
    }
    memory.disp += RED_ZONE + 8;
    return memory_text(&memory);
}

/* ---- the ways ---- */

static const char **wide_displacement(const struct instruction *in)
{
    struct instruction wide = *in;

    wide.mnemonic = arena_printf("{disp32} %s", in->mnemonic);
    return memory_operand(in) < 0 ? NULL
                                  : one_piece(write_with(&wide, 0, in->operands[0]));
}

static const char **swapped_index(const struct instruction *in)
{
    int at = memory_operand(in);
    struct memory memory;

    if (at < 0 || !read_memory(in->operands[at], &memory) || !*memory.index ||
        (*memory.scale && strcmp(memory.scale, "1") != 0) ||
        !strcmp(memory.base, "%rsp")) {
        return NULL;
    }
    const char *base = memory.base;

    memory.base = memory.index;
    memory.index = base;
    return one_piece(write_with(in, (unsigned)at, memory_text(&memory)));
}

static const char **moved_half(const struct instruction *in)
{
    const char *to = in->noperands == 2 ? in->operands[1] : "";

    if (*in->operands[0] != '$' || strlen(to) != 3 || to[2] != 'h') {
        return NULL;
    }
    const char *low = arena_printf("%.2sl", to);
    const char *swap = arena_printf("xchgb %s, %s", low, to);
    const char *texts[] = {swap, write_with(in, 1, low), swap};

    return pieces_of(texts, 3);
}

/* The name of the instruction that takes a register in the place of @in's constant, or
 * NULL. */
static const char *takes_register(const struct instruction *in)
{
    static const char *const names[] = {"add", "or",  "adc", "sbb",  "and",
                                        "sub", "xor", "cmp", "test", "mov"};

    for (size_t i = 0; in->noperands == 2 && i < sizeof(names) / sizeof(*names); i++) {
        if (is_called(in, names[i])) {
            return names[i];
        }
    }
    return NULL;
}

static const char **complement(const struct instruction *in)
{
    bool product = in->noperands == 3 && is_called(in, "imul");
    bool constant = is_called(in, "movabs");
    const char *name = product ? "imul" : constant ? "movabs" : takes_register(in);
    char *end;

    if (!name || in->noperands < 2 || *in->operands[0] != '$') {
        return NULL;
    }
    errno = 0;
    long value = (long)strtoull(in->operands[0] + 1, &end, 0);
    char width = operation_width(in, name);
    const char *to = in->operands[in->noperands - 1];

    if (*end || end == in->operands[0] + 1 || !width || errno) {
        return NULL;
    }
    if ((constant || is_called(in, "mov")) && *to == '%' && strchr("lq", width) &&
        !*in->prefix) {
        const char *texts[] = {
            arena_printf("%s $%ld, %s", in->mnemonic,
                         width == 'l' ? (long)(int32_t)~value : ~value, to),
            arena_printf("not%c %s", width, to),
        };

        return pieces_of(texts, 2);
    }
    const char *reg = free_register(in);
    const char *target = while_saved(to);
    const char *source = product ? while_saved(in->operands[1]) : "";

    value = width == 'q' ? value : (int32_t)value;
    if (!reg || !target || !source || uses_stack(in) || constant) {
        return NULL;
    }
    const char *part = narrow(reg, width);

    /* A product is in the saved register: it goes to its place before that is restored. */
    return with_saved(
        reg, arena_printf("movq $%ld, %s", ~value, reg), arena_printf("notq %s", reg),
        product ? arena_printf("%s %s, %s", in->mnemonic, source, part)
                : arena_printf("%s%s %s, %s", in->prefix, in->mnemonic, part, target),
        product ? arena_printf("mov %s, %s", part, to) : NULL);
}

static const char **computed_address(const struct instruction *in)
{
    int at = memory_operand(in);
    struct memory memory;
    const char *reg = free_register(in);

    if (at < 0 || !reg || uses_stack(in) || !read_memory(in->operands[at], &memory)) {
        return NULL;
    }
    /* Beyond the range of displacements the address would be a different one. */
    long shift = memory.disp > 0 ? SHIFT : -SHIFT;

    memory.disp -= shift;
    if (strstr(memory.base, "%rsp")) {
        memory.disp += RED_ZONE + 8;
    }
    return with_saved(reg, arena_printf("leaq %s, %s", memory_text(&memory), reg),
                      write_with(in, (unsigned)at, arena_printf("%ld(%s)", shift, reg)),
                      NULL, NULL);
}

const char **respell(const char *text, unsigned attempt, bool *last)
{
    static const char **(*const ways[])(const struct instruction *) = {
        wide_displacement, swapped_index, moved_half, complement, computed_address,
    };
    const unsigned count = sizeof(ways) / sizeof(*ways);
    struct instruction in;

    *last = attempt + 1 >= count;
    if (attempt >= count || !read_instruction(text, &in) || !in.noperands) {
        *last = true;
        return NULL;
    }
    return ways[attempt](&in);
}

bool respell_is_instruction(const char *text)
{
    struct instruction in;

    return read_instruction(text, &in);
}

bool respell_is_branch(const char *text)
{
    struct instruction in;

    return read_instruction(text, &in) && in.noperands == 1 &&
           (in.mnemonic[0] == 'j' || !strncmp(in.mnemonic, "call", 4)) &&
           *in.operands[0] != '*';
}
