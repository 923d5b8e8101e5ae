#include "plain.h"

#include "assembler.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Each round writes at least one statement differently; far fewer are needed. */
#define MAX_ROUNDS 500

static void find_in_object(const struct object *object, struct findings *findings)
{
    for (unsigned i = 0; i < object->nsections; i++) {
        const Elf64_Shdr *section = &object->sections[i];

        if (section->sh_flags & SHF_EXECINSTR && section->sh_type != SHT_NOBITS) {
            find_in(object->bytes + section->sh_offset, section->sh_size, i, findings);
        }
    }
}

/* Assembles @source to @object. @labels: with the labels of source_write(). @quiet:
 * without the assembler's messages. */
static bool assemble(const struct source *source, const char *object,
                     const char *assembler, bool labels, bool quiet)
{
    char *text = tool_temporary(".s");
    bool ok = text && source_write(source, text, labels) &&
              assembler_run(assembler, text, object, quiet);

    if (text) {
        unlink(text);
    }
    return ok;
}

static bool scan(const char *name, struct findings *findings)
{
    struct object object;

    findings->count = 0;
    if (!object_open(name, &object)) {
        return tool_fail("cannot read", name);
    }
    find_in_object(&object, findings);
    object_close(&object);
    return true;
}

/* Finds the statements that the findings are in, by assembling the same source with
 * labels. */
static bool locate(const struct source *source, const char *assembler,
                   struct findings *findings)
{
    char *name = tool_temporary(".o");
    struct object object;
    bool ok = name && assemble(source, name, assembler, true, false);

    if (ok && !object_open(name, &object)) {
        ok = tool_fail("cannot read", name);
    } else if (ok) {
        find_statements(&object, findings);
        object_close(&object);
    }
    if (name) {
        unlink(name);
    }
    return ok;
}

/* Can the finding disappear when the module is linked? That changes the distances of
 * branches, and no other bytes of a statement. */
static bool is_of_the_link(const struct statement *statement)
{
    return !statement->pieces && respell_is_branch(statement->text);
}

/* Writes the statement in the next possible way. Returns whether there was another way.
 */
static bool respell_next(struct statement *statement)
{
    const bool was_changed = statement->pieces != NULL;

    statement->pieces = NULL;
    statement->pieces_apart = false;
    while (!statement->given_up && !statement->pieces) {
        bool last = false;

        statement->pieces = respell(statement->text, statement->attempts, &last);
        statement->attempts++;
        statement->given_up = last;
    }
    return statement->pieces || was_changed;
}

/* Puts a nop between two instructions. Returns false where there was one already. */
static bool set_apart(struct source *source, size_t first, size_t last, unsigned round)
{
    struct statement *behind = &source->statements[first + 1];

    if (first >= last || behind->apart || behind->joined ||
        !respell_is_instruction(source->statements[first].text) ||
        !respell_is_instruction(source->statements[last].text)) {
        return false;
    }
    behind->apart = true;
    behind->changed = round;
    return true;
}

/* Changes the statements of the findings. Returns whether any statement changed. */
static bool change(struct source *source, const struct findings *findings,
                   unsigned round)
{
    bool changed = false;

    for (size_t i = 0; !source->fixed && i < findings->count; i++) {
        const struct finding *finding = &findings->items[i];

        if (finding->first >= source->count || finding->last >= source->count) {
            continue;
        }
        struct statement *first = &source->statements[finding->first];

        if (finding->first != finding->last) {
            changed |= set_apart(source, finding->first, finding->last, round);
        } else if (finding->in_pieces) {
            changed |= !first->pieces_apart;
            first->pieces_apart = true;
            first->changed = round;
        } else if (!is_of_the_link(first) && respell_next(first)) {
            first->changed = round;
            changed = true;
        }
    }
    return changed;
}

/* Undoes for good the changes of @round, which the assembler does not accept. Returns
 * whether there were any. */
static bool take_back(struct source *source, unsigned round)
{
    bool changed = false;

    for (size_t i = 0; round > 0 && i < source->count; i++) {
        struct statement *statement = &source->statements[i];

        if (statement->changed == round) {
            statement->pieces = NULL;
            statement->apart = false;
            statement->joined = true;
            statement->given_up = true;
            changed = true;
        }
    }
    return changed;
}

static void warn(const char *input, const struct source *source,
                 const struct findings *findings)
{
    if (source->fixed) {
        fprintf(
            stderr,
            "%s: warning: the code holds the bytes of %s; with macros, comments of "
            "several lines or distances in bytes nothing is written differently, and "
            "--isolation=mpk will refuse the module\n",
            source->name ? source->name : input, findings->items[0].name);
        return;
    }
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->items[i];
        const struct statement *statement =
            finding->first < source->count ? &source->statements[finding->first] : NULL;

        if (statement && is_of_the_link(statement)) {
            continue;
        }
        fprintf(stderr,
                "%s: in function %s: warning: the bytes of `%s' hold %s, and nothing "
                "else is known to write; --isolation=mpk will refuse the module\n",
                source->name ? source->name : input,
                statement ? statement->function : "?",
                statement ? statement->text : "?", finding->name);
    }
}

static bool assemble_clean(struct source *source, const char *input, const char *object,
                           const char *assembler)
{
    struct findings findings = {0};
    struct stat st;
    bool ok;

    for (unsigned round = 0;; round++) {
        ok = assemble(source, object, assembler, false, round > 0);
        if (!ok && take_back(source, round)) {
            continue;
        }
        if (!ok || (stat(object, &st) == 0 && !S_ISREG(st.st_mode))) {
            break; /* with /dev/null the caller wants only the messages */
        }
        ok = scan(object, &findings) &&
             (!findings.count || source->fixed || locate(source, assembler, &findings));
        if (!ok || !findings.count) {
            break;
        }
        if (round >= MAX_ROUNDS || !change(source, &findings, round + 1)) {
            warn(input, source, &findings);
            break;
        }
    }
    free(findings.items);
    return ok;
}

bool plain_object(const char *input, const char *object, const char *assembler)
{
    struct source source;
    char *text = tool_read(input);

    if (!text) {
        return false;
    }
    source_read(&source, text);
    free(text);
    bool ok = assemble_clean(&source, input, object, assembler);

    free(source.statements);
    return ok;
}
