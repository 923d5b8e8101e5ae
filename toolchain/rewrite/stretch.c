/*
 * A bundle's last unit seldom ends where the bundle does, and a call always does. The
 * bytes before it are filled with a nop, which is one more instruction to execute: one
 * in eight, over a program. The same bytes cost nothing inside an instruction: a REX
 * prefix without bits, or a displacement of 32 bits where 8 would do.
 *
 * Only units between the last label and the padding grow, so labels stay in place, and
 * all of them lie in one bundle and still do afterwards. A backward branch among them
 * moves away from its target: one that might then not reach ends the search.
 */
#include "stretch.h"

#include "layout.h"

/* What is between a label, or the start of a bundle, and padding. */
struct run {
    size_t first; /* item that may grow: everything behind it moves */
    size_t end;   /* item behind the padding */
    unsigned room;
};

static bool may_move(const struct program *program, const struct item *item,
                     unsigned room)
{
    if (item->unit != UNIT_BRANCH || item->wide) {
        return true;
    }
    const struct symbol *target = &program->symbols[item->symbol];

    return target->offset > item->offset || item->offset + BRANCH_SHORT_SIZE + room <=
                                                target->offset + BRANCH_SHORT_BACK;
}

/* The run that ends at unit @end of @section and begins at @floor at the earliest; its
 * room is 0 where there is none. */
static struct run find_run(const struct program *program, const struct section *section,
                           size_t floor, size_t end)
{
    const struct item *items = section->items;
    const unsigned from = items[end].offset - items[end].gap - items[end].pad;
    struct run run = {.first = end, .end = end};

    if (!items[end].pad || from % BUNDLE == 0) {
        return run;
    }
    run.room = BUNDLE - from % BUNDLE;
    if (run.room > items[end].pad) {
        run.room = items[end].pad;
    }
    for (size_t i = end; i-- > floor;) {
        if (items[i].kind == ITEM_LABEL && run.first != end) {
            break;
        }
        if (items[i].kind != ITEM_UNIT) {
            continue;
        }
        if (items[i].stop || items[i].offset / BUNDLE != from / BUNDLE ||
            !may_move(program, &items[i], run.room)) {
            break;
        }
        run.first = i;
        if (items[i].pad || items[i].gap) {
            break;
        }
    }
    return run;
}

/* Grows units of the run by @option while there is room. */
static void grow(struct section *section, struct run *run, unsigned option)
{
    for (size_t i = run->first; i < run->end && run->room; i++) {
        struct item *item = &section->items[i];
        const unsigned more = item->kind == ITEM_UNIT ? item->longer[option] : 0;

        if (more && more <= run->room) {
            item->stretch |= 1u << option;
            run->room -= more;
        }
    }
}

static void move_units(struct section *section, const struct run *run)
{
    unsigned shift = 0;

    for (size_t i = run->first; i < run->end; i++) {
        struct item *item = &section->items[i];

        if (item->kind != ITEM_UNIT) {
            continue;
        }
        item->offset += shift;
        for (unsigned option = 0; option < STRETCH_OPTIONS; option++) {
            if (item->stretch & 1u << option) {
                shift += item->longer[option];
            }
        }
    }
    section->items[run->end].pad -= shift;
}

void stretch(struct program *program)
{
    for (size_t s = 0; s < program->nsections; s++) {
        struct section *section = &program->sections[s];

        size_t floor = 0; /* where the last run ended */

        for (size_t i = 0; section->code && i < section->nitems; i++) {
            if (section->items[i].kind != ITEM_UNIT) {
                continue;
            }
            struct run run = find_run(program, section, floor, i);

            for (unsigned option = STRETCH_OPTIONS; option-- > 0;) {
                grow(section, &run, option);
            }
            move_units(section, &run);
            if (run.first != run.end) {
                floor = run.end;
            }
        }
    }
}
