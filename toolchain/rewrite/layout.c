/*
 * One pass over a section places its units with branches as short as they may be; the
 * pass is repeated, with the branches widened that turned out not to reach, until none
 * is left. Branches only ever grow, so this ends.
 *
 * Padding goes before the labels of a unit, so that a jump does not run through it.
 * Only where a label itself must start a bundle can there be padding behind the label
 * too. None goes between a comparison and its branch: processors execute the two as
 * one.
 */
#include "layout.h"

#define SHORT_MAX 127

static unsigned round_up(unsigned value, unsigned boundary)
{
    return (value + boundary - 1) & ~(boundary - 1);
}

static unsigned unit_size(const struct item *item)
{
    return item->unit == UNIT_BRANCH && !item->wide ? BRANCH_SHORT_SIZE : item->size;
}

/* First offset at or behind @offset where the unit obeys invariants 2 and 3. @next: the
 * item behind it, or NULL. */
static unsigned place_unit(const struct item *item, const struct item *next,
                           unsigned offset)
{
    unsigned size = unit_size(item);

    if (item->unit == UNIT_CALL) {
        return round_up(offset + size, BUNDLE) - size;
    }
    if (item->fuses && next && next->kind == ITEM_UNIT && next->unit == UNIT_BRANCH &&
        size + unit_size(next) <= BUNDLE) {
        size += unit_size(next);
    }
    if (offset / BUNDLE != (offset + size - 1) / BUNDLE) {
        return round_up(offset, BUNDLE);
    }
    return offset;
}

/* What lies between one unit and the next. */
struct joint {
    unsigned aligned; /* offset that the alignments ask for */
    bool entry;       /* a label here starts a bundle */
};

static void place(struct item *item, const struct item *next, unsigned offset,
                  const struct joint *joint)
{
    unsigned start = joint->entry ? round_up(joint->aligned, BUNDLE) : joint->aligned;

    /* A soft alignment would only move padding from before the label to behind it. */
    if (item->unit == UNIT_CALL && !joint->entry) {
        start = offset;
    }
    item->offset = place_unit(item, next, start);
    item->pad = (joint->entry ? start : item->offset) - offset;
    item->gap = joint->entry ? item->offset - start : 0;
}

static void place_section(struct program *program, struct section *section)
{
    size_t first_label = 0;
    unsigned offset = 0;
    struct joint joint = {0, false};

    for (size_t i = 0; i < section->nitems; i++) {
        struct item *item = &section->items[i];

        switch (item->kind) {
        case ITEM_VERBATIM:
            break;
        case ITEM_LABEL:
            joint.entry |= program->symbols[item->symbol].entry;
            break;
        case ITEM_ALIGN:
            if (round_up(joint.aligned, item->size) - joint.aligned <= item->limit) {
                joint.aligned = round_up(joint.aligned, item->size);
            }
            break;
        case ITEM_UNIT:
            place(item, i + 1 < section->nitems ? item + 1 : NULL, offset, &joint);
            for (; first_label < i; first_label++) {
                if (section->items[first_label].kind == ITEM_LABEL) {
                    program->symbols[section->items[first_label].symbol].offset =
                        item->offset - item->gap;
                }
            }
            offset = item->offset + unit_size(item);
            joint = (struct joint){offset, false};
            break;
        }
    }
    for (; first_label < section->nitems; first_label++) {
        if (section->items[first_label].kind == ITEM_LABEL) {
            program->symbols[section->items[first_label].symbol].offset = offset;
        }
    }
    section->size = offset;
}

/* Can the branch reach its target with an 8-bit displacement? */
static bool short_reaches(const struct program *program, uint32_t section,
                          const struct item *item)
{
    const struct symbol *target = &program->symbols[item->symbol];

    if (target->section != section || target->global) {
        return false;
    }
    int64_t distance = (int64_t)target->offset - (item->offset + BRANCH_SHORT_SIZE);

    return distance >= -BRANCH_SHORT_BACK && distance <= SHORT_MAX;
}

/* Widens the branches that do not reach. Returns whether there were any. */
static bool widen_branches(struct program *program, uint32_t index)
{
    struct section *section = &program->sections[index];
    bool widened = false;

    for (size_t i = 0; i < section->nitems; i++) {
        struct item *item = &section->items[i];

        if (item->kind == ITEM_UNIT && item->unit == UNIT_BRANCH && !item->wide &&
            !short_reaches(program, index, item)) {
            item->wide = true;
            widened = true;
        }
    }
    return widened;
}

void layout(struct program *program)
{
    for (uint32_t i = 0; i < program->nsections; i++) {
        if (program->sections[i].code) {
            do {
                place_section(program, &program->sections[i]);
            } while (widen_branches(program, i));
        }
    }
}
