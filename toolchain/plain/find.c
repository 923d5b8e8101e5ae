#include "plain.h"

#include "forbidden.h"

#include <stdlib.h>

void find_in(const uint8_t *code, uint64_t size, unsigned section,
             struct findings *findings)
{
    const char *name = NULL;

    for (size_t at = 0;
         (at += forbidden_find(code + at, size - at, true, &name)) < size; at++) {
        const char *same;
        bool two = forbidden_find(code + at, 2, true, &same) == 0;

        findings->items = array_grow(findings->items, findings->count,
                                     &findings->capacity, sizeof(*findings->items));
        findings->items[findings->count++] = (struct finding){
            .name = name,
            .section = section,
            .offset = at,
            .end = at + (two ? 2 : FORBIDDEN_MAX),
        };
    }
}

/* Where a piece of a statement begins. */
struct mark {
    unsigned section;
    uint64_t offset;
    size_t statement;
    unsigned piece;
};

static int compare_marks(const void *left, const void *right)
{
    const struct mark *a = left;
    const struct mark *b = right;

    if (a->section != b->section) {
        return a->section < b->section ? -1 : 1;
    }
    if (a->offset != b->offset) {
        return a->offset < b->offset ? -1 : 1;
    }
    if (a->statement != b->statement) {
        return a->statement < b->statement ? -1 : 1;
    }
    return a->piece < b->piece ? -1 : a->piece > b->piece;
}

/* The mark of the statement that covers @offset: the last mark that is not behind it.
 * Statements without bytes come before the instruction at the same place. */
static const struct mark *mark_at(const struct mark *marks, size_t count,
                                  unsigned section, uint64_t offset)
{
    const struct mark *found = NULL;

    for (size_t i = 0; i < count; i++) {
        if (marks[i].section == section && marks[i].offset <= offset) {
            found = &marks[i];
        }
    }
    return found;
}

void find_statements(const struct object *labelled, struct findings *findings)
{
    struct mark *marks = NULL;
    size_t count = 0;
    size_t capacity = 0;

    for (size_t i = 1; i < labelled->nsymbols; i++) {
        const Elf64_Sym *symbol = &labelled->symbols[i];
        struct mark mark = {.section = symbol->st_shndx, .offset = symbol->st_value};

        if (source_label(object_symbol_name(labelled, symbol), &mark.statement,
                         &mark.piece)) {
            marks = array_grow(marks, count, &capacity, sizeof(*marks));
            marks[count++] = mark;
        }
    }
    if (count > 0) {
        qsort(marks, count, sizeof(*marks), compare_marks);
    }
    for (size_t i = 0; i < findings->count; i++) {
        struct finding *finding = &findings->items[i];
        const struct mark *first =
            mark_at(marks, count, finding->section, finding->offset);
        const struct mark *last =
            mark_at(marks, count, finding->section, finding->end - 1);

        finding->first = first ? first->statement : SIZE_MAX;
        finding->last = last ? last->statement : SIZE_MAX;
        finding->in_pieces =
            first && last && first != last && first->statement == last->statement;
    }
    free(marks);
}
