/* Gives every unit its place: bundles, alignments, and the size of branches. */
#ifndef REWRITE_LAYOUT_H
#define REWRITE_LAYOUT_H

#include "program.h"

/** A direct jump of the short form, and how far behind its end a target may lie. */
#define BRANCH_SHORT_SIZE 2u
#define BRANCH_SHORT_BACK 128

/**
 * Lays out every code section; the size of each unit is known (a branch: its 32-bit
 * form). Sets pad, gap, offset and wide of its units and the size of the section.
 */
void layout(struct program *program);

#endif
