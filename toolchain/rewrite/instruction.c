#include "instruction.h"

#include <ctype.h>
#include <string.h>

/* Takes the next word from *@at. Returns its length, 0 at the end. */
static size_t next_word(const char **at, const char **word)
{
    while (**at == ' ') {
        (*at)++;
    }
    *word = *at;
    while (**at && **at != ' ') {
        (*at)++;
    }
    return (size_t)(*at - *word);
}

static bool word_is(const char *word, size_t len, const char *name)
{
    return strlen(name) == len && !strncmp(word, name, len);
}

enum prefix_verdict { PREFIX_NO, PREFIX_TAKEN, PREFIX_BAD };

static enum prefix_verdict parse_prefix(struct instruction *instruction,
                                        const char *word, size_t len)
{
    static const char *const bad[] = {"data16", "data32",   "addr32",  "addr16", "cs",
                                      "ds",     "es",       "fs",      "gs",     "ss",
                                      "bnd",    "xacquire", "xrelease"};

    if (*word == '{') {
        instruction->encoding =
            arena_printf("%s%.*s ", instruction->encoding, (int)len, word);
        return PREFIX_TAKEN;
    }
    if (word_is(word, len, "lock")) {
        instruction->lock = true;
        return PREFIX_TAKEN;
    }
    if (word_is(word, len, "rep") || word_is(word, len, "repe") ||
        word_is(word, len, "repz")) {
        instruction->repeat = REPEAT_REP;
        return PREFIX_TAKEN;
    }
    if (word_is(word, len, "repne") || word_is(word, len, "repnz")) {
        instruction->repeat = REPEAT_REPNE;
        return PREFIX_TAKEN;
    }
    if (word_is(word, len, "notrack")) {
        return PREFIX_TAKEN; /* has no effect without branch tracking, which cubicles do not use */
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        if (word_is(word, len, bad[i])) {
            return PREFIX_BAD;
        }
    }
    return !strncmp(word, "rex", 3) ? PREFIX_BAD : PREFIX_NO;
}

/*
 * Writes the names of registers as this program and compilers do: the assembler takes
 * `%RAX` and `% rax`, too. A `%` behind a term is the operator.
 */
static const char *usual_registers(const char *operands)
{
    char *result = arena_copy(operands, strlen(operands));
    char *to = result;
    char before = ',';

    while (*operands) {
        const bool name = *operands == '%' && strchr("(,*", before);

        before = *operands == ' ' ? before : *operands;
        *to++ = *operands++;
        if (name) {
            operands += strspn(operands, " ");
            while (isalnum((unsigned char)*operands)) {
                *to++ = (char)tolower((unsigned char)*operands++);
            }
        }
    }
    *to = '\0';
    return result;
}

/* Splits the operands at commas that stand outside parentheses. */
static bool parse_operands(struct instruction *instruction, const char *at)
{
    while (*at) {
        const char *start = at;
        int depth = 0;

        while (*at && (depth || *at != ',')) {
            depth += (*at == '(') - (*at == ')');
            at++;
        }
        const char *end = at;

        while (start < end && *start == ' ') {
            start++;
        }
        while (end > start && end[-1] == ' ') {
            end--;
        }
        if (instruction->noperands == MAX_OPERANDS ||
            !operand_parse(start, (size_t)(end - start),
                           &instruction->operands[instruction->noperands])) {
            return false;
        }
        instruction->noperands++;
        if (*at == ',' && !*++at) {
            return false;
        }
    }
    return true;
}

static const char *lower_case(const char *word, size_t len)
{
    char *name = arena_copy(word, len);

    for (char *at = name; *at; at++) {
        *at = (char)tolower((unsigned char)*at);
    }
    return name;
}

bool instruction_parse(struct program *program, struct pending_prefix *pending,
                       const char *statement, struct place place,
                       struct instruction *instruction)
{
    *instruction = (struct instruction){.place = place, .encoding = ""};
    if (pending->text) {
        statement = arena_printf("%s %s", pending->text, statement);
        pending->text = NULL;
    }
    instruction->text = statement;

    const char *at = statement;
    const char *word;
    size_t len;

    while ((len = next_word(&at, &word)) != 0) {
        enum prefix_verdict verdict = parse_prefix(instruction, word, len);

        if (verdict == PREFIX_NO) {
            break;
        }
        if (verdict == PREFIX_BAD) {
            program_error(program, place, "leave the prefix to the assembler",
                          "`%s': prefix `%.*s' is not supported", statement, (int)len,
                          word);
            return false;
        }
    }
    if (!len) {
        pending->text = arena_copy(statement, strlen(statement));
        return false;
    }
    instruction->name = lower_case(word, len);
    while (*at == ' ') {
        at++;
    }
    if (!parse_operands(instruction, usual_registers(at))) {
        program_error(program, place, NULL, "`%s': cannot parse the operands",
                      statement);
        return false;
    }
    return true;
}

bool instruction_is(const struct instruction *instruction, const char *name)
{
    size_t len = strlen(name);

    return !strncmp(instruction->name, name, len) &&
           (!instruction->name[len] ||
            (instruction->name[len] == 'q' && !instruction->name[len + 1]));
}
